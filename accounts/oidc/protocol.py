"""What allauth does for us: authorization code flow, state, PKCE (RFC 6749, RFC 7636).

Nothing of allauth's own accounts is used: nobody is looked up in its tables, and no token is kept.
"""

import secrets
import time
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from accounts.oidc.claims import Said
from accounts.oidc.config import current
from accounts.oidc.discovery import fetch, read_document, read_keys
from accounts.oidc.errors import NotBelieved
from accounts.oidc.id_token import verified_claims

PROVIDER_ID = "company"  # of the only one; what a state is stored under
# Long enough to ask nobody anew. It is sent because a provider then has to say `auth_time`.
MAX_AGE_SECONDS = 30 * 24 * 60 * 60


class Protocol(OpenIDConnectOAuth2Adapter):
    """The addresses of our provider, and what its token endpoint answers."""

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_openid_config"):
            self._openid_config = read_document(current())
        return self._openid_config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("oidc-callback"))

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        token = data["access_token"]
        # It is going to be a header (RFC 6750, section 2.1).
        if not isinstance(token, str) or not (token.isascii() and token.isprintable()):
            raise NotBelieved("the access token is not what it may be")
        return SocialToken(token=token)

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return what is proved of who has come.

        Raises:
            NotBelieved, ProviderUnavailable: nothing is.
        """
        document = self.openid_config
        id_token = verified_claims(
            kwargs["response"].get("id_token"),
            keys=read_keys(document),
            config=current(),
            access_token=token.token,
        )
        userinfo: dict[str, Any] = {}
        if address := document.get("userinfo_endpoint"):
            userinfo = fetch(address, Authorization=f"Bearer {token.token}")
        return Arrival(Said(id_token=id_token, userinfo=userinfo))


class Company(OAuth2Provider):
    """The one provider: the company's sign-in."""

    id = "openid_connect"
    name = "OpenID Connect"
    oauth2_adapter_class = Protocol
    pkce_enabled_default = True

    def get_oauth2_adapter(self, request: HttpRequest) -> Protocol:
        return Protocol(request, PROVIDER_ID)


class Arrival(SocialLogin):
    """Somebody who comes from the provider. allauth adds `state`, the sign-in they had begun."""

    def __init__(self, said: Said) -> None:
        super().__init__(account=SocialAccount(provider=PROVIDER_ID))
        self.said = said

    def lookup(self) -> None:
        """Look for no account of allauth's: `accounts.entry` knows who people are."""


def begin(request: HttpRequest, *, back: str, is_step_up: bool) -> HttpResponseBase:
    """Send a browser to the provider. What the answer must fit stays in this session.

    Raises:
        ProviderUnavailable: there is nobody to send it to.
    """
    config, nonce = current(), secrets.token_urlsafe(32)
    asked = {"max_age": 0, "prompt": "login"} if is_step_up else {"max_age": MAX_AGE_SECONDS}
    provider = get_adapter(request).get_provider(request, PROVIDER_ID)
    return provider.redirect(
        request,
        process=AuthProcess.LOGIN,
        next_url=back,
        data={"nonce": nonce, "is_step_up": is_step_up, "began_at": time.time()},
        scope=list(config.scopes),
        auth_params={"nonce": nonce, **asked},
    )


def finish(request: HttpRequest) -> HttpResponseBase:
    """Take what a browser brings back from the provider.

    Raises:
        SignInProblem: they do not come in.
        accounts.entry.NoRole: they have no role here.
    """
    protocol = Protocol(request, PROVIDER_ID)
    # Asked before the state is used up: while the provider is down, loading the page again is enough.
    document = protocol.openid_config
    # RFC 9207: the answer is this provider's, and not of another one that was mixed in.
    if request.GET.get("iss", document["issuer"]) != document["issuer"]:
        raise NotBelieved("the answer names another issuer")
    return OAuth2CallbackView.adapter_view(protocol)(request)

"""Where allauth asks us: who the provider is, how it is reached, who has come, and what went wrong."""

import secrets
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from django.http import HttpRequest

from accounts import oidc
from accounts.models import Person
from accounts.oidc.arrival import welcome
from accounts.oidc.config import current
from accounts.oidc.errors import (
    NotBelieved,
    ProviderSaidNo,
    ProviderUnavailable,
    SignInProblem,
    StateLost,
)
from accounts.oidc.http import ProviderSession
from accounts.oidc.protocol import PROVIDER_ID, Arrival, Company

# What a provider may send a browser back with (RFC 6749, section 4.1.2.1, and OpenID Connect Core 1.0,
# section 3.1.2.6); anything else is not repeated in the log.
PASSING_ERRORS = {"server_error", "temporarily_unavailable"}
LASTING_ERRORS = {
    *("access_denied", "invalid_request", "invalid_scope", "unauthorized_client"),
    *("unsupported_response_type", "interaction_required", "login_required"),
    *("account_selection_required", "consent_required"),
}


class CompanyAdapter(DefaultSocialAccountAdapter):
    """allauth's adapter for the one provider that OIDC_… variables name (SOCIALACCOUNT_ADAPTER)."""

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> Company:
        """Return the provider, of which no table knows anything."""
        config = current()
        auth = {} if config.client_auth == "auto" else {"token_auth_method": config.client_auth}
        app = SocialApp(
            provider=Company.id,
            provider_id=PROVIDER_ID,
            name="",
            client_id=config.client_id,
            secret=config.client_secret,
            settings=auth,
        )
        return Company(request, app=app)

    def generate_state_param(self, state: dict[str, Any]) -> str:
        """Nobody guesses it (RFC 6749, section 10.10): 256 random bits."""
        return secrets.token_urlsafe(32)

    def get_requests_session(self) -> ProviderSession:
        return ProviderSession()

    def pre_social_login(self, request: HttpRequest, sociallogin: Arrival) -> NoReturn:
        """Let somebody in, and end what allauth would do with an account of its own."""
        raise ImmediateHttpResponse(welcome(request, sociallogin.said, sociallogin.state))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Company,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> NoReturn:
        """Say in our own errors what went wrong, and where to try again."""
        state = (extra_context or {}).get("state")
        if state is None:
            raise StateLost("no sign-in is waiting for this answer")
        problem = _problem(request, exception)
        is_step_up = state["data"]["is_step_up"] and isinstance(request.user, Person)
        address_of = oidc.step_up_address if is_step_up else oidc.begin_address
        problem.again = address_of(state.get("next", "/"))
        raise problem from None


def _problem(request: HttpRequest, exception: Exception | None) -> SignInProblem:
    if isinstance(exception, SignInProblem):
        return exception
    if exception is not None:
        return NotBelieved("the provider refused the code, or our registration")
    error = request.GET.get("error", "")
    if error in PASSING_ERRORS:
        return ProviderUnavailable("the provider says that it cannot answer now")
    return ProviderSaidNo(f"the provider says {error if error in LASTING_ERRORS else 'no'}")

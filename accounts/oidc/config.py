"""What is known of the provider before it is asked. Made once, at the start, from OIDC_… variables."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, kw_only=True)
class OidcConfig:
    """The provider and our registration there.

    Args:
        issuer: its `iss`, exactly. What it says of itself is found below this address.
        client_id, client_secret: what the dashboard is registered as.
        scopes: what is asked for; `openid` is among them.
        groups_claim: what ROLE_MAP is matched against. name_claim: what to call somebody.
        client_auth: how the secret is sent: `client_secret_post`, `client_secret_basic`, or `auto`:
            by what the provider offers.
        sign_out: whoever signs out here signs out there.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = "groups"
    name_claim: str = "name"
    client_auth: str = "auto"
    sign_out: bool = True

    @property
    def discovery_address(self) -> str:
        """OpenID Connect Discovery 1.0, section 4."""
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"


def current() -> OidcConfig:
    """Return what this dashboard is configured with."""
    if settings.OIDC is None:
        raise ImproperlyConfigured("AUTH_MODE is not oidc.")
    return settings.OIDC


def is_safe(address: object) -> bool:
    """Tell whether this is an https address, or one on this machine."""
    if not isinstance(address, str) or any(character.isspace() for character in address):
        return False
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)

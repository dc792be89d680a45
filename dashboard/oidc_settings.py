"""The provider that people sign in at (AUTH_MODE=oidc); see docs/single-sign-on.md.

Every refusal is one sentence that names the variable and shows no value of it.
"""

from django.core.exceptions import ImproperlyConfigured

from accounts.oidc.config import OidcConfig, is_safe
from dashboard.env import env, read, read_choice, split_address

# As the column for it (accounts.models.Person).
ISSUER_MAX_LENGTH = 255


def read_oidc_settings() -> OidcConfig:
    """Return the provider, and what the dashboard is registered as there.

    Raises ImproperlyConfigured.
    """
    return OidcConfig(
        issuer=_read_issuer(),
        client_id=_read_needed("OIDC_CLIENT_ID", read(env.str, "OIDC_CLIENT_ID", "")),
        client_secret=_read_needed("OIDC_CLIENT_SECRET", read(env.str, "OIDC_CLIENT_SECRET", "")),
        client_auth=read_choice(
            "OIDC_CLIENT_AUTH",
            default="auto",
            choices={
                "auto": "as the provider offers",
                "client_secret_post": "in the body",
                "client_secret_basic": "in a header",
            },
        ),
        scopes=_read_scopes(),
        groups_claim=read(env.str, "OIDC_GROUPS_CLAIM", "groups").strip(),
        name_claim=read(env.str, "OIDC_NAME_CLAIM", "name").strip(),
        sign_out=read(env.bool, "OIDC_SIGN_OUT", True),
    )


def _read_needed(name: str, text: str) -> str:
    if not text.strip():
        raise ImproperlyConfigured(f"{name} is needed with AUTH_MODE=oidc.")
    return text.strip()


def _read_issuer() -> str:
    issuer = _read_needed("OIDC_ISSUER", read(env.str, "OIDC_ISSUER", ""))
    parts = split_address("OIDC_ISSUER", issuer)
    if not is_safe(issuer) or parts.query or len(issuer) > ISSUER_MAX_LENGTH:
        raise ImproperlyConfigured(
            "OIDC_ISSUER must be a plain https:// address, as the provider's `issuer` has it."
        )
    if "/.well-known/" in issuer:
        raise ImproperlyConfigured("OIDC_ISSUER must end before /.well-known/.")
    return issuer


def _read_scopes() -> tuple[str, ...]:
    scopes = tuple(read(env.str, "OIDC_SCOPES", "openid profile email").split())
    if "openid" not in scopes:
        raise ImproperlyConfigured("OIDC_SCOPES must have openid among its words.")
    return scopes

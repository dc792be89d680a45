"""What the provider says of itself and of its keys, checked before any of it is used."""

from typing import Any

from accounts.oidc.config import OidcConfig, is_safe
from accounts.oidc.errors import ProviderUnavailable
from accounts.oidc.http import ProviderSession

NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")


def read_document(config: OidcConfig) -> dict[str, Any]:
    """Return the provider's metadata (OpenID Connect Discovery 1.0, section 3).

    It is read anew each time: that also tells whether the provider is there at all, while a page of
    ours can still say so.

    Raises:
        ProviderUnavailable: it cannot be read, is another issuer's, or names an unsafe address.
    """
    document = fetch(config.discovery_address)
    if document.get("issuer") != config.issuer:
        raise ProviderUnavailable("what is found at OIDC_ISSUER is another issuer's")
    named = [name for name in OPTIONAL if document.get(name) is not None]
    for name in (*NEEDED, *named):
        if not is_safe(document.get(name)):
            raise ProviderUnavailable(f"the provider's {name} is missing or not https")
    if "?" in document["authorization_endpoint"]:
        raise ProviderUnavailable("the provider's authorization_endpoint holds a question mark")
    return document


def read_keys(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the keys that the provider signs with (RFC 7517), as they are today.

    Raises:
        ProviderUnavailable: they cannot be read.
    """
    keys = fetch(document["jwks_uri"]).get("keys")
    if not isinstance(keys, list):
        raise ProviderUnavailable("the provider's keys cannot be read")
    return [key for key in keys if isinstance(key, dict)]


def fetch(address: str, **headers: str) -> dict[str, Any]:
    """Return the JSON object at an address of the provider.

    Raises:
        ProviderUnavailable: there is none.
    """
    with ProviderSession() as session:
        answer = session.request("GET", address, headers=headers)
    if not answer.ok:
        raise ProviderUnavailable(f"the provider answers with status {answer.status_code}")
    return answer.json()

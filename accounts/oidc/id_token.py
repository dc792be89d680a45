"""Whether an ID token proves anything (OpenID Connect Core 1.0, section 3.1.3.7)."""

import base64
import hashlib
import re
from typing import Any

import jwt

from accounts.oidc.config import OidcConfig
from accounts.oidc.errors import NotBelieved

# Asymmetric ones only: with a shared secret, whoever can check a token can also make one.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
LEEWAY_SECONDS = 30


def verified_claims(
    id_token: object, *, keys: list[dict[str, Any]], config: OidcConfig, access_token: str
) -> dict[str, Any]:
    """Return what a token says, once signature, issuer, audience and times are right.

    Its nonce is not looked at: that is for who knows the sign-in it belongs to (arrival.py).
    allauth leaves the signature out because the token came over TLS, which the specification allows;
    here a mix-up inside the provider's own network shows, too.

    Raises:
        NotBelieved: something is not right.
    """
    if not isinstance(id_token, str):
        raise NotBelieved("there is no ID token")
    try:
        header = jwt.get_unverified_header(id_token)
        claims = jwt.decode(
            id_token,
            _key_for(header, keys),
            algorithms=ALGORITHMS,
            audience=config.client_id,
            issuer=config.issuer,
            leeway=LEEWAY_SECONDS,
            options={
                "require": ["iss", "sub", "aud", "exp", "iat"],
                "enforce_minimum_key_length": True,
            },
        )
    except (jwt.PyJWTError, TypeError) as error:  # TypeError: a key whose `alg` is no text
        raise NotBelieved(f"the ID token is not valid: {_kind(error)}") from None
    _check_authorized_party(claims, config.client_id)
    _check_access_token(claims, access_token, header["alg"])
    return claims


def _key_for(header: dict[str, Any], keys: list[dict[str, Any]]) -> jwt.PyJWK:
    """Return the one key of the provider that a token names. What the token brings along is no key."""
    wanted = header.get("kid")
    fitting = [
        key
        for key in keys
        if key.get("use") in {None, "sig"} and (wanted is None or key.get("kid") == wanted)
    ]
    if len(fitting) != 1:
        raise NotBelieved("the provider has no key of this name, or several")
    return jwt.PyJWK(fitting[0], algorithm=fitting[0].get("alg") or header.get("alg"))


def _check_authorized_party(claims: dict[str, Any], client_id: str) -> None:
    audience = claims["aud"]
    is_shared = isinstance(audience, list) and len(audience) > 1
    if (is_shared or "azp" in claims) and claims.get("azp") != client_id:
        raise NotBelieved("the ID token is for another client as well")


def _check_access_token(claims: dict[str, Any], access_token: str, algorithm: str) -> None:
    """Check `at_hash` where there is one (section 3.1.3.6)."""
    if "at_hash" not in claims:
        return
    hash_name = f"sha{algorithm[2:]}" if algorithm[2:].isdigit() else "sha512"
    digest = hashlib.new(hash_name, access_token.encode()).digest()
    if claims["at_hash"] != base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip(
        "="
    ):
        raise NotBelieved("the access token is not the ID token's")


def _kind(error: Exception) -> str:
    """Return the name of an error in words: PyJWT's own message may quote the token."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()

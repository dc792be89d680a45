"""A signed token that a proxy adds to each request (JSON Web Token, RFC 7519, used as RFC 8725 says)."""

import base64
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
from jwt import exceptions

from accounts.identity import Identity
from accounts.proxy import texts
from accounts.proxy.config import TokenConfig, meta_name
from accounts.proxy.errors import NotProven
from accounts.proxy.keys import source_of

LEEWAY = 30  # seconds by which clocks may differ
MAX_CHARACTERS = 16 * 1024

_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_PADDED_TOKEN = re.compile(r"[\w-]+={0,2}\.[\w-]+={0,2}\.[\w-]+={0,2}", re.ASCII)
_BEARER = re.compile(r"bearer ", re.IGNORECASE)
# Header fields that would make it something else than a plain signed token.
_NOT_PLAIN = ("crit", "b64", "cty", "enc", "zip")

_REASONS: dict[type[exceptions.PyJWTError], str] = {
    exceptions.ExpiredSignatureError: "the token has expired",
    exceptions.ImmatureSignatureError: "the token is from the future",
    exceptions.InvalidAudienceError: "the token is meant for another application",
    exceptions.InvalidIssuerError: "the token is from another issuer",
    exceptions.InvalidSignatureError: "the token's signature is wrong",
    exceptions.MissingRequiredClaimError: "the token lacks a claim that it must have",
}


def identity_of(meta: Mapping[str, Any], config: TokenConfig) -> Identity:
    """Return whom the token in the configured header names. No other header is looked at."""
    claims = _proved_claims(_token(meta, config), config)
    subject = texts.identifier(_claim(claims, config.subject_claim), "the token's subject")
    email = _verified_email(claims, config)
    name = texts.display_name(_claim(claims, config.name_claim))
    return Identity(
        issuer=config.issuer,
        subject=subject,
        name=name or email or subject,
        email=email,
        groups=_groups(claims, config),
        signed_in_at=_signed_in_at(claims),
    )


def _token(meta: Mapping[str, Any], config: TokenConfig) -> str:
    value = str(meta.get(meta_name(config.header), ""))
    if config.header.lower() == "authorization":
        scheme = _BEARER.match(value)
        value = value[scheme.end() :] if scheme else ""
    if not value:
        raise NotProven(f"{config.header} holds no token")
    shape = _PADDED_TOKEN if config.signers else _TOKEN
    if len(value) > MAX_CHARACTERS or not shape.fullmatch(value):
        raise NotProven(f"{config.header} holds something else than one token")
    return value


def _proved_claims(token: str, config: TokenConfig) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        _insist_on_utf_8(token)
        _check_header(header, config)
        # Before the keys: nobody makes us ask for keys with a token that would be no good anyhow.
        _claims(token, config, key=None)
        key = source_of(config.keys_url).find(header.get("kid"), header["alg"])
        return _claims(token, config, key=key)
    except exceptions.PyJWTError as error:
        raise NotProven(_REASONS.get(type(error), "the token is malformed")) from None


def _insist_on_utf_8(token: str) -> None:
    """JSON in UTF-8 has no zero byte; in UTF-16 and UTF-32 it has, and Python reads those too."""
    if any(b"\0" in base64.urlsafe_b64decode(part + "==") for part in token.split(".")[:2]):
        raise NotProven("the token is not UTF-8")


def _check_header(header: dict[str, Any], config: TokenConfig) -> None:
    """Check what stands before the claims. Keys that a token brings along (jku, jwk, x5u, x5c) are
    never looked at."""
    if header.get("alg") not in config.algorithms:
        raise NotProven("the token is signed in a way that is not configured")
    # An access token or a sign-out token names the same issuer, audience and subject.
    if str(header.get("typ", "JWT")).upper() != "JWT" or any(each in header for each in _NOT_PLAIN):
        raise NotProven("it is another kind of token")
    if config.signers:
        if header.get("signer") not in config.signers:
            raise NotProven("the token is from another load balancer")
        if config.audiences and header.get("client") not in config.audiences:
            raise NotProven("the token is meant for another application")


def _claims(token: str, config: TokenConfig, *, key: Any) -> dict[str, Any]:
    """Return the claims once they are as they must be; None for a key leaves the signature open."""
    names_audience = not config.signers
    required = ["exp", "iss", *(["aud", "iat"] if names_audience else [])]
    claims = jwt.decode(
        token,
        key=key or "",
        algorithms=list(config.algorithms),
        issuer=config.issuer,
        audience=config.audiences if names_audience else None,
        leeway=LEEWAY,
        options={
            "verify_signature": key is not None,
            "require": required,
            "verify_exp": True,
            "verify_nbf": True,
            "verify_iat": True,
            "verify_iss": True,
            "verify_aud": names_audience,
            "verify_sub": False,
            "verify_jti": False,
        },
    )
    for name in ("exp", "iat", "nbf"):
        if name in claims and not _is_time(claims[name]):
            raise NotProven("a time in the token is no number")
    if names_audience and not _listed(claims["aud"]) <= set(config.audiences):
        raise NotProven("the token is meant for other applications too")
    return claims


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(value: str | list[str]) -> set[str]:
    return {value} if isinstance(value, str) else set(value)


def _claim(claims: dict[str, Any], name: str) -> Any:
    """Return a claim; where none has the whole name, a dot leads into an object (`custom.groups`)."""
    if not name or name in claims:
        return claims.get(name)
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _verified_email(claims: dict[str, Any], config: TokenConfig) -> str:
    """Return the address where its issuer has verified it. Amazon Cognito writes that as a text."""
    email = _claim(claims, config.email_claim)
    is_verified = claims.get("email_verified", config.email_is_verified)
    if not email or not (is_verified is True or is_verified == "true"):
        return ""
    return texts.email_address(email, "the token's email address")


def _groups(claims: dict[str, Any], config: TokenConfig) -> tuple[str, ...]:
    groups = _claim(claims, config.groups_claim)
    if not groups:
        return ()
    if isinstance(groups, str):
        groups = [groups]
    if not isinstance(groups, list):
        raise NotProven("the token's groups are no list")
    return tuple(texts.group(each, "the token") for each in groups)


def _signed_in_at(claims: dict[str, Any]) -> datetime | None:
    """Return when they last proved who they are, where the token says so (`auth_time`)."""
    moment = claims.get("auth_time")
    if moment is None:
        return None
    if not _is_time(moment) or not 0 <= moment <= time.time() + LEEWAY:
        raise NotProven("the token's auth_time cannot be")
    return datetime.fromtimestamp(moment, tz=UTC)

"""Who is calling: the platform's three kinds of credential, each in the Authorization header.

A token is 256 random bits. Only its SHA-256 is stored: nothing that long can be guessed, so a slow
hash would add nothing. It is found by a part that is no secret, then compared in constant time.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from django.utils import timezone

from emulator.errors import Unauthorized
from emulator.models import Organization, Token

PRINCIPAL = re.compile(r"(user|datasource)-[A-Za-z0-9_-]{1,64}")
PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
KIND_OF_PRINCIPAL = {"user": Token.Kind.PERSONAL, "datasource": Token.Kind.DATASOURCE}


@dataclass(frozen=True)
class Caller:
    organization_id: str
    user_id: str


@dataclass(frozen=True, repr=False)
class Credential:
    """What an Authorization header claims."""

    kind: str
    public_id: str
    token: str


def authenticate(header: str) -> Caller:
    """Return who sent this Authorization header.

    Raises:
        Unauthorized: missing, unreadable, unknown, wrong or revoked, all alike.
    """
    credential = _read(header)
    if credential is None:
        raise Unauthorized
    given = hash_token(credential.token)
    candidates = Token.objects.filter(
        kind=credential.kind, public_id=credential.public_id, revoked_at=None
    )
    # An unknown id costs one comparison too, so the time taken does not tell it from a wrong token.
    matches = [token for token in candidates if hmac.compare_digest(token.token_hash, given)]
    if not matches:
        hmac.compare_digest(hash_token(""), given)
        raise Unauthorized
    return Caller(matches[0].organization_id, matches[0].principal.partition("-")[2])


def issue_token(
    *,
    organization: Organization,
    kind: str,
    principal: str,
    label: str = "",
    token: str | None = None,
) -> tuple[Token, str]:
    """Store a new token and return it with its text, which is known only now.

    Args:
        kind: one of Token.Kind.
        principal: `user-…`, or `datasource-…` for the kind `datasource`.
        token: the text to use instead of a random one; a bearer token must read `public.secret`.

    Raises:
        ValueError: a principal or a token that does not fit its kind, in a sentence for people.
    """
    expected = "datasource" if kind == Token.Kind.DATASOURCE else "user"
    if not PRINCIPAL.fullmatch(principal) or not principal.startswith(f"{expected}-"):
        raise ValueError(
            f"The principal of a {kind} token must look like {expected}-1410000000001."
        )
    text = token or f"{secrets.token_hex(8)}.{secrets.token_urlsafe(32)}"
    public_id = _public_part(kind, principal, text)
    if public_id is None:
        raise ValueError("A bearer token must have the form public.secret, in letters and digits.")
    row = Token.objects.create(
        organization=organization,
        kind=kind,
        principal=principal,
        public_id=public_id,
        token_hash=hash_token(text),
        label=label,
    )
    return row, text


def revoke(token: Token) -> None:
    """Refuse this token from now on."""
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])


def hash_token(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _read(header: str) -> Credential | None:
    scheme, _, text = header.partition(" ")
    if scheme.lower() == "bearer":
        return _read_bearer(text.strip())
    if scheme.lower() == "basic":
        return _read_basic(text.strip())
    return None


def _read_bearer(token: str) -> Credential | None:
    public_id = _public_part(Token.Kind.BEARER, "", token)
    return Credential(Token.Kind.BEARER, public_id, token) if public_id else None


def _read_basic(text: str) -> Credential | None:
    try:
        principal, _, token = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    if not PRINCIPAL.fullmatch(principal):
        return None
    return Credential(KIND_OF_PRINCIPAL[principal.partition("-")[0]], principal, token)


def _public_part(kind: str, principal: str, token: str) -> str | None:
    """Return what a token is found by: its owner, or what precedes a bearer token's first dot."""
    if kind != Token.Kind.BEARER:
        return principal
    public_id, dot, secret = token.partition(".")
    return public_id if dot and secret and PUBLIC_ID.fullmatch(public_id) else None

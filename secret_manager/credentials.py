"""Who is calling: one of the platform's three kinds of credential."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .rules import is_id

Kind = Literal["bearer", "personal", "datasource"]

_PREFIXES: dict[Kind, str] = {"personal": "user-", "datasource": "datasource-"}
_KEYS: dict[Kind, tuple[str, str]] = {
    "personal": ("user_id", "personal_access_token"),
    "datasource": ("datasource_id", "datasource_secret"),
}
_MAX_LENGTH = 4096  # fits the 8 KB that common servers allow for all headers together


class InvalidCredential(ValueError):
    """Nothing here can be sent as a credential. The text never repeats it."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Build one with `bearer`, `personal`, `datasource` or `from_dict`.

    identifier: the id with its prefix (`user-…`, `datasource-…`), or "" for a bearer token.
    Every way to build one raises InvalidCredential for what no header can carry.
    """

    kind: Kind
    identifier: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_secret(self.secret, spaces=self.kind != "bearer")
        if self.kind != "bearer" and not is_id(self.identifier):
            raise InvalidCredential("The id of this credential is not valid.")

    @classmethod
    def bearer(cls, auth_token: str) -> Credential:
        return cls("bearer", "", auth_token)

    @classmethod
    def personal(cls, user_id: str, personal_access_token: str) -> Credential:
        return cls("personal", _prefixed("personal", user_id), personal_access_token)

    @classmethod
    def datasource(cls, datasource_id: str, datasource_secret: str) -> Credential:
        return cls("datasource", _prefixed("datasource", datasource_id), datasource_secret)

    @classmethod
    def from_dict(cls, mapping: Mapping[str, str]) -> Credential:
        """Read the official SDK's credential dictionary, in its order of preference."""
        if token := mapping.get("auth_token"):
            return cls.bearer(token)
        for kind, (id_key, secret_key) in _KEYS.items():
            identifier, secret = mapping.get(id_key), mapping.get(secret_key)
            if identifier and secret:
                return cls(kind, _prefixed(kind, identifier), secret)
        raise InvalidCredential("No complete credential was given.")

    def as_dict(self) -> dict[str, str]:
        """The official SDK's dictionary. It holds the secret in clear: encrypt it to keep it."""
        if self.kind == "bearer":
            return {"auth_token": self.secret}
        id_key, secret_key = _KEYS[self.kind]
        return {id_key: self.identifier, secret_key: self.secret}

    @property
    def authorization(self) -> str:
        """The value of the Authorization header (RFC 6750, RFC 7617)."""
        if self.kind == "bearer":
            return f"Bearer {self.secret}"
        pair = f"{self.identifier}:{self.secret}".encode("latin-1")
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


def _prefixed(kind: Kind, identifier: str) -> str:
    prefix = _PREFIXES[kind]
    # The bare prefix is refused here: after it is put in front, an empty id would look whole.
    if not is_id(identifier) or identifier == prefix:
        raise InvalidCredential("The id of this credential is not valid.")
    return identifier if identifier.startswith(prefix) else prefix + identifier


def _check_secret(secret: str, *, spaces: bool) -> None:
    if not isinstance(secret, str) or not secret.strip():
        raise InvalidCredential("The token is empty.")
    if len(secret) > _MAX_LENGTH:
        raise InvalidCredential("The token is too long.")
    if not secret.isprintable() or max(secret) > "\xff" or (not spaces and " " in secret):
        raise InvalidCredential("The token holds characters that a token cannot have.")

"""From what the provider says of somebody to an `Identity`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accounts.identity import Identity
from accounts.oidc.config import OidcConfig
from accounts.oidc.errors import NotBelieved
from accounts.proxy import texts
from accounts.proxy.errors import NotProven

Claims = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the provider said of one person: in the signed token, and when asked with its access token."""

    id_token: Claims
    userinfo: Claims

    def __post_init__(self) -> None:
        # Core 1.0, section 5.3.2: otherwise somebody else's groups could be put beside this token.
        if self.userinfo and self.userinfo.get("sub") != self.id_token["sub"]:
            raise NotBelieved("token and userinfo speak of different people")

    def get(self, claim: str) -> Any:
        """Return a claim: from the token where it is there, which is signed."""
        return self.id_token.get(claim, self.userinfo.get(claim))

    @property
    def nonce(self) -> object:
        return self.id_token.get("nonce")

    @property
    def signed_in_at(self) -> datetime | None:
        """When the person last proved who they are; None where the token does not say."""
        seconds = self.id_token.get("auth_time")
        if seconds is None:
            return None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise NotBelieved("auth_time is no number")
        try:
            return datetime.fromtimestamp(seconds, tz=UTC)
        except (ValueError, OverflowError, OSError):
            raise NotBelieved("auth_time is no time") from None


def identity_of(said: Said, config: OidcConfig) -> Identity:
    """Return who somebody is.

    Raises:
        NotBelieved: the subject or the groups are not what they may be.
    """
    now = datetime.now(UTC)
    try:
        return Identity(
            issuer=config.issuer,
            subject=texts.identifier(said.get("sub"), "the subject"),
            name=_name(said, config.name_claim),
            email=_verified_email(said),
            groups=_groups(said.get(config.groups_claim)),
            # A clock that is ahead makes nobody's proof last longer.
            signed_in_at=min(said.signed_in_at or now, now),
        )
    except NotProven as refusal:
        raise NotBelieved(refusal.reason) from None


def _name(said: Said, name_claim: str) -> str:
    """Return the first claim that can be shown. A name proves nothing, so a bad one is left out."""
    claims = (name_claim, "name", "preferred_username", "email", "sub")
    names = (texts.display_name(said.get(claim)) for claim in claims)
    return next(filter(None, names), "")


def _verified_email(said: Said) -> str:
    """Return the address that one and the same document calls verified (Core 1.0, section 5.1)."""
    for document in (said.id_token, said.userinfo):
        if document.get("email_verified") is True:
            try:
                return texts.email_address(document.get("email"), "the email address")
            except NotProven:
                return ""
    return ""


def _groups(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list):
        raise NotBelieved("the groups are neither a list nor a text")
    return tuple(texts.group(each, "the groups") for each in listed)

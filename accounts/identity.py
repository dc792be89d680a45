"""What a single sign-on says about somebody, once it is proved."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Somebody as their company knows them. `issuer` and `subject` together never change hands.

    Args:
        name: what the pages and the audit trail call them.
        email: only where the issuer says that it is verified; empty otherwise.
        groups: what ROLE_MAP is matched against.
        signed_in_at: when they last proved who they are; None where nobody says so.
    """

    issuer: str
    subject: str
    name: str
    email: str = ""
    groups: tuple[str, ...] = ()
    signed_in_at: datetime | None = None

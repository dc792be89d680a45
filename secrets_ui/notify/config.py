"""What `notify_expiring` is told by the environment. Made once, at the start, from NOTIFY_… variables."""

from dataclasses import dataclass, field
from typing import Literal

from secret_manager import Credential

DAYS = (30, 7, 1, 0)
Tls = Literal["", "starttls", "ssl"]


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail is handed in. tls: from the first byte ("ssl"), after STARTTLS, or none."""

    host: str
    port: int
    tls: Tls = ""
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class NotifyConfig:
    """Who reads what, when it is due, and where it is sent.

    Args:
        missing: the variable that has to be set before anything can be sent; empty where none.
        organization_id, credential: what is read, and as whom: a credential for this alone.
        days: how many days before its expiry a secret is due, 0 for "has expired"; largest first.
        mail_server, sender: how mail is sent. fallback: who is told of secrets without an owner.
        webhook_url: where the whole digest is posted. It lets anybody post there: a credential.
        dashboard_url: what links begin with; without it there are none.
    """

    missing: str = ""
    organization_id: str = ""
    credential: Credential | None = None
    days: tuple[int, ...] = DAYS
    mail_server: MailServer | None = None
    sender: str = ""
    fallback: str = ""
    webhook_url: str = field(default="", repr=False)
    dashboard_url: str = ""

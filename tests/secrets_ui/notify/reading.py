"""Reading what arrived."""

import re
from email.message import EmailMessage

NAME_IN_MAIL = re.compile(r"^- (.+)$", re.MULTILINE)
NAME_IN_WEBHOOK = re.compile(r"^• `([^`]+)`", re.MULTILINE)


def text_of(mail: EmailMessage) -> str:
    return _part(mail, "plain")


def html_of(mail: EmailMessage) -> str:
    return _part(mail, "html")


def names_in(message: EmailMessage | str) -> list[str]:
    """Return the secrets that a mail, or a webhook's text, tells of."""
    if isinstance(message, str):
        return NAME_IN_WEBHOOK.findall(message)
    return NAME_IN_MAIL.findall(text_of(message))


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")

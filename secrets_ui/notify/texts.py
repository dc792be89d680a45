"""What a digest says. Names come from others: nothing they hold can become a link or address anybody."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from secrets_ui.dates import exactly, in_words
from secrets_ui.notify.config import NotifyConfig
from secrets_ui.notify.ledger import Digest
from secrets_ui.notify.recipients import Item

# A longer name is cut, and a webhook is shown no more lines: Slack cuts off at 40,000 characters.
NAME_LENGTH = 100
MOST_IN_WEBHOOK = 50
# Letters, marks, numbers, spaces, hyphens and low lines: all that a name at the platform can have. No
# address and no mark-up can be made of them.
PLAIN = ("L", "M", "N", "Zs", "Pd", "Pc")
IN_PLACE = "·"


class Line(NamedTuple):
    """One secret, in words. address: empty where links are not configured."""

    name: str
    when: str
    owner: str
    has_owner: bool
    address: str


@dataclass(frozen=True)
class Message:
    """A digest in its reader's language. text and html say the same."""

    subject: str
    text: str
    html: str


def mail_of(digest: Digest, config: NotifyConfig, *, now: datetime) -> Message:
    """Return the e-mail. Its subject holds counts only."""
    with translation.override(digest.recipient.language):
        context = {
            "subject": _subject(digest),
            "language": digest.recipient.language,
            "organization_id": config.organization_id,
            "lines": [_line(item, config, now) for item in digest.items],
            "all_address": _all_address(config),
        }
        return Message(
            subject=_subject(digest),
            text=render_to_string("notify/digest.txt", context),
            html=render_to_string("notify/digest.html", context),
        )


def webhook_text_of(digest: Digest, config: NotifyConfig, *, now: datetime) -> str:
    """Return the digest in Slack's mark-up (mrkdwn)."""
    with translation.override(digest.recipient.language):
        organization = _("Organization %s") % config.organization_id
        lines = [f"*{_escaped(_subject(digest))}* ({_escaped(organization)})"]
        for item in digest.items[:MOST_IN_WEBHOOK]:
            lines.append(_webhook_line(_line(item, config, now)))
        more = len(digest.items) - MOST_IN_WEBHOOK
        if more > 0:
            lines.append(_escaped(ngettext("and %d more", "and %d more", more) % more))
        if address := _all_address(config):
            lines.append(f"<{address}|{_escaped(_('All secrets by expiry'))}>")
        return "\n".join(lines)


def plain(text: str) -> str:
    """Return a name in which every character that is not part of words is replaced."""
    composed = unicodedata.normalize("NFC", text)
    cut = composed if len(composed) <= NAME_LENGTH else f"{composed[:NAME_LENGTH]}…"
    return "".join(
        character
        if character == "…" or unicodedata.category(character).startswith(PLAIN)
        else IN_PLACE
        for character in cut
    )


def _subject(digest: Digest) -> str:
    count = len(digest.items)
    return (
        ngettext(
            "%d secret has expired or expires soon",
            "%d secrets have expired or expire soon",
            count,
        )
        % count
    )


def _line(item: Item, config: NotifyConfig, now: datetime) -> Line:
    due = item.due
    parts = {"when": in_words(due.expired_at, now=now), "exactly": exactly(due.expired_at)}
    when = (
        _("expired %(when)s, %(exactly)s") if due.expired_at <= now
        else _("expires %(when)s, %(exactly)s")
    )  # fmt: skip
    owner = _("owner: %s") % plain(item.owner) if item.owner else _("no owner who can be told")
    return Line(
        name=plain(due.name) or due.secret_id,
        when=when % parts,
        owner=owner,
        has_owner=bool(item.owner),
        address=_address(config, "secret-detail", config.organization_id, due.secret_id),
    )


def _webhook_line(line: Line) -> str:
    link = f" <{line.address}|{_escaped(_('Open'))}>" if line.address else ""
    return f"• `{_escaped(line.name)}` {_escaped(line.when)} ({_escaped(line.owner)}){link}"


def _escaped(text: str) -> str:
    """Slack's three: https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _all_address(config: NotifyConfig) -> str:
    address = _address(config, "secret-list", config.organization_id)
    return f"{address}?sort=expiry" if address else ""


def _address(config: NotifyConfig, name: str, *ids: str) -> str:
    return f"{config.dashboard_url}{reverse(name, args=ids)}" if config.dashboard_url else ""

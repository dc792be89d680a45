"""The trail as rows of a page: every word and address is made here, once a row.

Names, reasons and details are what others typed or an API said; they stay texts, without characters
that nobody sees.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from audit import words
from audit.models import Event, Outcome
from secrets_ui import dates
from secrets_ui.shown import shown
from secrets_ui.status import Badge, Tone

TONES: dict[str, Tone] = {
    Outcome.OK: "good",
    Outcome.DENIED: "bad",
    Outcome.FAILED: "muted",
    Outcome.UNKNOWN: "warning",
    Outcome.ATTEMPTED: "warning",
}
# A long name is cut in its middle: its last characters tell it from its neighbours.
NAME_END = 8


@dataclass(frozen=True, kw_only=True)
class SecretCell:
    """Which secret a row is about. `url` is empty where there is no page to open."""

    name: str
    name_start: str
    name_end: str
    organization: str
    url: str


@dataclass(frozen=True, kw_only=True)
class ActRow:
    """One act of the trail. `seen_url` is empty where the actor has no account here."""

    when: str
    when_exact: str
    who: str
    seen_url: str
    address: str
    what: str
    about: str
    secret: SecretCell
    badge: Badge
    reason: str


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One act on a secret, for the secret's own page. An act that was done has no badge."""

    what: str
    who: str
    initials: str
    when: str
    when_exact: str
    badge: Badge | None
    reason: str


def act_rows(events: Iterable[Event], *, now: datetime) -> list[ActRow]:
    """Return the rows of the trail."""
    trail_url = reverse("trail")
    return [
        ActRow(
            when=dates.in_words(event.at, now=now),
            when_exact=dates.exactly(event.at),
            who=shown(event.actor),
            seen_url=f"{trail_url}people/{event.person_id}/seen/" if event.person_id else "",
            address=event.actor_address or "",
            what=shown(words.phrase(event.action, event.outcome)),
            about=_about(event),
            secret=secret_cell(event),
            badge=outcome_badge(event.outcome),
            reason=shown(event.reason),
        )
        for event in events
    ]


def history_rows(
    events: Iterable[Event], *, version_labels: Mapping[str, str], now: datetime
) -> list[HistoryRow]:
    """Return the rows of one secret's history."""
    return [
        HistoryRow(
            what=_what_with_version(event, version_labels),
            who=shown(event.actor),
            initials=shown(event.actor)[:2].upper(),
            when=dates.in_words(event.at, now=now),
            when_exact=dates.exactly(event.at),
            badge=None if event.outcome == Outcome.OK else outcome_badge(event.outcome),
            reason=shown(event.reason),
        )
        for event in events
    ]


def outcome_badge(outcome: str) -> Badge:
    """Return how an act ended; an outcome without words is shown as it is."""
    return Badge(str(words.OUTCOMES.get(outcome, outcome)), TONES.get(outcome, "muted"))


def secret_cell(event: Event) -> SecretCell:
    """Return which secret an event is about, as far as it says."""
    name = shown(event.secret_name) or shown(event.secret_id)
    is_gone = event.action == "secret.deleted" and event.outcome == Outcome.OK
    return SecretCell(
        name=name,
        name_start=name[:-NAME_END],
        name_end=name[-NAME_END:],
        organization=shown(event.organization_id),
        url="" if is_gone else _secret_url(event),
    )


def version_of(event: Event) -> str:
    """Return which version an event is about; empty where it is about none."""
    return _("version %s") % shown(event.version_id) if event.version_id else ""


def _secret_url(event: Event) -> str:
    if not event.secret_id:
        return ""
    list_url = _list_url(event.organization_id)
    return list_url and f"{list_url}{quote(event.secret_id, safe='')}/"


@lru_cache(maxsize=128)
def _list_url(organization_id: str) -> str:
    try:
        return reverse("secret-list", args=[organization_id])
    except NoReverseMatch:
        return ""


def _about(event: Event) -> str:
    detail = words.about(event.action, shown(event.detail))
    return " · ".join(part for part in (version_of(event), detail) if part)


def _what_with_version(event: Event, labels: Mapping[str, str]) -> str:
    what = words.phrase(event.action, event.outcome)
    version = labels.get(event.version_id, event.version_id)
    return shown(f"{what} · {version}" if version else what)

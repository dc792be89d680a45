"""What one person has seen, as rows of a page."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.models import Event
from audit.rows import SecretCell, secret_cell, version_of
from audit.seen import SeenValue
from secrets_ui import dates
from secrets_ui.shown import shown


@dataclass(frozen=True, kw_only=True)
class SeenRow:
    """One version that somebody has seen. What follows `is_replaced` is empty where it is not."""

    secret: SecretCell
    version: str
    times: str
    is_certain: bool
    when: str
    when_exact: str
    is_replaced: bool
    since: str
    since_exact: str


def seen_rows(values: Iterable[SeenValue], *, now: datetime) -> list[SeenRow]:
    """Return the rows of one page, with what the trail says at their places."""
    values = list(values)
    places = {place for each in values for place in (each.last, each.replaced) if place}
    events = Event.objects.in_bulk(places)
    return [
        _row(each, events[each.last], events[each.replaced] if each.replaced else None, now=now)
        for each in values
    ]


def _row(value: SeenValue, last: Event, replaced: Event | None, *, now: datetime) -> SeenRow:
    secret = secret_cell(last)
    if replaced and replaced.action == "secret.deleted":
        secret = replace(secret, url="")
    return SeenRow(
        secret=secret,
        version=version_of(last),
        times=_times(value),
        is_certain=value.is_certain,
        when=dates.in_words(last.at, now=now),
        when_exact=dates.exactly(last.at),
        is_replaced=replaced is not None,
        since=_since(replaced) if replaced else "",
        since_exact=dates.exactly(replaced.at) if replaced else "",
    )


def _times(value: SeenValue) -> str:
    parts = [
        ngettext("shown once", "shown %(count)d times", value.revealed) % {"count": value.revealed},
        ngettext("copied once", "copied %(count)d times", value.copied) % {"count": value.copied},
        ngettext("downloaded once", "downloaded %(count)d times", value.downloaded)
        % {"count": value.downloaded},
        _("put in by this person"),
    ]
    counts = (value.revealed, value.copied, value.downloaded, value.put_in)
    return capfirst(", ".join(part for part, count in zip(parts, counts, strict=True) if count))


def _since(replaced: Event) -> str:
    who = {"who": shown(replaced.actor)}
    match replaced.action:
        case "secret.deleted":
            return _("%(who)s deleted the secret") % who
        case "version.deleted":
            return _("%(who)s deleted this version") % who
        case "version.turned_off":
            return _("%(who)s turned this version off") % who
        case _:
            return _("%(who)s put in a new value; this version may still be on") % who

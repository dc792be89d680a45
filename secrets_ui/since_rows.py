"""What is different since somebody's last visit in words, and who did it, as far as the trail knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.models import Event
from secrets_ui import dates
from secrets_ui.catalog.snapshot import moment
from secrets_ui.overview_words import secret_url
from secrets_ui.shown import shown
from secrets_ui.since import GROUPS, Difference, Differences

_VERSIONS = ("version.added", "version.turned_on", "version.turned_off", "version.deleted")
# The acts that make each kind of difference.
ACTS = {
    "new": ("secret.created",),
    "gone": ("secret.deleted",),
    "expiry": ("secret.changed",),
    "details": ("secret.changed",),
    "value": _VERSIONS,
    "none-on": _VERSIONS,
    "turned": _VERSIONS,
    "versions": _VERSIONS,
}
EVERY_ACT = frozenset({*(action for acts in ACTS.values() for action in acts), "write.looked_up"})


@dataclass(frozen=True, kw_only=True)
class SinceRow:
    """One secret that is not as it was. `url` is empty where it is gone."""

    name: str
    url: str
    what: str
    where: str
    is_here: bool


@dataclass(frozen=True, kw_only=True)
class SinceGroup:
    """One kind of difference: how many there are, the first of them, and how many more."""

    label: str
    count: int
    rows: list[SinceRow]
    more: int


def since_groups(
    found: Differences,
    events: Sequence[Event] | None,
    *,
    list_url: str,
    since: datetime,
    now: datetime,
) -> list[SinceGroup]:
    """Return what is different, group by group; groups of nothing are left out.

    events: the acts since then on the secrets that are shown, newest first; None where the trail cannot
    be read. since: when what is compared with was read.
    """
    labels = {
        "new": _("New"),
        "changed": _("Changed"),
        "gone": _("No longer listed"),
        "expiry": _("Expiry moved"),
    }
    groups = []
    for group in GROUPS:
        rows = [_row(each, events, list_url, since, now) for each in found.first[group]]
        count = found.counts[group]
        groups.append(
            SinceGroup(label=labels[group], count=count, rows=rows, more=count - len(rows))
        )
    return [group for group in groups if group.count]


def author_of(difference: Difference, events: Sequence[Event]) -> Event | None:
    """Return the newest act of the trail that explains a difference."""
    return next((event for event in events if _explains(event, difference)), None)


def _explains(event: Event, difference: Difference) -> bool:
    if event.secret_id != difference.secret.id:
        return False
    action, _colon, finding = event.detail.partition(": ")
    if event.action != "write.looked_up":
        action, finding = event.action, "saved"
    if action not in ACTS[difference.kind] or finding != "saved":
        return False
    match difference.kind:
        case "expiry":
            return _edited(event, {"expired_at"})
        case "details":
            return _edited(event, {"description", "app_ids"})
        case "value" | "none-on":
            ids = {difference.before and difference.before.current_id}
            ids.add(difference.now and difference.now.current_id)
            return not event.version_id or event.version_id in ids
    return True


def _edited(event: Event, fields: set[str]) -> bool:
    return event.action != "secret.changed" or bool(fields & set(event.detail.split(", ")))


def _row(
    difference: Difference,
    events: Sequence[Event] | None,
    list_url: str,
    since: datetime,
    now: datetime,
) -> SinceRow:
    secret = difference.secret
    author = author_of(difference, events) if events is not None else None
    if author:
        where = _("here, by %(who)s, %(when)s") % {
            "who": shown(author.actor),
            "when": dates.in_words(author.at, now=now),
        }
    elif events is None:
        where = _("by whom is not known: the audit trail cannot be read")
    else:
        where = _outside(difference, since)
    return SinceRow(
        name=shown(secret.name) or secret.id,
        url=secret_url(list_url, secret.id) if difference.now else "",
        what=_what(difference, now),
        where=where,
        is_here=author is not None,
    )


def _outside(difference: Difference, since: datetime) -> str:
    if difference.kind == "gone":
        return _("outside this dashboard, or your credential sees less than before")
    created_at = difference.now.created_at if difference.now else None
    if difference.kind == "new" and created_at is not None and created_at < since.timestamp():
        return _("older than your last visit: your credential did not list it then")
    return _("outside this dashboard")


def _what(difference: Difference, now: datetime) -> str:
    before, current = difference.before, difference.now
    match difference.kind:
        case "value":
            number = current.current_number if current else None
            return _("version %s is in use") % number if number else _("another version is in use")
        case "none-on":
            return _("no version is on any more")
        case "turned":
            on = (current.on if current else None) or 0
            return ngettext("%d version on", "%d versions on", on) % on
        case "versions":
            count = current.versions if current else 0
            return ngettext("%d version kept", "%d versions kept", count) % count
        case "details":
            return _("description, apps or other details")
        case "expiry":
            return _("%(before)s → %(after)s") % {
                "before": _date(before.expired_at if before else None),
                "after": _date(current.expired_at if current else None),
            }
    return ""


def _date(seconds: int | None) -> str:
    found = moment(seconds)
    return dates.exactly(found) if found else _("none")

"""Reading the trail: acts newest first, one secret's history, and lines for an export.

An act has up to two lines. It is read by its last one, which knows how it ended and every id that only
the answer told. All of it goes along the sequence, in as many queries for 100 lines as for a million.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import Error as DatabaseError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from audit.models import Event, Outcome
from audit.rows import HistoryRow, history_rows

# So many lines of an export are in memory at once.
CHUNK = 500
# Acts that tell who changed what: no one asks for more of them at once.
MOST_ACTS = 500


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What of the trail is wanted; what is empty leaves nothing out.

    person, secret: a part of the name; of a secret also of its id.
    since, until: from the first moment, up to but without the last.
    """

    person: str = ""
    secret: str = ""
    actions: tuple[str, ...] = ()
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some acts, newest first, and the places from which its neighbours go on."""

    events: list[Event]
    newer_after: int | None
    older_before: int | None


def acts(filters: Filters) -> QuerySet[Event]:
    """Return each act that is wanted by its last line: its outcome where that was recorded."""
    wanted = Event.objects.filter(is_last_line())
    if filters.person:
        wanted = wanted.filter(actor__icontains=filters.person)
    if filters.secret:
        wanted = wanted.filter(
            Q(secret_name__icontains=filters.secret) | Q(secret_id__icontains=filters.secret)
        )
    if filters.actions:
        wanted = wanted.filter(action__in=filters.actions)
    if filters.outcome:
        wanted = wanted.filter(outcome=filters.outcome)
    if filters.since:
        wanted = wanted.filter(at__gte=filters.since)
    if filters.until:
        wanted = wanted.filter(at__lt=filters.until)
    return wanted


def page_of_acts(
    filters: Filters, *, per_page: int, before: int | None = None, after: int | None = None
) -> Page:
    """Return the newest acts, those older than `before`, or those next newer than `after`."""
    wanted = acts(filters)
    if after is not None:
        # One more, to tell whether there are newer ones still. Where not, it is the first page.
        found = list(wanted.filter(sequence__gt=after).order_by("sequence")[: per_page + 1])
        if len(found) > per_page:
            events = found[per_page - 1 :: -1]
            return Page(
                events=events,
                newer_after=events[0].sequence,
                older_before=events[-1].sequence,
            )
    if before is not None:
        wanted = wanted.filter(sequence__lt=before)
    found = list(wanted.order_by("-sequence")[: per_page + 1])
    events = found[:per_page]
    return Page(
        events=events,
        newer_after=events[0].sequence if events and before is not None else None,
        older_before=events[-1].sequence if len(found) > per_page else None,
    )


def chunks_of(filters: Filters, *, up_to: int) -> Iterator[list[Event]]:
    """Yield all lines of each act that is wanted, oldest first, up to a place in the chain.

    Each chunk is a query of its own: memory stays the same, and nothing in the database waits for
    somebody who downloads slowly.
    """
    lines = Event.objects.filter(sequence__lte=up_to).order_by("sequence")
    if filters != Filters():
        lines = lines.filter(Exists(acts(filters).filter(act=OuterRef("act"))))
    place = 0
    while chunk := list(lines.filter(sequence__gt=place)[:CHUNK]):
        yield chunk
        place = chunk[-1].sequence


def last_sequence() -> int:
    """Return the place of the newest line; 0 where there is none."""
    return Event.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0


def history_of(
    organization_id: str,
    secret_id: str,
    limit: int,
    *,
    version_labels: Mapping[str, str] | None = None,
) -> list[HistoryRow] | None:
    """Return the last acts on one secret, newest first; None where the trail cannot be read.

    version_labels: what the page calls versions, by id; others go by their id.
    """
    of_secret = acts(Filters()).filter(organization_id=organization_id, secret_id=secret_id)
    try:
        found = list(of_secret.order_by("-at", "-sequence")[:limit])
    except DatabaseError:
        return None  # the secret itself can still be looked at
    return history_rows(found, version_labels=version_labels or {}, now=timezone.now())


def recent_of(organization_id: str, limit: int) -> list[Event] | None:
    """Return the last acts in an organization, newest first; None where the trail cannot be read."""
    wanted = acts(Filters()).filter(organization_id=organization_id)
    try:
        return list(wanted.order_by("-sequence")[:limit])
    except DatabaseError:
        return None


def changes_of(
    organization_id: str,
    secret_ids: Collection[str],
    *,
    actions: Collection[str],
    since: datetime,
) -> list[Event] | None:
    """Return the acts that have, or may have, changed these secrets since, newest first.

    None where the trail cannot be read.
    """
    wanted = acts(Filters(actions=tuple(actions), since=since)).filter(
        organization_id=organization_id,
        secret_id__in=secret_ids,
        outcome__in=(Outcome.OK, Outcome.UNKNOWN, Outcome.ATTEMPTED),
    )
    try:
        return list(wanted.order_by("-sequence")[:MOST_ACTS])
    except DatabaseError:
        return None


def is_last_line() -> Q:
    """Tell an act's last line from an attempt whose outcome was recorded."""
    outcome = Event.objects.filter(act=OuterRef("act")).exclude(outcome=Outcome.ATTEMPTED)
    return ~Q(outcome=Outcome.ATTEMPTED) | ~Q(Exists(outcome))

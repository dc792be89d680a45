"""Walking the chain: each entry is held to the one before it, and the first bad one is named.

However long the trail is, a walk holds no more than one batch of it, and no transaction is open
meanwhile: people go on working, and the trail grows.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from audit.chain import Link, keys, mac_of
from audit.flaws import Broken, Flaw
from audit.models import Event, EventQuerySet

AT_ONCE = 1000


class Unreadable(Exception):
    """What is stored or archived as the next entry is none."""


@dataclass
class Walk:
    """What was walked so far, and where it stands."""

    end: Link
    entries: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def along(self, events: Iterable[Event]) -> Iterator[Link]:
        """Go on to the end of `events`, and yield each place on the way.

        Raises:
            Broken: an entry does not belong where it stands.
        """
        for event in follow(events, self.end):
            self.end = Link(event.sequence, event.mac)
            self.entries += 1
            self.first_at = self.first_at or event.at
            self.last_at = event.at
            yield self.end


def follow(events: Iterable[Event], end: Link) -> Iterator[Event]:
    """Yield each entry that follows on `end` and then on the one before.

    Raises:
        Broken: the first one that does not.
    """
    coming = iter(events)
    while True:
        try:
            event = next(coming, None)
        except Unreadable:
            raise Broken(end.sequence + 1, Flaw.UNREADABLE) from None
        if event is None:
            return
        _check_number(event, end)
        _check_codes(event, end, coming)
        yield event
        end = Link(event.sequence, event.mac)


def _check_number(event: Event, end: Link) -> None:
    expected = end.sequence + 1
    if not isinstance(event.sequence, int):  # SQLite keeps a text in a column of numbers
        raise Broken(expected, Flaw.CHANGED)
    if event.sequence > expected:
        raise Broken(expected, Flaw.MISSING)
    if event.sequence < expected:
        raise Broken(event.sequence, Flaw.INSERTED)


def _check_codes(event: Event, end: Link, coming: Iterator[Event]) -> None:
    if event.key_id not in keys():
        raise Broken(event.sequence, Flaw.UNKNOWN_KEY)
    follows_on = event.previous == end.mac
    if follows_on and event.mac == _mac_or_none(event):
        return
    following = _next_or_none(coming)
    if following and following.previous == end.mac:
        # The next one belongs here: it was moved down by this one, or they changed places.
        swapped = event.previous == following.mac
        raise Broken(event.sequence, Flaw.OUT_OF_ORDER if swapped else Flaw.INSERTED)
    raise Broken(event.sequence, Flaw.CHANGED if follows_on else Flaw.OUT_OF_ORDER)


def _mac_or_none(event: Event) -> str | None:
    """Return the right code; None where a damaged row holds what no event can."""
    with suppress(ValueError, TypeError):
        return mac_of(event)
    return None


def _next_or_none(coming: Iterator[Event]) -> Event | None:
    with suppress(Unreadable):
        return next(coming, None)
    return None


def stored(*, after: int | None = None, up_to: int | None = None) -> Iterator[Event]:
    """Yield what the table holds, in order: all of it, or from one number to another.

    Raises:
        Unreadable: a row holds what no event can.
    """
    while True:
        rows = Event.objects.order_by("sequence")
        if after is not None:
            rows = rows.filter(sequence__gt=after)
        if up_to is not None:
            rows = rows.filter(sequence__lte=up_to)
        last = None
        for last in _read(rows):
            yield last
        if last is None:
            return
        after = last.sequence


def _read(rows: EventQuerySet) -> Iterator[Event]:
    try:
        yield from list(rows[:AT_ONCE])
    except Exception:
        # Nobody knows all that a damaged row makes a column's converter raise. It is one of these.
        for number in rows.values_list("sequence", flat=True)[:AT_ONCE]:
            yield _read_one(number)


def _read_one(number: int) -> Event:
    try:
        return Event.objects.get(sequence=number)
    except Exception:
        raise Unreadable from None

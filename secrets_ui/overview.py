"""What the overview tells of an organization's secrets, counted in one pass over the catalog.

Every number is what the list finds at the address that goes with it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from itertools import pairwise

from django.utils import timezone

from secret_manager import Summary
from secrets_ui.catalog.sifting import AGE_DAYS, DAY, EXPIRY_DAYS

SOON_DAYS = EXPIRY_DAYS["30"]
OLD_DAYS = AGE_DAYS["365"]
MONTHS = 12
FIRST = 3
_NEVER = float("inf")


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many secrets something is true of, and the most urgent ones of them."""

    count: int
    first: Sequence[Summary]


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month in the active time zone, and how many secrets expire in it."""

    year: int
    month: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What is so of how many.

    overdue: whose date has passed. passed_this_month: those of them that the first month counts, too.
    later: that expire after the last of `months`. ages: of the value in use, by the buckets of the list;
    without_value: those that have none.
    """

    total: int
    expired_on: Found
    soon: Found
    no_expiry: Found
    off: Found
    several: Found
    old: Found
    overdue: int
    passed_this_month: int
    months: Sequence[Month]
    later: int
    ages: dict[str, int]
    without_value: int


def tally(entries: Sequence[Summary], *, now: datetime) -> Tally:
    """Count all of it; months are those of the active time zone."""
    at = now.timestamp()
    soon_ends, year_ago = at + SOON_DAYS * DAY, at - OLD_DAYS * DAY
    expired_on: list[Summary] = []
    soon: list[Summary] = []
    no_expiry: list[Summary] = []
    off: list[Summary] = []
    several: list[Summary] = []
    old: list[Summary] = []
    expiries: list[int] = []
    values: list[int] = []
    for entry in entries:
        expired_at, on, value_at = entry.expired_at, entry.on, entry.value_at
        if expired_at is None:
            no_expiry.append(entry)
        else:
            expiries.append(expired_at)
            if expired_at > at:
                if expired_at <= soon_ends:
                    soon.append(entry)
            elif on:
                expired_on.append(entry)
        if on == 0:
            off.append(entry)
        elif on is not None and on > 1:
            several.append(entry)
        if value_at is not None:
            values.append(value_at)
            if value_at < year_ago:
                old.append(entry)
    expiries.sort()
    values.sort()
    overdue = bisect_right(expiries, at)
    starts = month_starts(now)
    return Tally(
        total=len(entries),
        expired_on=_found(expired_on, _expired_at),
        soon=_found(soon, _expired_at),
        no_expiry=_found(no_expiry, _value_at),
        off=_found(off, _used_most),
        several=_found(several, _value_at),
        old=_found(old, _value_at),
        overdue=overdue,
        passed_this_month=overdue - _before(expiries, starts[0]),
        months=_months(expiries, starts),
        later=len(expiries) - _before(expiries, starts[-1]),
        ages=_ages(values, at),
        without_value=len(entries) - len(values),
    )


def month_starts(now: datetime) -> list[datetime]:
    """Return when this month and the twelve after it begin, in the active time zone."""
    here = timezone.localtime(now)
    first = here.year * 12 + here.month - 1
    return [
        datetime(number // 12, number % 12 + 1, 1, tzinfo=here.tzinfo)
        for number in range(first, first + MONTHS + 1)
    ]


def _expired_at(entry: Summary) -> float:
    return _NEVER if entry.expired_at is None else entry.expired_at


def _value_at(entry: Summary) -> float:
    return _NEVER if entry.value_at is None else entry.value_at


def _used_most(entry: Summary) -> float:
    return -len(entry.app_ids)


def _found(entries: list[Summary], urgency: Callable[[Summary], float]) -> Found:
    first = nsmallest(FIRST, entries, key=lambda entry: (urgency(entry), entry.name))
    return Found(count=len(entries), first=first)


def _months(expiries: Sequence[int], starts: Sequence[datetime]) -> list[Month]:
    return [
        Month(
            year=start.year,
            month=start.month,
            count=_before(expiries, end) - _before(expiries, start),
        )
        for start, end in pairwise(starts)
    ]


def _before(moments: Sequence[int], moment: datetime) -> int:
    return bisect_left(moments, moment.timestamp())


def _ages(values: Sequence[int], at: float) -> dict[str, int]:
    """Return how many values are in each bucket of age: each from where the one before it ends."""
    names, days = list(AGE_DAYS), list(AGE_DAYS.values())[:-1]
    up_to = [len(values) - bisect_left(values, at - each * DAY) for each in days]
    counts = zip([0, *up_to], [*up_to, len(values)], strict=True)
    return {name: end - start for name, (start, end) in zip(names, counts, strict=True)}


def total_of(ids: Iterable[str], position_of: dict[str, int]) -> int:
    """Return how many of these secrets are there."""
    return sum(1 for secret_id in ids if secret_id in position_of)

"""Leaving out and putting in order: the filters and the orders of the list."""

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from secret_manager import Summary
from secrets_ui.catalog.snapshot import Snapshot

DAY = 86_400
# How far a bucket of expiry reaches from now, in days; what is due sooner is in it as well.
EXPIRY_DAYS = {"7": 7, "30": 30, "90": 90}
EXPIRIES = ("expired", *EXPIRY_DAYS, "later", "none")
STATUSES = ("on", "off", "several", "expired-on")
# Buckets of a value's age, in days: each from where the one before it ends.
AGE_DAYS = {"30": 30, "90": 90, "180": 180, "365": 365, "730": 730, "older": 365_000}
# All that is older than a year, which is two buckets together.
OVER_A_YEAR = "over-365"
AGES = (*AGE_DAYS, OVER_A_YEAR)
SORTS = ("name", "created", "changed", "expiry", "age")
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True, kw_only=True)
class Sieve:
    """What the list is narrowed to; empty where anything goes.

    expiry: one of EXPIRIES, or a month such as "2026-12" in the active time zone.
    ids: only these secrets, such as those with a label of ours; None where that does not matter.
    """

    expiry: str = ""
    status: str = ""
    age: str = ""
    app: str = ""
    creator: str = ""
    ids: Collection[str] | None = None


Test = Callable[[Summary], bool]


def sift(
    snapshot: Snapshot, positions: Sequence[int], sieve: Sieve, *, now: float
) -> Sequence[int]:
    """Return those of `positions` that pass, in their order; `now` in seconds since 1970."""
    entries = snapshot.entries
    for test in _tests(sieve, now):
        positions = [position for position in positions if test(entries[position])]
    return positions


def in_order(snapshot: Snapshot, positions: Sequence[int], sort: str) -> Sequence[int]:
    """Return positions sorted; `sort` is one of SORTS, or with a minus before it, backwards.

    What has no such moment comes last either way. An order of all secrets is kept with the snapshot.
    """
    if len(positions) < len(snapshot):
        return _sorted(snapshot, positions, sort)
    if sort not in snapshot.orders:
        snapshot.orders[sort] = _sorted(snapshot, range(len(snapshot)), sort)
    return snapshot.orders[sort]


def expiry_bucket(entry: Summary, *, now: float) -> str:
    """Return in which bucket of EXPIRIES a secret is, the narrowest one."""
    if entry.expired_at is None:
        return "none"
    if entry.expired_at <= now:
        return "expired"
    left = (entry.expired_at - now) / DAY
    return next((name for name, days in EXPIRY_DAYS.items() if left <= days), "later")


def age_bucket(entry: Summary, *, now: float) -> str:
    """Return in which bucket of AGE_DAYS the value in use is; empty where there is none."""
    if entry.value_at is None:
        return ""
    names = list(AGE_DAYS)
    return names[bisect_left(list(AGE_DAYS.values())[:-1], (now - entry.value_at) / DAY)]


def is_expired_and_on(entry: Summary, *, now: float) -> bool:
    """Tell whether a secret's date has passed while a version of it is still on."""
    return bool(entry.on) and entry.expired_at is not None and entry.expired_at <= now


_COLUMNS = {
    "created": Summary._fields.index("created_at"),
    "changed": Summary._fields.index("updated_at"),
    "expiry": Summary._fields.index("expired_at"),
    "age": Summary._fields.index("value_at"),
}


def _sorted(snapshot: Snapshot, positions: Sequence[int], sort: str) -> Sequence[int]:
    field, backwards = sort.removeprefix("-"), sort.startswith("-")
    if field == "name":
        return sorted(positions, key=snapshot.names.__getitem__, reverse=backwards)
    column = _COLUMNS[field]
    moments: dict[int, Any] = {place: snapshot.entries[place][column] for place in positions}
    known = [place for place in positions if moments[place] is not None]
    unknown = [place for place in positions if moments[place] is None]
    # An old value is one that was added early: the order of ages is that of moments, backwards.
    known.sort(key=moments.__getitem__, reverse=backwards != (field == "age"))
    return [*known, *unknown]


def _tests(sieve: Sieve, now: float) -> list[Test]:
    tests: list[Test] = []
    if sieve.ids is not None:
        ids = frozenset(sieve.ids)
        tests.append(lambda entry: entry.id in ids)
    if sieve.expiry:
        tests.append(_expiry_test(sieve.expiry, now))
    if sieve.status:
        tests.append(_status_test(sieve.status, now))
    if sieve.age == OVER_A_YEAR:
        before = now - AGE_DAYS["365"] * DAY
        tests.append(lambda entry: entry.value_at is not None and entry.value_at < before)
    elif sieve.age:
        tests.append(lambda entry: age_bucket(entry, now=now) == sieve.age)
    if sieve.app:
        tests.append(lambda entry: sieve.app in entry.app_ids)
    if sieve.creator:
        tests.append(lambda entry: entry.user_id == sieve.creator)
    return tests


def _expiry_test(bucket: str, now: float) -> Test:
    """Return the test of a bucket. "Within 30 days" holds what is due within 7 too, as people mean it."""
    if bucket == "none":
        return lambda entry: entry.expired_at is None
    if bucket == "expired":
        return lambda entry: entry.expired_at is not None and entry.expired_at <= now
    if bucket == "later":
        after = now + max(EXPIRY_DAYS.values()) * DAY
        return lambda entry: entry.expired_at is not None and entry.expired_at > after
    start, end = (now, now + EXPIRY_DAYS[bucket] * DAY) if bucket in EXPIRY_DAYS else _month(bucket)
    return lambda entry: entry.expired_at is not None and start < entry.expired_at <= end


def _month(text: str) -> tuple[float, float]:
    """Return from when, and until when, a month lasts in the active time zone."""
    year, month = (int(part) for part in text.split("-"))
    zone = timezone.get_current_timezone()
    first = datetime(year, month, 1, tzinfo=zone)
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    return first.timestamp() - 1, after.timestamp() - 1


def _status_test(status: str, now: float) -> Test:
    tests: dict[str, Test] = {
        "on": lambda entry: bool(entry.on),
        "off": lambda entry: entry.on == 0,
        "several": lambda entry: entry.on is not None and entry.on > 1,
        "expired-on": lambda entry: is_expired_and_on(entry, now=now),
    }
    return tests[status]

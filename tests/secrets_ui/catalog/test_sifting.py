"""Filters and orders: every secret in the right bucket, to the second, in the person's own months."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from secret_manager import Summary
from secrets_ui.catalog.sifting import (
    AGE_DAYS,
    DAY,
    EXPIRIES,
    OVER_A_YEAR,
    SORTS,
    Sieve,
    age_bucket,
    expiry_bucket,
    in_order,
    sift,
)
from secrets_ui.catalog.snapshot import Snapshot
from tests.secrets_ui.catalog.support import a_summary

NOW = 1_796_385_600
MOMENTS = st.none() | st.integers(NOW - 1000 * DAY, NOW + 1000 * DAY)


def passing(sieve: Sieve, *entries: Summary, now: float = NOW) -> list[str]:
    """Return the ids of what passes."""
    snapshot = Snapshot(entries)
    return [entries[place].id for place in sift(snapshot, range(len(entries)), sieve, now=now)]


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Iterator[ZoneInfo]:
    zone = ZoneInfo(request.param)
    with timezone.override(zone):
        yield zone


@pytest.mark.parametrize(
    ("left", "narrowest", "filters"),
    [
        (None, "none", {"none"}),
        (-1, "expired", {"expired"}),
        (0, "expired", {"expired"}),
        (1, "7", {"7", "30", "90"}),
        (7 * DAY, "7", {"7", "30", "90"}),
        (7 * DAY + 1, "30", {"30", "90"}),
        (30 * DAY, "30", {"30", "90"}),
        (30 * DAY + 1, "90", {"90"}),
        (90 * DAY, "90", {"90"}),
        (90 * DAY + 1, "later", {"later"}),
    ],
)
def test_expiry_to_the_second(left: int | None, narrowest: str, filters: set[str]) -> None:
    entry = a_summary(expired_at=None if left is None else NOW + left)
    assert expiry_bucket(entry, now=NOW) == narrowest
    assert {name for name in EXPIRIES if passing(Sieve(expiry=name), entry)} == filters


@given(MOMENTS, st.floats(0, 1))
def test_the_narrowest_bucket_and_the_filters_agree(moment: int | None, part: float) -> None:
    entry, now = a_summary(expired_at=moment), NOW + part
    bucket = expiry_bucket(entry, now=now)
    found = [name for name in EXPIRIES if passing(Sieve(expiry=name), entry, now=now)]
    assert found[0] == bucket


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        *((-1, "30"), (0, "30"), (30, "30"), (31, "90"), (90, "90"), (91, "180"), (180, "180")),
        *((181, "365"), (365, "365"), (366, "730"), (730, "730"), (731, "older"), (9999, "older")),
    ],
)
def test_age_in_days(days: int, bucket: str) -> None:
    entry = a_summary(value_at=NOW - days * DAY)
    assert age_bucket(entry, now=NOW) == bucket
    assert [age for age in AGE_DAYS if passing(Sieve(age=age), entry)] == [bucket]


@pytest.mark.parametrize(("days", "passes"), [(364, False), (365, False), (366, True), (731, True)])
def test_older_than_a_year(days: int, passes: bool) -> None:
    entry = a_summary(value_at=NOW - days * DAY)
    assert bool(passing(Sieve(age=OVER_A_YEAR), entry)) == passes
    assert not passing(Sieve(age=OVER_A_YEAR), a_summary())


@given(MOMENTS)
def test_every_value_is_in_exactly_one_bucket_of_age(moment: int | None) -> None:
    entry = a_summary(value_at=moment)
    found = [age for age in AGE_DAYS if passing(Sieve(age=age), entry)]
    assert found == ([] if moment is None else [age_bucket(entry, now=NOW)])


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", "America/Los_Angeles"], indirect=True)
@pytest.mark.parametrize("month", ["2026-12", "2027-01", "2026-11", "2027-03", "2099-12"])
def test_a_month_is_the_persons_own(zone: ZoneInfo, month: str) -> None:
    year, number = map(int, month.split("-"))
    start = int(datetime(year, number, 1, tzinfo=zone).timestamp())
    end = int(datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone).timestamp())
    entries = [a_summary(at, expired_at=at) for at in (start - 1, start, end - 1, end)]
    found = passing(Sieve(expiry=month), *entries, a_summary())
    assert found == [f"{start}", f"{end - 1}"]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin"], indirect=True)
def test_months_leave_no_second_out_and_none_twice_where_clocks_change(zone: ZoneInfo) -> None:
    months = [f"2027-{number:02}" for number in range(1, 13)]
    starts = [int(datetime(2027, n, 1, tzinfo=zone).timestamp()) for n in range(1, 13)]
    for at in (moment + off for moment in starts[1:] for off in (-3601, -3600, -1, 0, 1, 3600)):
        entry = a_summary(expired_at=at)
        assert sum(bool(passing(Sieve(expiry=month), entry)) for month in months) == 1


@pytest.mark.parametrize(
    ("on", "expired", "found"),
    [
        (None, True, set()),
        (0, True, {"off"}),
        (1, False, {"on"}),
        (1, True, {"on", "expired-on"}),
        (2, False, {"on", "several"}),
    ],
)
def test_status(on: int | None, expired: bool, found: set[str]) -> None:
    entry = a_summary(on=on, expired_at=NOW - 1 if expired else NOW + 1)
    statuses = ("on", "off", "several", "expired-on")
    assert {status for status in statuses if passing(Sieve(status=status), entry)} == found


def test_app_creator_and_ids_all_together() -> None:
    entries = [
        a_summary(1, app_ids=("51", "52"), user_id="7"),
        a_summary(2, app_ids=("51",), user_id="8"),
        a_summary(3, app_ids=("5",), user_id="7"),
    ]
    assert passing(Sieve(app="51"), *entries) == ["1", "2"]
    assert passing(Sieve(creator="7"), *entries) == ["1", "3"]
    assert passing(Sieve(ids=["3", "2", "gone"]), *entries) == ["2", "3"]
    assert passing(Sieve(ids=[]), *entries) == []
    assert passing(Sieve(app="51", creator="7", ids=["1", "3"]), *entries) == ["1"]
    assert passing(Sieve(), *entries) == ["1", "2", "3"]


FIELDS = {"created": "created_at", "changed": "updated_at", "expiry": "expired_at"}


@given(st.lists(MOMENTS, max_size=6), st.sampled_from(sorted(FIELDS)), st.booleans())
def test_what_has_no_moment_comes_last_either_way(
    moments: list[int | None], sort: str, backwards: bool
) -> None:
    entries = [a_summary(n, **{FIELDS[sort]: at}) for n, at in enumerate(moments)]
    snapshot = Snapshot(entries)
    order = in_order(snapshot, range(len(entries)), f"-{sort}" if backwards else sort)
    known = sorted((at for at in moments if at is not None), reverse=backwards)
    assert [moments[place] for place in order] == known + [None] * moments.count(None)


def test_by_age_the_newest_value_comes_first_and_backwards_the_oldest() -> None:
    entries = [a_summary(n, value_at=at) for n, at in enumerate((None, 100, 300, 200))]
    assert in_order(Snapshot(entries), range(4), "age") == [2, 3, 1, 0]
    assert in_order(Snapshot(entries), range(4), "-age") == [1, 3, 2, 0]


def test_by_name_case_and_width_make_no_difference() -> None:
    entries = [a_summary(n, name=name) for n, name in enumerate(("b", "ａ", "C", "B"))]
    assert in_order(Snapshot(entries), range(4), "name") == [1, 0, 3, 2]
    assert in_order(Snapshot(entries), range(4), "-name") == [2, 0, 3, 1]


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS)])
def test_some_of_them_are_in_the_order_of_all(sort: str) -> None:
    entries = [
        a_summary(n, name=f"{n * 7 % 5}", created_at=n * 7 % 5, updated_at=n % 3, value_at=-n)
        for n in range(12)
    ]
    snapshot = Snapshot(entries)
    everything = list(in_order(snapshot, range(12), sort))
    assert sorted(everything) == list(range(12))
    assert in_order(snapshot, range(12), sort) == everything
    some = in_order(snapshot, range(0, 12, 2), sort)
    assert list(some) == [place for place in everything if place % 2 == 0]

"""The overview counts right: every number is what the list finds at the address beside it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from secret_manager import Summary
from secrets_ui.catalog.sifting import Sieve, in_order, sift
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.list_query import ListQuery
from secrets_ui.overview import month_starts, tally, total_of
from secrets_ui.overview_words import ages, cares, figures, greeting, timeline
from tests.secrets_ui.summaries import a_secret

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
DAY = 86_400
LIST = "/organizations/1/secrets/"


def in_list(entries: Sequence[Summary], url: str) -> list[str]:
    """The ids that the list shows at an address, in its order."""
    query = ListQuery.of(QueryDict(urlsplit(url).query))
    snapshot = Snapshot(entries)
    sieve = Sieve(expiry=query.expiry, status=query.status, age=query.age)
    places = sift(snapshot, range(len(snapshot)), sieve, now=AT)
    if query.sort:
        places = in_order(snapshot, places, query.sort)
    return [entries[place].id for place in places]


moments = st.none() | st.one_of(
    st.integers(AT - 900 * DAY, AT + 900 * DAY),
    # On the very border of a bucket, and one second beside it.
    st.builds(
        lambda days, seconds: AT + days * DAY + seconds,
        st.sampled_from([-730, -365, -180, -90, -30, -7, 0, 7, 30, 90]),
        st.sampled_from([-1, 0, 1]),
    ),
    # Where a month begins in Tokyo, and in UTC.
    st.sampled_from([1796050800, 1796083200]).flatmap(lambda at: st.integers(at - 1, at + 1)),
)
catalogs = st.lists(
    st.builds(
        lambda expired_at, value_at, on: a_secret(expired_at=expired_at, value_at=value_at, on=on),
        moments,
        moments,
        st.sampled_from([None, 0, 1, 2]),
    ),
    max_size=30,
)


@given(catalogs, st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"]))
def test_every_number_is_what_the_list_finds_at_its_address(
    entries: list[Summary], zone: str
) -> None:
    with timezone.override(ZoneInfo(zone)):
        found = tally(entries, now=NOW)
        told = [
            *figures(found, favourites=0, list_url=LIST),
            *cares(found, list_url=LIST, now=NOW),
            *timeline(found, list_url=LIST)[:-1],
            *ages(found, list_url=LIST),
        ]
        for one in told:
            assert one.count == len(in_list(entries, one.url)), one


@given(catalogs)
def test_each_expiry_is_in_the_timeline_once_and_said_where_it_is_there_twice(
    entries: list[Summary],
) -> None:
    found = tally(entries, now=NOW)
    dated = sum(entry.expired_at is not None for entry in entries)
    before = sum(
        entry.expired_at is not None and entry.expired_at < month_starts(NOW)[0].timestamp()
        for entry in entries
    )
    in_months = sum(month.count for month in found.months)
    assert before + in_months + found.later == dated
    assert found.passed_this_month == found.overdue - before


def test_months_are_those_of_the_persons_zone() -> None:
    """1 December 2026 00:30 in Tokyo is still November in UTC."""
    expiry = int(datetime(2026, 11, 30, 15, 30, tzinfo=UTC).timestamp())
    for zone, month in (("Asia/Tokyo", 12), ("UTC", 11)):
        with timezone.override(ZoneInfo(zone)):
            found = tally([a_secret(expired_at=expiry)], now=NOW)
            assert [(m.year, m.month) for m in found.months if m.count] == [(2026, month)]


def test_the_timeline_is_overdue_twelve_months_and_later() -> None:
    columns = timeline(tally([], now=NOW), list_url=LIST)
    assert [column.name for column in columns[:3]] == ["Overdue", "November 2026", "December 2026"]
    assert [column.name for column in columns[-2:]] == ["October 2027", "Later"]
    assert [column.count for column in columns] == [0] * 14


def test_what_is_later_stands_first_where_its_bar_leads() -> None:
    far = a_secret(expired_at=AT + 800 * DAY)
    near = a_secret(expired_at=AT + 100 * DAY)
    later = timeline(tally([near, far], now=NOW), list_url=LIST)[-1]
    assert later.count == 1
    assert in_list([near, far], later.url) == [far.id, near.id]


def test_what_needs_care_shows_the_three_most_urgent() -> None:
    overdue = [
        a_secret(name=f"overdue-by-{days}_", expired_at=AT - days * DAY) for days in (1, 9, 4, 2)
    ]
    care = cares(tally(overdue, now=NOW), list_url=LIST, now=NOW)[0]
    assert (care.label, care.count, care.all_of_them) == ("Expired, still on", 4, "All 4")
    assert [(row.name, row.note) for row in care.rows] == [
        ("overdue-by-9_", "9 days ago"),
        ("overdue-by-4_", "4 days ago"),
        ("overdue-by-2_", "2 days ago"),
    ]


def test_what_nothing_needs_is_left_out() -> None:
    fine = a_secret(expired_at=AT + 200 * DAY, value_at=AT)
    assert cares(tally([fine], now=NOW), list_url=LIST, now=NOW) == []


def test_an_expired_secret_that_is_off_needs_no_care_for_that() -> None:
    off = a_secret(expired_at=AT - DAY, on=0, current_id="", value_at=None)
    assert [each.label for each in cares(tally([off], now=NOW), list_url=LIST, now=NOW)] == [
        "No version on"
    ]


def test_versions_that_the_api_did_not_list_are_neither_on_nor_off() -> None:
    found = tally([a_secret(on=None, expired_at=AT - DAY)], now=NOW)
    assert (found.off.count, found.several.count, found.expired_on.count) == (0, 0, 0)


@pytest.mark.parametrize("favourites", [0, 2])
def test_favourites_are_a_number_where_there_are_any(favourites: int) -> None:
    shown = figures(tally([], now=NOW), favourites=favourites, list_url=LIST)
    assert [f.count for f in shown if f.url.endswith("fav=1")] == [favourites] * bool(favourites)


def test_a_favourite_that_is_gone_is_not_counted() -> None:
    one = a_secret()
    assert total_of([one.id, "gone"], Snapshot([one]).position_of) == 1


def test_names_are_shown_without_what_nobody_sees() -> None:
    hostile = a_secret(name="abc\u202egnp.exe", expired_at=AT + DAY)
    care = cares(tally([hostile], now=NOW), list_url=LIST, now=NOW)[0]
    assert care.rows[0].name == "abcgnp.exe"


@pytest.mark.parametrize(
    ("hour", "words"),
    [(4, "evening"), (5, "morning"), (10, "morning"), (11, "afternoon"), (18, "evening")],
)
def test_the_greeting_fits_the_hour(hour: int, words: str) -> None:
    assert greeting("hanako", now=NOW.replace(hour=hour)) == f"Good {words}, hanako"


def test_fifty_thousand_secrets_are_counted_without_looking_twice() -> None:
    """Each is looked at once: entries are only iterated, never searched through."""

    class Once(list[Summary]):
        passes = 0

        def __iter__(self):  # type: ignore[no-untyped-def]
            self.passes += 1
            return super().__iter__()

    entries = Once(a_secret(expired_at=AT + n, value_at=AT - n) for n in range(500))
    tally(entries, now=NOW)
    assert entries.passes == 1

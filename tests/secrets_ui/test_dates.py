from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from secrets_ui import dates

NOON = datetime(2026, 12, 4, 12, tzinfo=UTC)
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
moments = st.datetimes(timezones=st.just(UTC))


def words(moment: datetime, now: datetime, zone: str = "UTC") -> str:
    with timezone.override(zone):
        return dates.in_words(moment, now=now)


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        ({"seconds": 0}, "now"),
        ({"seconds": 59}, "now"),
        ({"seconds": -1}, "just now"),
        ({"seconds": -59}, "just now"),
        ({"minutes": 1}, "in 1 minute"),
        ({"minutes": -1}, "1 minute ago"),
        ({"minutes": 2, "seconds": 59}, "in 2 minutes"),
        ({"minutes": -59}, "59 minutes ago"),
        ({"hours": 1}, "in 1 hour"),
        ({"hours": -1, "minutes": -59}, "1 hour ago"),
        ({"hours": 11}, "in 11 hours"),
        ({"hours": -12}, "12 hours ago"),
        ({"hours": 12}, "tomorrow"),
        ({"days": 1}, "tomorrow"),
        ({"days": -1}, "yesterday"),
        ({"hours": -13}, "yesterday"),
        ({"days": 2}, "in 2 days"),
        ({"days": -2}, "2 days ago"),
        ({"days": 12}, "in 12 days"),
        ({"days": 59}, "in 59 days"),
        ({"days": 60}, "in 2 months"),
        ({"days": -152}, "5 months ago"),
        ({"days": 729}, "in 24 months"),
        ({"days": 730}, "in 2 years"),
        ({"days": -3653}, "10 years ago"),
    ],
)
def test_a_distance_is_said_in_words(distance: dict[str, int], said: str) -> None:
    assert words(NOON + timedelta(**distance), NOON) == said


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        ({"hours": -1}, "today"),
        ({"hours": 5}, "today"),
        ({"days": 3}, "today"),
        ({"hours": -13}, "1 day"),
        ({"days": -59}, "59 days"),
        ({"days": -61}, "2 months"),
        ({"days": -800}, "2 years"),
    ],
)
def test_an_age_is_said_without_ago(distance: dict[str, int], said: str) -> None:
    assert dates.age_in_words(NOON + timedelta(**distance), now=NOON) == said


def test_days_are_counted_by_the_persons_calendar() -> None:
    evening, ten_hours_later = NOON, NOON + timedelta(hours=10)
    assert words(ten_hours_later, evening, "UTC") == "in 10 hours"
    assert words(ten_hours_later, evening, "Asia/Tokyo") == "tomorrow"
    assert words(evening, ten_hours_later, "Asia/Tokyo") == "yesterday"


@pytest.mark.parametrize(
    ("now", "moment", "said"),
    [
        # The night of 8 March 2026 has 23 hours in New York, that of 1 November 25.
        ((2026, 3, 7, 23, 30), (2026, 3, 8, 23, 30), "tomorrow"),
        ((2026, 3, 8, 0, 30), (2026, 3, 9, 0, 0), "tomorrow"),
        ((2026, 11, 1, 0, 0), (2026, 11, 1, 23, 59), "in 24 hours"),
        ((2026, 11, 1, 0, 0), (2026, 11, 2, 0, 0), "tomorrow"),
        ((2026, 3, 8, 1, 0), (2026, 3, 8, 3, 0), "in 1 hour"),
    ],
)
def test_a_day_is_a_day_when_the_clocks_change(now: tuple, moment: tuple, said: str) -> None:
    new_york = ZoneInfo("America/New_York")
    as_utc = [datetime(*each, tzinfo=new_york).astimezone(UTC) for each in (moment, now)]
    assert words(*as_utc, zone="America/New_York") == said


def test_a_moment_is_shown_with_its_zone() -> None:
    moment = datetime(2026, 12, 4, 14, 59, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):
        assert dates.exactly(moment) == "Fri 4 Dec 2026 23:59 JST"
        assert dates.day(moment) == "4 Dec 2026"
    with timezone.override("America/New_York"):
        assert dates.exactly(moment) == "Fri 4 Dec 2026 09:59 EST"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
def test_the_ends_of_the_calendar_can_be_shown(moment: datetime, zone: str) -> None:
    moment = moment.replace(tzinfo=UTC)
    with timezone.override(zone):
        assert str(moment.year) in dates.exactly(moment)
        assert "years" in dates.in_words(moment, now=NOON)
        assert dates.day(moment)
        assert dates.age_in_words(moment, now=NOON)


@given(moment=moments, now=moments, zone=st.sampled_from(ZONES))
def test_every_moment_can_be_said_and_shown(moment: datetime, now: datetime, zone: str) -> None:
    with timezone.override(zone):
        said = dates.in_words(moment, now=now)
        dates.age_in_words(moment, now=now)
        dates.exactly(moment)
    future = said.startswith("in ") or said in {"tomorrow", "now"}
    past = said.endswith(" ago") or said in {"yesterday", "just now"}
    assert future != past
    assert future == (moment >= now)


@given(now=moments, seconds=st.integers(0, 10**9), zone=st.sampled_from(ZONES))
def test_amounts_are_never_zero_and_never_wrongly_plural(
    now: datetime, seconds: int, zone: str
) -> None:
    try:
        moment = now - timedelta(seconds=seconds)
    except OverflowError:
        return
    with timezone.override(zone):
        said = [dates.in_words(moment, now=now), dates.age_in_words(moment, now=now)]
    for text in said:
        number, *rest = text.split(" ")
        if number.isdigit():
            assert number != "0"
            assert rest[0].endswith("s") == (number != "1")

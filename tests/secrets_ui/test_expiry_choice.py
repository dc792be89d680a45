from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from secrets_ui.expiry_choice import (
    COMMON_ZONES,
    NONE,
    ON_A_DATE,
    PRESET_DAYS,
    NotAMoment,
    choices,
    initial_of,
    moment,
    zone_choices,
)

NOW = datetime(2026, 12, 4, 20, tzinfo=UTC)  # already the 5th in Tokyo


@pytest.fixture(autouse=True)
def at_a_fixed_time():
    with time_machine.travel(NOW, tick=False):
        yield


def typed(expiry: str, zone: str = "UTC", **parts: Any) -> dict[str, Any]:
    return {
        "expiry": expiry,
        "expiry_zone": zone,
        "expiry_date": None,
        "expiry_time": None,
        **parts,
    }


def test_the_form_offers_none_the_presets_and_a_date() -> None:
    assert [value for value, _ in choices()] == [NONE, "30", "90", "180", "365", ON_A_DATE]
    assert dict(choices())["30"] == "In 30 days"


def test_no_expiry_is_none_whatever_else_is_typed() -> None:
    assert moment(typed(NONE, expiry_date=date(2020, 1, 1), expiry_time=time(1))) is None


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("days", PRESET_DAYS)
def test_a_preset_ends_with_the_day_in_the_chosen_zone(days: int, zone: str) -> None:
    found = moment(typed(str(days), zone))
    assert found is not None
    assert found.time() == time(23, 59)
    assert found.date() == NOW.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    assert found.utcoffset() == found.replace(tzinfo=ZoneInfo(zone)).utcoffset()


def test_the_zone_decides_which_day_it_is() -> None:
    assert moment(typed("30", "Asia/Tokyo")) == datetime(2027, 1, 4, 14, 59, tzinfo=UTC)
    assert moment(typed("30", "UTC")) == datetime(2027, 1, 3, 23, 59, tzinfo=UTC)


def test_a_date_without_a_time_is_its_end() -> None:
    found = moment(typed(ON_A_DATE, "Asia/Tokyo", expiry_date=date(2026, 12, 24)))
    assert found == datetime(2026, 12, 24, 23, 59, tzinfo=ZoneInfo("Asia/Tokyo"))


def test_midnight_is_a_time_and_not_a_missing_one() -> None:
    found = moment(typed(ON_A_DATE, expiry_date=date(2026, 12, 24), expiry_time=time(0, 0)))
    assert found == datetime(2026, 12, 24, tzinfo=UTC)


def test_a_moment_keeps_its_day_when_the_clocks_change() -> None:
    found = moment(
        typed(ON_A_DATE, "America/New_York", expiry_date=date(2027, 3, 14), expiry_time=time(2, 30))
    )
    assert found is not None
    assert found.isoformat() == "2027-03-14T02:30:00-05:00"


def test_a_date_is_needed_where_one_is_promised() -> None:
    with pytest.raises(NotAMoment, match="Choose the date"):
        moment(typed(ON_A_DATE, expiry_time=time(12)))


@pytest.mark.parametrize(
    ("zone", "day", "at"),
    [
        ("UTC", date(2026, 12, 4), time(20, 0)),
        ("UTC", date(2026, 12, 3), None),
        ("Asia/Tokyo", date(2026, 12, 4), None),
        ("UTC", date.min, time.min),
        ("Asia/Tokyo", date.min, time.min),
    ],
)
def test_a_moment_that_has_passed_is_refused(zone: str, day: date, at: time | None) -> None:
    with pytest.raises(NotAMoment):
        moment(typed(ON_A_DATE, zone, expiry_date=day, expiry_time=at))


def test_today_is_still_to_come_until_it_ends() -> None:
    found = moment(typed(ON_A_DATE, "UTC", expiry_date=date(2026, 12, 4)))
    assert found == datetime(2026, 12, 4, 23, 59, tzinfo=UTC)


def test_a_moment_outside_the_calendar_is_refused() -> None:
    with pytest.raises(NotAMoment, match="calendar"):
        moment(typed(ON_A_DATE, "America/New_York", expiry_date=date.max))


@given(day=st.dates(), at=st.none() | st.times(), zone=st.sampled_from(COMMON_ZONES))
def test_every_date_is_a_later_moment_or_refused(day: date, at: time | None, zone: str) -> None:
    try:
        found = moment(typed(ON_A_DATE, zone, expiry_date=day, expiry_time=at))
    except NotAMoment:
        return
    assert found is not None
    assert found > timezone.now()
    assert found.date() == day


def test_the_persons_own_zone_comes_first_and_once() -> None:
    with timezone.override("Asia/Tokyo"):
        names = [name for name, _ in zone_choices()]
    assert names[0] == "Asia/Tokyo"
    assert len(names) == len(set(names)) == len(COMMON_ZONES)
    with timezone.override("Asia/Ho_Chi_Minh"):
        assert zone_choices()[0] == ("Asia/Ho_Chi_Minh", "Asia/Ho Chi Minh")


@pytest.mark.parametrize("zone", COMMON_ZONES)
def test_every_zone_on_offer_exists(zone: str) -> None:
    assert ZoneInfo(zone)


def test_the_form_shows_an_expiry_in_the_persons_zone_to_the_minute() -> None:
    expired_at = datetime(2026, 12, 4, 14, 59, 59, 999, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):
        shown = initial_of(expired_at)
    assert shown == {
        "expiry": ON_A_DATE,
        "expiry_date": date(2026, 12, 4),
        "expiry_time": time(23, 59),
    }
    assert initial_of(None) == {"expiry": NONE}


def test_an_expiry_at_the_end_of_the_calendar_can_be_shown() -> None:
    with timezone.override("Asia/Tokyo"):
        assert initial_of(datetime.max.replace(tzinfo=UTC))["expiry_date"] == date.max


@given(expired_at=st.datetimes(min_value=datetime(2027, 1, 1), timezones=st.just(UTC)))
def test_what_is_shown_means_the_same_moment(expired_at: datetime) -> None:
    with timezone.override("Asia/Tokyo"):
        shown = initial_of(expired_at)
        if expired_at.year < 9999:
            again = moment({**shown, "expiry_zone": "Asia/Tokyo"})
            assert again == expired_at.replace(second=0, microsecond=0)

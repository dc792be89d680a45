"""When a secret is due: days as the calendar counts them, in the configured zone."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from secret_manager import Secret, summary_of
from secrets_ui.notify.due import what_is_due

THRESHOLDS = (30, 7, 1, 0)


def days_due(expired_at: str, now: str, thresholds: tuple[int, ...] = THRESHOLDS) -> int | None:
    """Return the threshold that counts, None where nothing is due."""
    secret = Secret(
        id="1", organization_id="1", name="a", expired_at=datetime.fromisoformat(expired_at)
    )
    found = what_is_due(
        [summary_of(secret)], thresholds=thresholds, now=datetime.fromisoformat(now)
    )
    return found[0].days if found else None


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2026-11-03T23:59:59Z", None),
        ("2026-11-04T00:00:00Z", 30),
        ("2026-11-26T23:59:59Z", 30),
        ("2026-11-27T00:00:00Z", 7),
        ("2026-12-02T23:59:59Z", 7),
        ("2026-12-03T00:00:00Z", 1),
        ("2026-12-04T14:59:58Z", 1),
        ("2026-12-04T14:59:59Z", 0),
        ("2029-01-01T00:00:00Z", 0),
    ],
)
def test_the_nearest_threshold_that_has_passed_counts(now: str, days: int | None) -> None:
    assert days_due("2026-12-04T14:59:59Z", now) == days


def test_days_are_those_of_the_configured_zone(settings: Settings) -> None:
    expired_at, now = "2026-12-04T16:00:00Z", "2026-12-03T10:00:00Z"
    assert days_due(expired_at, now) == 1
    settings.TIME_ZONE = "Asia/Tokyo"  # there it is the day after tomorrow
    assert days_due(expired_at, now) == 7


def test_a_day_without_23_hours_is_a_day(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"  # the clocks go forward on 28 March 2027
    assert days_due("2027-03-28T21:59:00Z", "2027-03-26T23:00:00Z") == 1


def test_what_has_expired_is_due_at_the_last_threshold_there_is() -> None:
    assert days_due("2026-12-04T14:59:59Z", "2027-01-01T00:00:00Z", (30, 7)) == 7


def test_the_end_of_the_calendar_is_no_trouble(settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    assert days_due("9999-12-31T23:59:59Z", "2026-12-04T00:00:00Z") is None
    assert days_due("0001-01-01T00:00:00Z", "2026-12-04T00:00:00Z") == 0


def test_the_oldest_date_comes_first() -> None:
    now = datetime(2026, 12, 4, tzinfo=UTC)
    secrets = [
        Secret(id=str(n), organization_id="1", name="a", expired_at=now + timedelta(days=n))
        for n in (3, 1, 2)
    ]
    found = what_is_due(map(summary_of, secrets), thresholds=THRESHOLDS, now=now)
    assert [due.secret_id for due in found] == ["1", "2", "3"]

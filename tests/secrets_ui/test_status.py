from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from secret_manager import Secret, SecretVersion
from secrets_ui.status import (
    Badge,
    current_version,
    expiry_tone,
    secret_badge,
    version_badge,
)

NOW = datetime(2026, 12, 4, 12, tzinfo=UTC)


def version(number: int | None, status: str | None = "active") -> SecretVersion:
    return SecretVersion(
        id=f"30{number}", organization_id="10", secret_id="20", version=number, status=status
    )


def secret(**facts: Any) -> Secret:
    return Secret(id="20", organization_id="10", name="crm-webhook", **facts)


def test_the_current_version_is_the_newest_that_is_on() -> None:
    versions = [version(2), version(3), version(4, "inactive"), version(1)]
    assert current_version(versions) == version(3)
    assert current_version([version(4, "inactive")]) is None
    assert current_version([]) is None


def test_a_version_without_a_number_is_older_than_any_with_one() -> None:
    assert current_version([version(None), version(1)]) == version(1)
    assert current_version([version(None)]) == version(None)


@pytest.mark.parametrize(
    ("versions", "badge"),
    [
        (None, Badge("Not known", "muted")),
        ([], Badge("No value", "muted")),
        ([version(1, "inactive")], Badge("All off", "muted")),
        ([version(1, None)], Badge("All off", "muted")),
        ([version(1, "inactive"), version(2)], Badge("On · v2", "good")),
        ([version(None)], Badge("On", "good")),
        ([version(1), version(2), version(3, "inactive")], Badge("2 versions on", "warning")),
    ],
)
def test_how_a_secret_stands(versions: list[SecretVersion] | None, badge: Badge) -> None:
    assert secret_badge(secret(), versions, now=NOW) == badge


def test_an_expired_secret_that_is_on_is_the_worst_news() -> None:
    passed = secret(expired_at=NOW)
    assert secret_badge(passed, [version(1), version(2)], now=NOW) == Badge(
        "Expired, still on", "bad"
    )
    assert secret_badge(passed, [version(1, "inactive")], now=NOW).text == "All off"
    later = secret(expired_at=NOW + timedelta(seconds=1))
    assert secret_badge(later, [version(1)], now=NOW).tone == "good"


@pytest.mark.parametrize(
    ("status", "badge"),
    [
        ("active", Badge("On", "good")),
        ("inactive", Badge("Off", "muted")),
        (None, Badge("Not known", "muted")),
        ("ACTIVE", Badge("Not known", "muted")),
        ("<b>active</b>", Badge("Not known", "muted")),
    ],
)
def test_a_versions_status_in_a_word(status: str | None, badge: Badge) -> None:
    assert version_badge(version(1, status)) == badge


@pytest.mark.parametrize(
    ("distance", "tone"),
    [
        (timedelta(days=-1), "bad"),
        (timedelta(), "bad"),
        (timedelta(seconds=1), "warning"),
        (timedelta(days=30), "warning"),
        (timedelta(days=30, seconds=1), None),
    ],
)
def test_an_expiry_is_coloured_when_it_is_near_or_passed(
    distance: timedelta, tone: str | None
) -> None:
    assert expiry_tone(NOW + distance, now=NOW) == tone


def test_no_expiry_has_no_colour() -> None:
    assert expiry_tone(None, now=NOW) is None

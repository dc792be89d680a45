"""The calendar file holds what the work list shows, line by line, whatever secrets are called."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from secret_manager import Summary
from secrets_ui.calendar import calendar_of
from tests.secrets_ui.summaries import a_secret

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
EXPIRY = datetime(2026, 12, 4, 14, 59, tzinfo=UTC)
PLACE = "https://secrets.example.com/organizations/1410000000000/secrets/"


def written(entries: Sequence[Summary]) -> bytes:
    return calendar_of(
        entries,
        organization_id="1410000000000",
        list_address=PLACE,
        meaning="A reminder.",
        now=NOW,
    )


def names_of_lines(content: bytes) -> list[str]:
    """The names of all properties, once folded lines are put together (RFC 5545, 3.1)."""
    lines = content.decode().replace("\r\n ", "").splitlines()
    return [line.partition(":")[0] for line in lines if line]


def test_an_event_says_what_expires_when_and_where_it_is() -> None:
    secret = a_secret(id="7", name="bank-api", expired_at=int(EXPIRY.timestamp()))
    (event,) = Calendar.from_ical(written([secret])).walk("VEVENT")
    assert event["summary"] == "bank-api expires"
    assert event.decoded("dtstart") == EXPIRY
    assert event["url"] == f"{PLACE}7/"
    assert event["description"] == "A reminder."
    assert event["uid"] == "expiry-1410000000000-7@secrets-dashboard"


def test_taken_in_again_it_is_the_same_event_also_when_it_moved() -> None:
    secret = a_secret(expired_at=int(EXPIRY.timestamp()))
    later = secret._replace(expired_at=int(EXPIRY.timestamp()) + 86_400, name="other")
    one, other = (Calendar.from_ical(written([each])).walk("VEVENT")[0] for each in (secret, later))
    assert one["uid"] == other["uid"]
    assert one.decoded("dtstart") != other.decoded("dtstart")


def test_what_has_no_expiry_is_left_out() -> None:
    assert Calendar.from_ical(written([a_secret()])).walk("VEVENT") == []


@pytest.mark.parametrize(
    "name",
    [
        "a\r\nEND:VEVENT\r\nBEGIN:VALARM",
        "a\nATTACH:https://evil.example/",
        "a\x85b\u2028c\u2029d",
        "a\0b\x1b[2J",
        "\u202eabc",
        "a;b,c:d\\n",
        "half \udce9 of a character",
        "名前" * 60,
        "",
    ],
)
def test_no_name_breaks_a_line(name: str) -> None:
    plain = a_secret(id="7", name="plain", expired_at=int(EXPIRY.timestamp()))
    hostile = written([plain._replace(name=name)])
    assert names_of_lines(hostile) == names_of_lines(written([plain]))
    (event,) = Calendar.from_ical(hostile).walk("VEVENT")
    assert event["summary"].endswith(" expires")


@given(st.text())
def test_no_text_at_all_breaks_a_line(name: str) -> None:
    plain = a_secret(id="7", name="plain", expired_at=int(EXPIRY.timestamp()))
    assert names_of_lines(written([plain._replace(name=name)])) == names_of_lines(written([plain]))


@pytest.mark.parametrize("seconds", [-(10**9), 0, 253_402_300_799, 10**15])
def test_any_moment_that_the_api_says_can_be_written(seconds: int) -> None:
    assert written([a_secret(expired_at=seconds)]).count(b"BEGIN:VEVENT") == 1

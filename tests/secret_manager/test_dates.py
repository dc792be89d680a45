"""What an answer's Date tells about the server's clock."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secret_manager import SecretManagerClient, Transport
from secret_manager.dates import clock_offset, http_date

from .helpers import ROOT, SECRET, SECRET_DOCUMENT, failure_of

NOW = datetime(2025, 1, 1, 12, tzinfo=UTC)
HOUR, NONE = timedelta(hours=1), timedelta(0)


@pytest.fixture
def transport():
    return Transport(ROOT, now=lambda: NOW, sleep=lambda seconds: None)


@pytest.fixture
def client(transport):
    return SecretManagerClient(None, transport=transport)


def answering(api, date, **options):
    """Let the server answer from now on with this Date: a moment, any text, or none at all."""
    if isinstance(date, datetime):
        date = format_datetime(date, usegmt=True)
    api.reset()
    headers = {} if date is None else {"Date": date}
    api.get(SECRET, **{"json": SECRET_DOCUMENT, "headers": headers, **options})


def offset(date, took=NONE):
    text = format_datetime(date, usegmt=True)
    return clock_offset({"date": text}, sent=NOW - took, received=NOW)


def test_before_any_answer_the_clocks_are_taken_for_the_same(client):
    assert client.clock_offset == NONE


def test_a_clock_that_is_ahead_is_found_out_for_everybody_on_this_transport(client, transport, api):
    answering(api, NOW + HOUR)
    client.get_secret("10", "20")
    assert client.clock_offset == HOUR
    assert SecretManagerClient(transport=transport).clock_offset == HOUR
    assert SecretManagerClient(transport=Transport(ROOT)).clock_offset == NONE


def test_a_clock_that_was_put_right_is_found_out_too(client, api):
    for date, expected in ((NOW + HOUR, HOUR), (NOW, NONE)):
        answering(api, date)
        client.get_secret("10", "20")
        assert client.clock_offset == expected


@pytest.mark.parametrize("date", [None, "", "soon", "Wed, 01 Jan 2025 12:00:00 -0000", "9" * 5000])
def test_an_answer_without_a_usable_date_changes_nothing(client, api, date):
    answering(api, date)
    client.get_secret("10", "20")
    assert client.clock_offset == NONE
    answering(api, NOW + HOUR)
    client.get_secret("10", "20")
    answering(api, date)
    client.get_secret("10", "20")
    assert client.clock_offset == HOUR


@pytest.mark.parametrize("status", [302, 400, 404, 502])
def test_only_a_good_answer_tells_the_time(client, api, status):
    answering(api, NOW + HOUR, status=status)
    failure_of(lambda: client.get_secret("10", "20"))
    assert client.clock_offset == NONE


def test_a_date_that_the_way_explains_is_no_offset():
    took = timedelta(seconds=5)
    for seconds in range(6):
        assert offset(NOW - timedelta(seconds=seconds), took) == NONE
    # Dates have whole seconds: one that is half a second old may be written as of now.
    text = format_datetime(NOW - timedelta(seconds=1), usegmt=True)
    moment = NOW - timedelta(milliseconds=500)
    assert clock_offset({"date": text}, sent=moment, received=moment) == NONE


def test_what_the_way_does_not_explain_is_offset():
    took = timedelta(seconds=5)
    assert offset(NOW + HOUR, took) == HOUR
    assert offset(NOW - HOUR, took) == -HOUR + took + timedelta(seconds=1)


@pytest.mark.parametrize("year", [1, 1970, 2023, 2027, 9999])
def test_a_date_that_is_years_off_is_not_believed(year):
    assert offset(NOW.replace(year=year)) is None


@given(st.text(max_size=80) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ [\d:]+ \S+"))
def test_no_date_breaks_the_reading(text):
    moment = http_date(text)
    assert moment is None or moment.tzinfo is not None
    found = clock_offset({"date": text}, sent=NOW, received=NOW)
    assert found is None or abs(found) <= timedelta(days=366)

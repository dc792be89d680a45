"""A session ends when nobody is there. What a page asks by itself is nobody."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Person
from accounts.sessions import NOTED_EVERY, SEEN_AT, SessionStore
from tests.accounts.conftest import PASSWORD
from tests.accounts.support import PEOPLE, SIGN_IN, browser_of
from tests.accounts.test_sessions import cookie_of

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
STATE, ASKING = "/accounts/session/", "/accounts/session/?auto"
IDLE = 15 * 60
each_copy = pytest.mark.parametrize("in_cache", [True, False], ids=["cached", "stored"])


class Clock:
    """Time that goes on only when a test says so."""

    def __init__(self, traveller: Any) -> None:
        self._start, self._traveller = timezone.now(), traveller

    def at(self, seconds: float) -> None:
        """Be so long after the sign-in."""
        self._traveller.move_to(self._start + timedelta(seconds=seconds))


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def at_desk(clock: Clock, person: Person) -> Client:
    return browser_of(person)


def stay_until(clock: Clock, browser: Client, *, hours: int) -> None:
    """Press the button as seldom as one may."""
    for seconds in range(0, hours * 60 * 60, IDLE - 1):
        clock.at(seconds)
        assert browser.post(STATE).status_code == 200


def is_over(at_desk: Client, *, in_cache: bool = False) -> bool:
    """Ask without being noted, from the copy where it is kept that long, or from the row."""
    if not in_cache:
        cache.clear()
    answer = at_desk.get(ASKING)
    assert answer.status_code in {200, 302}
    return answer.status_code == 302


def test_a_session_is_over_after_a_quarter_of_an_hour_without_anybody(
    clock: Clock, at_desk: Client
) -> None:
    clock.at(IDLE - 1)
    assert not is_over(at_desk)
    clock.at(IDLE)
    assert is_over(at_desk)
    assert not Session.objects.exists()


def test_no_copy_in_the_cache_lives_longer(clock: Clock, at_desk: Client) -> None:
    clock.at(IDLE - 1)
    assert not is_over(at_desk)  # and it is copied now, for a minute
    assert "accounts.session" in repr(getattr(cache, "_cache", "accounts.session"))
    clock.at(IDLE)
    assert is_over(at_desk, in_cache=True)
    assert not Session.objects.exists()


def test_how_long_is_a_setting(clock: Clock, at_desk: Client, settings: Settings) -> None:
    settings.SESSION_IDLE_SECONDS = 5 * 60
    clock.at(5 * 60)
    assert is_over(at_desk)


@pytest.mark.parametrize("address", ["/connect/", STATE, "/accounts/people/?q=x", "/nowhere/"])
@each_copy
def test_whoever_does_something_stays(
    clock: Clock, at_desk: Client, address: str, in_cache: bool
) -> None:
    clock.at(IDLE - 10)
    at_desk.get(address)
    clock.at(IDLE + 30)
    assert not is_over(at_desk, in_cache=in_cache)
    clock.at(2 * IDLE - 10)
    assert is_over(at_desk)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS"])
def test_every_method_is_somebody(clock: Clock, at_desk: Client, method: str) -> None:
    clock.at(IDLE - 10)
    at_desk.generic(method, "/connect/")
    clock.at(IDLE + 30)
    assert not is_over(at_desk)


@pytest.mark.parametrize("address", [ASKING, "/connect/?auto", "/connect/?a=1&auto=1", "/?auto="])
def test_asking_keeps_nobody_signed_in(clock: Clock, at_desk: Client, address: str) -> None:
    for seconds in range(0, IDLE, 60):
        clock.at(seconds)
        at_desk.get(address)
    clock.at(IDLE)
    assert is_over(at_desk)


def test_asking_tells_how_long_it_lasts(clock: Clock, at_desk: Client) -> None:
    clock.at(IDLE - 100)
    assert at_desk.get(ASKING).json()["ends_in"] == 100
    clock.at(IDLE - 40)
    answer = at_desk.get(ASKING).json()
    assert (answer["ends_in"], answer["can_stay"]) == (40, True)
    assert "Stay signed in" in answer["words"]


def test_one_click_renews(clock: Clock, at_desk: Client) -> None:
    clock.at(IDLE - 1)
    answer = at_desk.post(STATE)
    assert answer.json()["ends_in"] == IDLE
    clock.at(2 * IDLE - 2)
    assert not is_over(at_desk)
    clock.at(2 * IDLE - 1)
    assert is_over(at_desk)


def test_renewing_takes_the_token_of_a_form(clock: Clock, person: Person) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    clock.at(IDLE - 1)
    assert browser.post(ASKING).status_code == 403
    clock.at(IDLE)
    assert is_over(browser)


def test_nobody_renews_a_session_that_is_over(clock: Clock, at_desk: Client) -> None:
    clock.at(IDLE)
    assert at_desk.post(STATE).status_code == 302
    assert is_over(at_desk)


def test_renewing_never_goes_past_the_last_hour(clock: Clock, at_desk: Client) -> None:
    stay_until(clock, at_desk, hours=8)
    clock.at(8 * 60 * 60 - 90)
    answer = at_desk.post(STATE).json()
    assert (answer["ends_in"], answer["can_stay"]) == (90, False)
    assert "Save what you are doing" in answer["words"]
    clock.at(8 * 60 * 60)
    assert is_over(at_desk)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE"])
def test_other_methods_say_nothing(at_desk: Client, method: str) -> None:
    assert at_desk.generic(method, STATE).status_code == 405


def test_signing_in_again_starts_anew(clock: Clock, person: Person) -> None:
    browser = Client()
    clock.at(8 * 60 * 60 - 60)
    browser.post(SIGN_IN, {"username": "hanako", "password": PASSWORD})
    clock.at(8 * 60 * 60 + 10 * 60)
    assert not is_over(browser)


def test_presence_is_written_once_in_half_a_minute(
    clock: Clock, at_desk: Client, django_assert_num_queries: Callable
) -> None:
    at_desk.get(STATE)
    clock.at(NOTED_EVERY - 1)
    with django_assert_num_queries(0):
        at_desk.get(STATE)
    clock.at(NOTED_EVERY)
    with django_assert_num_queries(5):  # the row held, read and written, and when they were seen
        at_desk.get(STATE)
    assert at_desk.session[SEEN_AT] == int(timezone.now().timestamp())


def test_administrators_see_when_somebody_was_last_here(
    clock: Clock, at_desk: Client, person: Person
) -> None:
    clock.at(100)
    at_desk.get(STATE)
    seen = timezone.now()
    clock.at(200)
    at_desk.get(ASKING)
    person.refresh_from_db()
    assert person.last_seen_at == seen


def test_trouble_with_noting_takes_no_answer_away(
    clock: Clock, at_desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.at(100)

    def fail(*args: object, **named: object) -> None:
        raise DatabaseError("locked")

    monkeypatch.setattr(SessionStore, "_update", fail)
    assert at_desk.get(STATE).status_code == 200


def test_whoever_is_signed_out_meanwhile_is_not_noted_back(
    clock: Clock, at_desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.at(100)
    ends_in = SessionStore.ends_in

    def overtaken(session: SessionStore) -> int:
        SessionStore(cookie_of(at_desk)).flush()
        return ends_in(session)

    monkeypatch.setattr(SessionStore, "ends_in", overtaken)
    assert at_desk.get(STATE).headers["Location"] == SIGN_IN
    assert not Session.objects.exists()


# What a page counts from


def seconds_on(page: Any) -> int:
    found = re.search(r'data-session-ends="(\d+)"', page.content.decode())
    assert found, "The page does not say when the session ends."
    return int(found[1])


def test_a_page_says_how_long_the_session_lasts(clock: Clock, at_desk: Client) -> None:
    assert seconds_on(at_desk.get(PEOPLE)) == IDLE
    clock.at(20)
    assert seconds_on(at_desk.get(PEOPLE)) == IDLE - 20


def test_opening_a_page_in_the_last_minutes_warns_nobody(clock: Clock, at_desk: Client) -> None:
    """It renews the session, so it must not say that the session ends."""
    clock.at(IDLE - 30)
    assert seconds_on(at_desk.get(PEOPLE)) == IDLE
    assert at_desk.get(ASKING).json()["ends_in"] == IDLE


def test_a_page_that_loads_itself_still_warns(clock: Clock, at_desk: Client) -> None:
    clock.at(IDLE - 30)
    assert seconds_on(at_desk.get(f"{PEOPLE}?auto")) == 30


def test_a_page_of_the_last_hour_says_so(clock: Clock, at_desk: Client) -> None:
    stay_until(clock, at_desk, hours=8)
    clock.at(8 * 60 * 60 - 90)
    assert seconds_on(at_desk.get(PEOPLE)) == 90


def test_a_visitor_is_told_nothing_about_sessions(client: Client) -> None:
    assert "data-session" not in client.get(SIGN_IN).content.decode()

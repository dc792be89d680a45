import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import DatabaseError, connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Person
from accounts.sessions import BEGAN_AT, SessionStore
from tests.accounts import cached
from tests.accounts.conftest import PASSWORD
from tests.product_settings import settings_with
from tests.services.storage import running_redis

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
PAGE = "/accounts/session/"


def cookie_of(browser: Client) -> str:
    return browser.cookies["sessionid"].value


def browser_with(cookie: str) -> Client:
    browser = Client()
    browser.cookies["sessionid"] = cookie
    return browser


def is_signed_in(browser: Client) -> bool:
    return browser.get(PAGE).status_code == 200


def sign_out(browser: Client) -> None:
    assert browser.post("/accounts/sign-out/").status_code == 302


def everything_in_the_database() -> str:
    rows = Session.objects.all()
    return repr([(row.session_key, row.session_data, row.get_decoded()) for row in rows])


def test_a_session_is_kept_from_page_to_page(signed_in: Client) -> None:
    session = signed_in.session
    session["note"] = ["雪", 1, None]
    session.save()
    assert browser_with(cookie_of(signed_in)).session["note"] == ["雪", 1, None]
    cache.clear()
    assert browser_with(cookie_of(signed_in)).session["note"] == ["雪", 1, None]


def test_the_cookie_is_in_neither_database_nor_cache(signed_in: Client) -> None:
    assert is_signed_in(signed_in)
    cookie = cookie_of(signed_in)
    assert "accounts.session." in cached.everything()
    assert cookie not in everything_in_the_database()
    assert cookie not in cached.everything()


def test_the_name_of_a_row_is_no_cookie(signed_in: Client) -> None:
    (row,) = Session.objects.all()
    assert row.session_key == hashlib.sha256(cookie_of(signed_in).encode()).hexdigest()[:40]
    assert not is_signed_in(browser_with(row.session_key))


def test_a_warm_page_asks_the_database_for_neither_session_nor_person(
    signed_in: Client, django_assert_num_queries: Callable
) -> None:
    assert is_signed_in(signed_in)
    with (
        django_assert_num_queries(0, connection=connections["default"]),
        django_assert_num_queries(0, connection=connections["emulator"]),
    ):
        assert is_signed_in(signed_in)


def test_a_cold_page_asks_once_for_each(
    signed_in: Client, django_assert_num_queries: Callable
) -> None:
    cache.clear()
    with django_assert_num_queries(2):
        assert is_signed_in(signed_in)


def test_signing_out_ends_the_session_and_its_copy(signed_in: Client) -> None:
    assert is_signed_in(signed_in)
    stolen = browser_with(cookie_of(signed_in))
    assert is_signed_in(stolen)
    sign_out(signed_in)
    assert not is_signed_in(stolen)
    assert not Session.objects.exists()
    assert SESSION_KEY not in cached.everything()


def test_a_session_that_ends_while_it_is_read_does_not_live_on_in_the_cache(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    stolen = browser_with(cookie_of(signed_in))
    with monkeypatch.context() as patch:
        read = DatabaseSessions.load

        def overtaken(self: SessionStore) -> dict:
            data = read(self)
            SessionStore(cookie_of(signed_in)).flush()
            return data

        patch.setattr(DatabaseSessions, "load", overtaken)
        stolen.get(PAGE)
    assert not is_signed_in(stolen)


def test_a_reader_that_is_late_does_not_hide_what_was_saved_meanwhile(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    with monkeypatch.context() as patch:
        read = DatabaseSessions.load

        def overtaken(self: SessionStore) -> dict:
            data = read(self)
            patch.undo()
            other = SessionStore(cookie_of(signed_in))
            other["note"] = "newer"
            other.save()
            return data

        patch.setattr(DatabaseSessions, "load", overtaken)
        SessionStore(cookie_of(signed_in)).load()
    assert SessionStore(cookie_of(signed_in))["note"] == "newer"


def test_what_could_not_be_written_is_not_in_the_cache(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = SessionStore(cookie_of(signed_in))
    session["note"] = "never written"
    commit = connections["default"].savepoint_commit  # each test is a transaction already

    def fail_once(savepoint: str) -> None:
        monkeypatch.setattr(connections["default"], "savepoint_commit", commit)
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(connections["default"], "savepoint_commit", fail_once)
    with pytest.raises(DatabaseError):
        session.save()
    assert "note" not in SessionStore(cookie_of(signed_in))


def test_a_session_that_ended_cannot_be_saved_back(signed_in: Client) -> None:
    under_way = SessionStore(cookie_of(signed_in))
    under_way["note"] = "late"
    sign_out(signed_in)
    with pytest.raises(UpdateError):
        under_way.save()
    assert not Session.objects.exists()
    assert not is_signed_in(browser_with(under_way.session_key))


def test_signing_in_changes_the_cookie_and_drops_the_old_session(person: Person) -> None:
    before = SessionStore()
    before["note"] = "planted"
    before.save()
    browser = browser_with(before.session_key)
    browser.post("/accounts/sign-in/", {"username": "hanako", "password": PASSWORD})
    assert is_signed_in(browser)
    assert cookie_of(browser) != before.session_key
    assert SessionStore(before.session_key).load() == {}


def test_every_copy_is_gone_after_a_minute(signed_in: Client) -> None:
    assert is_signed_in(signed_in)
    left = cached.seconds_left()
    assert len(left) >= 2  # the session and the person
    assert all(0 < seconds <= 60 for seconds in left)


def test_a_session_whose_time_is_over_is_not_loaded(signed_in: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    cache.clear()
    assert not is_signed_in(signed_in)


def use(session: SessionStore) -> None:
    session["used"] = session.get("used", 0) + 1
    session.save()


def test_a_session_that_is_used_all_day_ends_eight_hours_after_sign_in(
    person: Person, settings: Settings
) -> None:
    settings.SESSION_IDLE_SECONDS = 9 * 60 * 60
    morning = timezone.now()
    with time_machine.travel(morning, tick=False) as clock:
        browser = Client()
        browser.force_login(person)
        for hours in (4, 7.9):
            clock.move_to(morning + timedelta(hours=hours))
            cache.clear()
            use(SessionStore(cookie_of(browser)))
            assert is_signed_in(browser)
        clock.move_to(morning + timedelta(hours=8))
        cache.clear()
        assert not is_signed_in(browser)
        assert SessionStore(cookie_of(browser)).load() == {}


def test_no_copy_outlives_its_session(signed_in: Client, settings: Settings) -> None:
    assert is_signed_in(signed_in)
    settings.SESSION_COOKIE_AGE = 0  # eight hours later, as far as a session can tell
    assert "accounts.session." in cached.everything()
    assert not is_signed_in(signed_in)
    assert not Session.objects.exists()
    assert SESSION_KEY not in cached.everything()


def test_a_session_that_ends_during_a_request_is_not_saved(signed_in: Client) -> None:
    under_way = SessionStore(cookie_of(signed_in))
    under_way["note"] = "late"
    with (
        time_machine.travel(timezone.now() + timedelta(hours=8), tick=False),
        pytest.raises(UpdateError),
    ):
        under_way.save()


def test_a_session_that_does_not_say_when_it_began_is_over(signed_in: Client) -> None:
    session = SessionStore(cookie_of(signed_in))
    del session[BEGAN_AT]
    session.save()
    assert not is_signed_in(signed_in)


def test_signing_in_begins_a_session_of_eight_hours(person: Person, settings: Settings) -> None:
    settings.SESSION_IDLE_SECONDS = 9 * 60 * 60
    with time_machine.travel(timezone.now() - timedelta(hours=7), tick=False):
        before = SessionStore()
        before["note"] = "looked at the sign-in page"
        before.save()
    browser = browser_with(before.session_key)
    browser.post("/accounts/sign-in/", {"username": "hanako", "password": PASSWORD})
    with time_machine.travel(timezone.now() + timedelta(hours=7.9), tick=False):
        cache.clear()
        assert is_signed_in(browser)


def test_a_made_up_cookie_is_not_taken_over(person: Person) -> None:
    browser = browser_with("a" * 32)
    assert not is_signed_in(browser)
    session = SessionStore("a" * 32)
    session["note"] = "mine now"
    session.save()
    assert session.session_key != "a" * 32


def test_two_sessions_know_nothing_of_each_other(signed_in: Client) -> None:
    other = SessionStore()
    other["note"] = "other"
    other.save()
    assert "note" not in SessionStore(cookie_of(signed_in))
    assert SESSION_KEY not in SessionStore(other.session_key)


def test_a_new_session_never_takes_a_name_that_is_there(signed_in: Client) -> None:
    assert SessionStore().exists(cookie_of(signed_in))
    assert not SessionStore().exists("b" * 32)


def test_a_lost_redis_loses_no_session(signed_in: Client, lose_redis: Callable) -> None:
    assert is_signed_in(signed_in)
    lose_redis()
    assert is_signed_in(signed_in)
    session = signed_in.session
    session["note"] = "kept without Redis"
    session.save()
    assert browser_with(cookie_of(signed_in)).session["note"] == "kept without Redis"


def test_people_sign_in_and_out_without_redis(person: Person, lose_redis: Callable) -> None:
    lose_redis()
    browser = Client()
    browser.post("/accounts/sign-in/", {"username": "hanako", "password": PASSWORD})
    assert is_signed_in(browser)
    stolen = browser_with(cookie_of(browser))
    sign_out(browser)
    assert not is_signed_in(stolen)


def test_redis_holds_json_that_nobody_unpickles(
    signed_in: Client, settings: Settings, tmp_path: Path
) -> None:
    with running_redis() as address:
        settings.CACHES = settings_with(tmp_path, CACHE_URL=address)["CACHES"]
        assert is_signed_in(signed_in)
        redis = cache.client.get_client()
        documents = {name: json.loads(redis.get(name)) for name in redis.keys("*")}
        assert len(documents) == 2
        assert is_signed_in(signed_in)

"""A session gets another cookie when more can be done with it. The old one brings nothing back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.entry import end_sessions
from accounts.middleware import SessionMiddleware
from accounts.models import Person
from accounts.roles import Role
from accounts.sessions import SessionStore
from secret_manager import Credential
from secrets_ui import connection as connections
from secrets_ui.connection import Connection
from secrets_ui.views import confirm
from tests.accounts.conftest import PASSWORD
from tests.accounts.support import CONFIRM, PEOPLE, SIGN_IN, browser_of, request_of, somebody
from tests.accounts.test_sessions import browser_with, cookie_of, is_signed_in

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
ORGANIZATION = "1410000000000"
TOKEN = "canary-token-4c1f"
STATE = "/accounts/session/"


def connect(browser: Client, person: Person, *, organization_id: str = ORGANIZATION) -> None:
    """Keep a credential in a session, as the connect page does."""
    session = browser.session
    connection = Connection(
        organization_id=organization_id, label="Ours", credential=Credential.bearer(TOKEN)
    )
    connections.keep(session, person_id=person.pk, connection=connection)
    session.save()


def credential_in(
    browser: Client, person: Person, *, organization_id: str = ORGANIZATION
) -> str | None:
    """Return the credential that opens with this browser's cookie."""
    found = connections.find(browser.session, person_id=person.pk, organization_id=organization_id)
    return found.credential.secret if found else None


def by_step_up(browser: Client, person: Person) -> None:
    assert browser.post(CONFIRM, {"proof": PASSWORD}).status_code == 302


def by_another_role(browser: Client, person: Person) -> None:
    person.role = Role.MANAGER if person.role != Role.MANAGER else Role.VIEWER
    person.save()
    assert is_signed_in(browser)


def by_a_role_taken_away(browser: Client, person: Person) -> None:
    person.role = ""
    person.save()
    assert browser.get(STATE).status_code == 403


each_rotation = pytest.mark.parametrize(
    "rotate", [by_step_up, by_another_role, by_a_role_taken_away]
)
Rotate = Callable[[Client, Person], None]


@each_rotation
def test_the_old_cookie_is_dead_at_once(signed_in: Client, person: Person, rotate: Rotate) -> None:
    stolen = browser_with(cookie_of(signed_in))
    assert is_signed_in(stolen)
    rotate(signed_in, person)
    assert cookie_of(signed_in) != cookie_of(stolen)
    assert stolen.get(STATE).status_code == 302
    cache.clear()
    assert stolen.get(STATE).status_code == 302
    assert Session.objects.count() == 1


@each_rotation
def test_the_credentials_come_along_and_open_with_the_new_cookie_only(
    signed_in: Client, person: Person, rotate: Rotate
) -> None:
    connect(signed_in, person)
    sealed_before = signed_in.session["connections"]
    rotate(signed_in, person)
    assert credential_in(signed_in, person) == TOKEN
    sealed_now = signed_in.session["connections"]

    # What was sealed for the old cookie opens with no new one.
    session = signed_in.session
    session["connections"] = sealed_before
    assert connections.find(session, person_id=person.pk, organization_id=ORGANIZATION) is None
    # What is sealed for the new one opens with no other, and for nobody else.
    other = browser_of(person).session
    other["connections"] = sealed_now
    assert connections.find(other, person_id=person.pk, organization_id=ORGANIZATION) is None
    stranger = somebody(Role.MANAGER).pk
    session["connections"] = sealed_now
    assert connections.find(session, person_id=stranger, organization_id=ORGANIZATION) is None


def test_a_credential_that_does_not_open_does_not_come_along(
    signed_in: Client, person: Person
) -> None:
    connect(signed_in, person)
    other = browser_of(person)
    session = other.session
    session["connections"] = signed_in.session["connections"]  # copied from row to row
    session.save()
    connect(other, person, organization_id="1420000000000")
    by_step_up(other, person)
    assert credential_in(other, person) is None
    assert credential_in(other, person, organization_id="1420000000000") == TOKEN
    assert list(other.session["connections"]) == ["1420000000000"]


def test_signing_in_again_as_somebody_else_takes_no_credential_along(
    signed_in: Client, person: Person
) -> None:
    connect(signed_in, person)
    sealed = signed_in.session["connections"]
    taro = somebody(Role.VIEWER, "taro", password=PASSWORD)
    signed_in.force_login(taro)
    assert "connections" not in signed_in.session
    assert SESSION_KEY in signed_in.session
    assert sealed


def test_a_planted_cookie_is_worth_nothing_after_signing_in(person: Person) -> None:
    attacker = Client()
    session = SessionStore()
    session["note"] = "planted"
    session.save()
    attacker.cookies["sessionid"] = session.session_key
    victim = browser_with(session.session_key)
    victim.post(SIGN_IN, {"username": "hanako", "password": PASSWORD})
    assert is_signed_in(victim)
    assert not is_signed_in(attacker)


@each_rotation
def test_a_new_cookie_is_no_new_session(
    signed_in: Client, person: Person, settings: Settings, rotate: Rotate
) -> None:
    """Whoever proves again who they are is signed out eight hours after they came in all the same."""
    settings.SESSION_IDLE_SECONDS = 24 * 60 * 60
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        browser = browser_of(person)
        clock.move_to(start + timedelta(hours=7.9))
        rotate(browser, person)
        clock.move_to(start + timedelta(hours=8))
        assert browser.get(STATE).status_code == 302
        cache.clear()
        assert browser.get(STATE).status_code == 302


def test_ending_somebodys_sessions_ends_what_was_rotated(signed_in: Client, person: Person) -> None:
    by_step_up(signed_in, person)
    person.refresh_from_db()
    end_sessions(person)
    assert not is_signed_in(signed_in)


def test_each_session_is_rotated_once_for_a_new_role(signed_in: Client, person: Person) -> None:
    other = browser_of(person)
    assert is_signed_in(other)
    by_another_role(signed_in, person)
    cookie, others = cookie_of(signed_in), cookie_of(other)
    assert is_signed_in(signed_in)
    assert cookie_of(signed_in) == cookie
    assert is_signed_in(other)
    assert cookie_of(other) != others


# Two requests at once


def rotated(cookie: str) -> SessionStore:
    session = SessionStore(cookie)
    session.cycle_key()
    session.save()
    return session


def test_a_new_cookie_brings_nobody_back_who_signed_out(signed_in: Client, person: Person) -> None:
    """Connecting takes seconds: time to sign out in another tab."""
    connect(signed_in, person)
    under_way = SessionStore(cookie_of(signed_in))
    under_way["note"] = "half-way"
    signed_in.post("/accounts/sign-out/")
    with pytest.raises(UpdateError):
        under_way.cycle_key()
    assert not Session.objects.exists()
    assert TOKEN not in repr(Session.objects.all())


def test_whoever_signs_out_during_a_step_up_is_asked_to_sign_in(
    signed_in: Client, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticate = confirm.authenticate

    def overtaken(*args: Any, **credentials: Any) -> Any:
        SessionStore(cookie_of(signed_in)).flush()
        return authenticate(*args, **credentials)

    monkeypatch.setattr(confirm, "authenticate", overtaken)
    answer = signed_in.post(CONFIRM, {"proof": PASSWORD, "next": PEOPLE})
    assert answer.headers["Location"] == SIGN_IN
    assert "sessionid" not in answer.cookies
    assert not Session.objects.exists()


def test_whoever_is_signed_out_while_a_role_changes_is_asked_to_sign_in(
    signed_in: Client, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_signed_in(signed_in)
    ends_in = SessionStore.ends_in

    def overtaken(session: SessionStore) -> int:
        SessionStore(cookie_of(signed_in)).flush()
        return ends_in(session)

    person.role = Role.VIEWER
    person.save()
    monkeypatch.setattr(SessionStore, "ends_in", overtaken)
    assert signed_in.get(STATE).headers["Location"] == SIGN_IN
    assert not Session.objects.exists()


def test_of_two_requests_that_rotate_one_wins(signed_in: Client) -> None:
    first, second = SessionStore(cookie_of(signed_in)), SessionStore(cookie_of(signed_in))
    assert SESSION_KEY in first
    assert SESSION_KEY in second
    first.cycle_key()
    with pytest.raises(UpdateError):
        second.cycle_key()
    assert Session.objects.count() == 1


def test_what_another_request_saved_meanwhile_comes_along(
    signed_in: Client, person: Person
) -> None:
    under_way = SessionStore(cookie_of(signed_in))
    under_way["mine"] = 1
    connect(signed_in, person)
    under_way.cycle_key()
    under_way.save()
    browser = browser_with(under_way.session_key)
    assert browser.session["mine"] == 1
    assert credential_in(browser, person) == TOKEN


def test_a_late_request_does_not_take_the_new_cookie_away(
    signed_in: Client, person: Person
) -> None:
    """It was sent with the old cookie. To a browser, deleting that is deleting the new one."""
    late = browser_with(cookie_of(signed_in))
    by_step_up(signed_in, person)
    answer = late.get(STATE)
    assert answer.headers["Location"].startswith(f"{SIGN_IN}?next=")
    assert "sessionid" not in answer.cookies
    assert "Cookie" in answer.headers["Vary"]


def test_signing_out_does_take_the_cookie_away(signed_in: Client) -> None:
    answer = signed_in.post("/accounts/sign-out/")
    assert answer.cookies["sessionid"]["max-age"] == 0
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


# An answer that fails carries no cookie.


def test_an_answer_that_fails_signs_nobody_out(
    signed_in: Client, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API is down for a moment, just when somebody's role changed."""
    connect(signed_in, person)
    person.role = Role.MANAGER
    person.save()
    with monkeypatch.context() as patch:
        patch.setattr(connections, "summaries", _failing)
        signed_in.raise_request_exception = False
        assert signed_in.get("/").status_code == 500
    before = cookie_of(signed_in)
    assert is_signed_in(signed_in)
    assert cookie_of(signed_in) != before
    assert credential_in(signed_in, person) == TOKEN


def test_a_database_that_fails_while_rotating_costs_no_answer(
    signed_in: Client, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(signed_in, person)
    person.role = Role.MANAGER
    person.save()
    before = cookie_of(signed_in)
    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "create_model_instance", _failing_database)
        assert signed_in.post(STATE).status_code == 200
    assert cookie_of(signed_in) == before
    assert credential_in(signed_in, person) == TOKEN
    assert is_signed_in(signed_in)
    assert cookie_of(signed_in) != before
    assert credential_in(signed_in, person) == TOKEN


def _failing(*args: Any) -> None:
    raise RuntimeError


def _failing_database(*args: Any) -> None:
    raise DatabaseError("locked")


def test_a_session_without_a_person_gets_no_role(client: Client) -> None:
    session = SessionStore()
    session["note"] = "a visitor's"
    session.save()
    visitor = browser_with(session.session_key)
    assert visitor.get(SIGN_IN).status_code == 200
    assert cookie_of(visitor) == session.session_key
    assert "role" not in SessionStore(session.session_key)


def test_a_session_that_a_view_ended_is_not_begun_again(person: Person) -> None:
    request = request_of(person)
    request.session["note"] = "of before"
    request.session.save()
    request.session.flush()
    response = SessionMiddleware(lambda request: HttpResponse()).process_response(
        request, HttpResponse()
    )
    assert not Session.objects.exists()
    assert "sessionid" not in response.cookies

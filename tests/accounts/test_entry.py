"""Coming in through single sign-on: who gets which role, and when nobody comes in."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from accounts.entry import ROLE, SIGNED_IN_AT, NoRole, end_sessions, enter
from accounts.identity import Identity
from accounts.models import Person
from accounts.roles import Role
from accounts.sessions import SessionStore
from audit.models import Event
from audit.trail import TrailUnavailable
from tests.accounts.conftest import PASSWORD
from tests.accounts.support import SIGN_IN, break_trail, browser_of, outcomes, request_of, somebody
from tests.accounts.test_sessions import is_signed_in

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


@pytest.fixture
def single_sign_on(settings: Settings) -> Settings:
    settings.AUTH_MODE = "oidc"
    settings.ROLE_MAP = "bosses=manager; staff=viewer; auditors=auditor"
    return settings


def who(*groups: str, **facts: Any) -> Identity:
    known = {"issuer": "https://sso.example.com", "subject": "7", "name": "花子"}
    return Identity(**{**known, "groups": groups, **facts})


def come_in(identity: Identity, request: HttpRequest | None = None) -> Person:
    return enter(request or request_of(), identity)


def test_whoever_is_vouched_for_comes_in_with_a_role(single_sign_on: Settings) -> None:
    request = request_of(REMOTE_ADDR="192.0.2.7")
    person = come_in(who("staff", email="hanako@example.com"), request)
    assert (person.display_name, person.role) == ("花子", "viewer")
    assert person.email == "hanako@example.com"
    assert request.user == person
    assert request.session[ROLE] == "viewer"
    assert outcomes("person.signed_in") == ["attempted", "ok"]
    assert outcomes("role.changed") == ["attempted", "ok"]
    change = Event.objects.filter(action="role.changed").last()
    assert (change.detail, change.person_id) == ("花子: - to viewer", person.pk)
    assert change.actor_address == "192.0.2.7"


def test_a_person_is_known_by_issuer_and_subject_together(single_sign_on: Settings) -> None:
    first = come_in(who("staff"))
    again = come_in(who("staff", name="山田 花子", email="h@example.com"))
    other_subject = come_in(who("staff", subject="70"))
    other_issuer = come_in(who("staff", issuer="https://sso.example.com\n7"))
    assert again == first
    assert (again.name, again.email) == ("山田 花子", "h@example.com")
    assert len({first.pk, other_subject.pk, other_issuer.pk}) == 3


def test_nobody_takes_over_an_account_that_is_kept_here(
    person: Person, single_sign_on: Settings
) -> None:
    came = come_in(who("staff", subject="hanako", name="hanako"))
    assert came != person
    person.refresh_from_db()
    assert person.role == Role.ADMINISTRATOR


def test_the_role_is_todays(single_sign_on: Settings) -> None:
    roles = [come_in(who(*groups)).role for groups in (["staff"], ["bosses"], ["staff"])]
    assert roles == ["viewer", "manager", "viewer"]
    changes = Event.objects.filter(action="role.changed", outcome="ok").order_by("sequence")
    assert [change.detail for change in changes] == [
        "花子: - to viewer",
        "花子: viewer to manager",
        "花子: manager to viewer",
    ]


def test_a_role_that_is_the_same_is_no_change(single_sign_on: Settings) -> None:
    come_in(who("staff"))
    come_in(who("staff"))
    assert outcomes("role.changed") == ["attempted", "ok"]


@pytest.mark.parametrize("groups", [[], ["guests"]])
def test_nobody_without_a_role_comes_in(single_sign_on: Settings, groups: list[str]) -> None:
    person = come_in(who("staff"))
    request = request_of(person)
    request.session["note"] = "of before"
    request.session.save()
    before = request.session.session_key
    with pytest.raises(NoRole):
        come_in(who(*groups), request)
    assert not request.user.is_authenticated
    assert SessionStore(before).load() == {}
    assert not request.session.keys()
    assert outcomes("person.signed_in")[-1] == "denied"
    person.refresh_from_db()
    assert person.role == ""


def test_somebody_who_was_disabled_does_not_come_in(single_sign_on: Settings) -> None:
    person = come_in(who("staff"))
    person.is_active = False
    person.save()
    request = request_of()
    with pytest.raises(NoRole):
        come_in(who("bosses"), request)
    assert not request.user.is_authenticated
    assert outcomes("person.signed_in")[-1] == "denied"


def test_where_it_cannot_be_recorded_nobody_comes_in_and_no_role_changes(
    single_sign_on: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = come_in(who("staff"))
    break_trail(monkeypatch)
    request = request_of()
    with pytest.raises(TrailUnavailable):
        come_in(who("bosses"), request)
    assert not request.user.is_authenticated
    assert not request.session.keys()
    person.refresh_from_db()
    assert person.role == "viewer"


def test_a_role_that_cannot_be_recorded_is_not_given(
    single_sign_on: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt to sign in can be recorded, then the disk is full."""
    create = Event.objects.create
    person = come_in(who("staff"))

    def fails_at_roles(**facts: Any) -> Event:
        if facts["action"] == "role.changed":
            raise OSError("disk full")
        return create(**facts)

    monkeypatch.setattr(Event.objects, "create", fails_at_roles)
    request = request_of()
    with pytest.raises(TrailUnavailable):
        come_in(who("bosses"), request)
    assert not request.user.is_authenticated
    person.refresh_from_db()
    assert person.role == "viewer"


@pytest.mark.parametrize("ago", [0, 100_000])
def test_a_proof_is_as_old_as_the_single_sign_on_says(single_sign_on: Settings, ago: int) -> None:
    proved = datetime.fromtimestamp(int(time.time()) - ago, tz=UTC)
    request = request_of()
    come_in(who("staff", signed_in_at=proved), request)
    assert request.session[SIGNED_IN_AT] == proved.timestamp()


def test_a_planted_session_is_not_the_one_that_somebody_gets(single_sign_on: Settings) -> None:
    planted = SessionStore()
    planted["note"] = "planted"
    planted.save()
    request = request_of()
    request.session = SessionStore(planted.session_key)
    come_in(who("staff"), request)
    assert request.session.session_key != planted.session_key
    assert SessionStore(planted.session_key).load() == {}


def test_a_long_name_keeps_nobody_out(single_sign_on: Settings) -> None:
    """A proxy may say 255 characters; what a line of the trail holds is less."""
    person = come_in(who("staff", name="花" * 255))
    assert come_in(who("staff", name="花" * 255)) == person
    assert person.display_name == "花" * 150


# Whoever comes in by another way than AUTH_MODE names is nobody.


def test_an_account_that_is_kept_here_is_nobody_behind_single_sign_on(
    person: Person, settings: Settings
) -> None:
    browser = browser_of(person)
    assert is_signed_in(browser)
    settings.AUTH_MODE = "oidc"
    cache.clear()
    assert not is_signed_in(browser)


def test_somebody_of_single_sign_on_is_nobody_where_accounts_are_kept_here(
    person: Person, settings: Settings
) -> None:
    person.issuer, person.subject = "https://sso.example.com", "7"
    person.save()
    browser = Client()
    answer = browser.post(SIGN_IN, {"username": "hanako", "password": PASSWORD})
    assert answer.status_code == 422
    assert not is_signed_in(browser)
    assert not is_signed_in(browser_of(person))
    assert Event.objects.get(outcome="denied").actor == "(unknown)"


def test_a_password_opens_nothing_behind_single_sign_on(person: Person, settings: Settings) -> None:
    settings.AUTH_MODE = "proxy"
    browser = Client()
    browser.post(SIGN_IN, {"username": "hanako", "password": PASSWORD})
    assert not is_signed_in(browser)
    assert not Event.objects.exists()
    # Nor by any other page that would ask for one.
    assert authenticate(None, username="hanako", password=PASSWORD) is None


# The end of everybody's sessions at once


def test_ended_sessions_are_over_everywhere_and_new_ones_are_not(person: Person) -> None:
    browsers = [browser_of(person), browser_of(person)]
    other = browser_of(somebody(Role.VIEWER))
    assert all(map(is_signed_in, browsers))
    end_sessions(person)
    assert not any(map(is_signed_in, browsers))
    assert is_signed_in(other)
    assert is_signed_in(browser_of(person))


def test_two_who_end_sessions_at_once_each_end_what_began_before(person: Person) -> None:
    also_read = Person.objects.get(pk=person.pk)
    end_sessions(person)
    between = browser_of(Person.objects.get(pk=person.pk))
    assert is_signed_in(between)
    end_sessions(also_read)
    assert not is_signed_in(between)


@pytest.mark.parametrize(("asked_for", "kept"), [("ja,en;q=0.5", "ja"), ("tlh", "en")])
def test_the_language_of_ones_pages_is_kept_for_what_is_sent_to_one(
    asked_for: str, kept: str, person: Person, settings: Settings
) -> None:
    settings.LANGUAGES = [("en", "English"), ("ja", "Japanese")]
    browser = Client(headers={"Accept-Language": asked_for})
    browser.post(SIGN_IN, {"username": "hanako", "password": PASSWORD})
    person.refresh_from_db()
    assert person.language == kept

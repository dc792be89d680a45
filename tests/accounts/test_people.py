"""What administrators do about people: recorded before and after, and never so that nobody is left."""

import threading
from contextlib import suppress
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from pytest_django import Settings

from accounts import people
from accounts.entry import SIGNED_IN_AT
from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from audit.trail import Actor, TrailUnavailable
from tests.accounts.conftest import PASSWORD
from tests.accounts.support import (
    PEOPLE,
    SIGN_IN,
    break_trail,
    browser_of,
    everything_recorded,
    outcomes,
    somebody,
)
from tests.accounts.test_sessions import is_signed_in
from tests.secrets_ui.conftest import served_databases

__all__ = ["served_databases"]

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
NEW = f"{PEOPLE}new/"
ACTOR = Actor(name="hanako", address="192.0.2.7", person_id=1)
TYPED = {
    "username": "taro",
    "role": "viewer",
    "password1": "a password of taro",
    "password2": "a password of taro",
}


@pytest.fixture
def admin(person: Person) -> Client:
    return browser_of(person)


@pytest.fixture
def taro(db: None) -> Person:
    return somebody(Role.VIEWER, "taro", password=PASSWORD)


def act(browser: Client, person: Person, **typed: str) -> Any:
    return browser.post(f"{PEOPLE}{person.pk}/", typed)


def notes(browser: Client) -> str:
    return browser.get(PEOPLE).content.decode()


def now(person: Person) -> Person:
    return Person.objects.get(pk=person.pk)


# The page


def test_everybody_is_listed_with_role_and_when_they_were_here(admin: Client, taro: Person) -> None:
    page = admin.get(PEOPLE).content.decode()
    assert "hanako" in page
    assert "taro" in page
    assert "Never" in page
    assert '<option value="viewer" selected>' in page


def test_people_are_found_by_name(admin: Client, taro: Person) -> None:
    taro.name = "山田 太郎"
    taro.save()
    for query in ("山田", "TARO"):
        page = admin.get(PEOPLE, {"q": query}).content.decode()
        assert "山田 太郎" in page
        assert '<span class="count">1</span>' in page
    assert "Nobody of this name" in admin.get(PEOPLE, {"q": "100%_"}).content.decode()


@pytest.mark.parametrize("query", ["\0", "tar\0o", "%", "_", "\\", "' or 1=1 --", "x" * 4000])
def test_any_query_has_an_answer(admin: Client, query: str) -> None:
    assert admin.get(PEOPLE, {"q": query}).status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "99", "x", "1" * 5000, "\0"])
def test_any_page_number_has_an_answer(admin: Client, number: str) -> None:
    assert admin.get(PEOPLE, {"page": number}).status_code == 200


def test_many_people_take_several_pages(admin: Client) -> None:
    Person.objects.bulk_create([Person(username=f"p{number:03}") for number in range(60)])
    first = admin.get(PEOPLE).content.decode()
    assert "1 to 50" in first
    assert "p059" not in first
    assert "p059" in admin.get(PEOPLE, {"page": "2"}).content.decode()


def test_a_name_is_text_and_no_markup(admin: Client, taro: Person) -> None:
    taro.name = '<script>alert(1)</script>" onclick="x'
    taro.save()
    assert act(admin, taro, act="end-sessions").status_code == 302
    page = notes(admin)
    assert "<script>alert" not in page
    assert '" onclick="' not in page
    assert "&lt;script&gt;" in page


# Adding


def test_somebody_who_is_added_signs_in(admin: Client) -> None:
    assert admin.post(NEW, TYPED).headers["Location"] == PEOPLE
    assert "taro can sign in now." in notes(admin)
    assert now(Person.objects.get(username="taro")).role == "viewer"
    typed = {"username": "taro", "password": TYPED["password1"]}
    assert Client().post(SIGN_IN, typed).status_code == 302
    assert outcomes("person.added") == ["attempted", "ok"]
    event = Event.objects.filter(action="person.added").last()
    assert event is not None
    assert (event.actor, event.detail) == ("hanako", "taro: viewer")
    assert TYPED["password1"] not in everything_recorded()


@pytest.mark.parametrize(
    "wrong",
    [
        *({"role": ""}, {"role": "root"}, {"username": ""}, {"username": "hanako"}),
        *(
            {"username": "HANAKO"},
            {"username": "ｈａｎａｋｏ"},
            {"username": "a\0b"},
            {"username": "a b"},
        ),
        *(
            {"username": "a\0b"},
            {"username": "(unknown)"},
            {"username": "x" * 151},
            {"password2": "another one here"},
        ),
        *({"password1": "short", "password2": "short"}, {"password1": "", "password2": ""}),
    ],
)
def test_what_cannot_be_added_is_said_and_adds_nobody(admin: Client, wrong: dict[str, str]) -> None:
    page = admin.post(NEW, {**TYPED, **wrong})
    assert page.status_code == 422
    assert TYPED["password1"] not in page.content.decode()
    assert Person.objects.count() == 1
    assert outcomes("person.added") == []


def test_a_new_account_is_made_with_nothing_more_than_was_typed(admin: Client) -> None:
    mighty = {"is_superuser": "on", "is_staff": "on", "issuer": "x", "epoch": "9", "id": "1"}
    admin.post(NEW, {**TYPED, **mighty})
    taro = Person.objects.get(username="taro")
    assert (taro.is_superuser, taro.is_staff, taro.issuer, taro.epoch) == (False, False, "", 0)


def test_no_account_is_made_behind_single_sign_on(
    taro: Person, person: Person, settings: Settings, admin: Client
) -> None:
    assert is_signed_in(admin)  # and so is known for a minute, whatever the mode
    settings.AUTH_MODE = "oidc"
    for method in ("GET", "POST"):
        assert admin.generic(method, NEW).status_code == 404
    assert act(admin, taro, act="role", role="manager").status_code == 404
    assert now(taro).role == Role.VIEWER
    assert "person-add" not in admin.get(PEOPLE).content.decode()


# Roles, the way in, and sessions


def test_another_role_takes_effect_at_once(admin: Client, taro: Person) -> None:
    his = browser_of(taro)
    assert his.get(PEOPLE).status_code == 403
    assert act(admin, taro, act="role", role="administrator").headers["Location"] == PEOPLE
    assert "taro has another role now." in notes(admin)
    assert his.get(PEOPLE).status_code == 200
    assert outcomes("role.changed") == ["attempted", "ok"]
    event = Event.objects.filter(action="role.changed").last()
    assert event is not None
    assert (event.actor, event.detail) == ("hanako", "taro: viewer to administrator")


def test_the_same_role_is_no_change(admin: Client, taro: Person) -> None:
    act(admin, taro, act="role", role="viewer")
    assert outcomes("role.changed") == []


def test_somebody_who_is_not_let_in_is_out_at_once_and_stays_out(
    admin: Client, taro: Person
) -> None:
    his = browser_of(taro)
    assert is_signed_in(his)
    act(admin, taro, act="disable")
    assert "Does not get in" in notes(admin)
    assert not is_signed_in(his)
    typed = {"username": "taro", "password": PASSWORD}
    assert Client().post(SIGN_IN, typed).status_code == 422
    act(admin, taro, act="enable")
    assert not is_signed_in(his), "a session of before comes back with nobody"
    assert Client().post(SIGN_IN, typed).status_code == 302
    assert outcomes("person.changed") == ["attempted", "ok"] * 2


def test_ending_sessions_ends_them_all_and_no_others(admin: Client, taro: Person) -> None:
    theirs = [browser_of(taro), browser_of(taro)]
    assert all(map(is_signed_in, theirs))
    act(admin, taro, act="end-sessions")
    assert not any(map(is_signed_in, theirs))
    assert is_signed_in(admin)
    assert outcomes("sessions.ended") == ["attempted", "ok"]
    assert is_signed_in(browser_of(now(taro)))


def test_whoever_ends_their_own_sessions_is_out_as_well(admin: Client, person: Person) -> None:
    act(admin, person, act="end-sessions")
    assert not is_signed_in(admin)


@pytest.mark.parametrize(
    "typed",
    [
        *({}, {"act": ""}, {"act": "delete"}, {"act": "role"}, {"act": "role", "role": ""}),
        *({"act": "role", "role": "root"}, {"act": "role", "role": "Viewer"}, {"role": "manager"}),
    ],
)
def test_what_is_no_act_does_nothing(admin: Client, taro: Person, typed: dict[str, str]) -> None:
    assert act(admin, taro, **typed).status_code == 404
    assert now(taro).role == Role.VIEWER
    assert not Event.objects.exists()


@pytest.mark.parametrize("number", ["0", "987654", "9" * 25, "9" * 5000])
def test_nobody_is_nobody(admin: Client, number: str) -> None:
    assert admin.post(f"{PEOPLE}{number}/", {"act": "disable"}).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_a_button_acts(admin: Client, taro: Person, method: str) -> None:
    assert admin.generic(method, f"{PEOPLE}{taro.pk}/?act=disable").status_code == 405
    assert now(taro).is_active


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_nobody_else_does_any_of_it(taro: Person, role: Role) -> None:
    browser = browser_of(somebody(role))
    assert browser.post(NEW, {**TYPED, "username": "jiro"}).status_code == 403
    for typed in ({"act": "role", "role": "administrator"}, {"act": "disable"}):
        assert act(browser, taro, **typed).status_code == 403
    assert now(taro).role == Role.VIEWER
    assert now(taro).is_active
    assert Person.objects.count() == 2


def test_it_takes_a_fresh_proof(admin: Client, taro: Person) -> None:
    session = admin.session
    session[SIGNED_IN_AT] = 0
    session.save()
    answers = [
        admin.get(NEW),
        admin.post(NEW, {**TYPED, "username": "jiro"}),
        act(admin, taro, act="disable"),
    ]
    assert all(answer.headers["Location"].startswith("/accounts/confirm/") for answer in answers)
    assert now(taro).is_active
    assert Person.objects.count() == 2
    assert not Event.objects.exists()
    assert admin.get(PEOPLE).status_code == 200  # looking takes none


def test_it_takes_the_token_of_a_form(person: Person, taro: Person) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    assert act(browser, taro, act="disable").status_code == 403
    assert now(taro).is_active


# The trail comes first.


@pytest.mark.parametrize(
    "typed",
    [
        {"act": "end-sessions"},
        {"act": "disable"},
        {"act": "enable"},
        {"act": "role", "role": "manager"},
    ],
    ids=lambda typed: typed["act"],
)
def test_what_cannot_be_recorded_is_not_done(
    admin: Client, taro: Person, typed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    his = browser_of(taro)
    before = Person.objects.filter(pk=taro.pk).values().get()
    with monkeypatch.context() as patch:
        break_trail(patch)
        answer = act(admin, taro, **typed)
    assert answer.status_code == 503
    assert "cannot be recorded in the audit trail" in answer.content.decode()
    assert Person.objects.filter(pk=taro.pk).values().get() == before
    assert is_signed_in(his)


def test_nobody_is_added_unrecorded(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        break_trail(patch)
        assert admin.post(NEW, TYPED).status_code == 503
    assert Person.objects.count() == 1


def test_the_attempt_is_there_before_anything_changes(
    taro: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    save = Person.save

    def watched(person: Person, *args: Any, **named: Any) -> None:
        seen.append(Event.objects.order_by("sequence").last().outcome)  # type: ignore[union-attr]
        save(person, *args, **named)

    somebody(Role.ADMINISTRATOR)
    monkeypatch.setattr(Person, "save", watched)
    people.change_role(actor=ACTOR, person=taro, role=Role.MANAGER)
    people.allow_in(actor=ACTOR, person=taro, is_active=False)
    people.end_all_sessions(actor=ACTOR, person=taro)
    people.add(actor=ACTOR, username="jiro", password=PASSWORD, role=Role.VIEWER)
    assert set(seen) == {"attempted"}


# Somebody has to be left who may look after people.


@pytest.mark.parametrize(
    "typed",
    [{"act": "disable"}, {"act": "role", "role": "manager"}],
    ids=["disabled", "another role"],
)
@pytest.mark.parametrize("others", ["nobody", "disabled", "of another mode", "auditor"])
def test_the_last_administrator_stays_one(
    admin: Client, person: Person, typed: dict[str, str], others: str
) -> None:
    if others == "disabled":
        somebody(Role.ADMINISTRATOR, is_active=False)
    elif others == "of another mode":
        somebody(Role.ADMINISTRATOR, issuer="https://sso.example.com", subject="7")
    elif others == "auditor":
        somebody(Role.AUDITOR)
    assert act(admin, person, **typed).headers["Location"] == PEOPLE
    assert "hanako is the only administrator." in notes(admin)
    assert now(person).role == Role.ADMINISTRATOR
    assert now(person).is_active
    assert is_signed_in(admin)
    (refused,) = Event.objects.filter(outcome="denied")
    assert refused.action in {"person.changed", "role.changed"}


@pytest.mark.parametrize("typed", [{"act": "disable"}, {"act": "role", "role": "manager"}])
def test_one_of_two_administrators_may_go(
    admin: Client, person: Person, typed: dict[str, str]
) -> None:
    somebody(Role.ADMINISTRATOR)
    act(admin, person, **typed)
    assert now(person).role != Role.ADMINISTRATOR or not now(person).is_active


def test_somebody_else_may_go_while_there_is_one_administrator(admin: Client, taro: Person) -> None:
    act(admin, taro, act="disable")
    act(admin, taro, act="role", role="auditor")
    assert (now(taro).role, now(taro).is_active) == (Role.AUDITOR, False)


def test_behind_single_sign_on_those_count_who_come_from_there(
    person: Person, settings: Settings
) -> None:
    settings.AUTH_MODE = "oidc"
    only = somebody(Role.ADMINISTRATOR, "sso-1", issuer="https://sso.example.com", subject="1")
    with pytest.raises(people.LastAdministrator):
        people.allow_in(actor=ACTOR, person=only, is_active=False)
    somebody(Role.ADMINISTRATOR, "sso-2", issuer="https://sso.example.com", subject="2")
    people.allow_in(actor=ACTOR, person=only, is_active=False)
    assert not now(only).is_active


@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
@pytest.mark.usefixtures("served_databases")
def test_two_administrators_at_once_do_not_take_each_others_role(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hanako, taro = (somebody(Role.ADMINISTRATOR, name) for name in ("hanako", "taro"))
    both_looked = threading.Barrier(2)
    look = people._insist_on_another_administrator

    def waits_for_the_other(person: Person) -> None:
        look(person)
        with suppress(threading.BrokenBarrierError):
            both_looked.wait(timeout=0.5)  # in vain, where one after the other looks

    monkeypatch.setattr(people, "_insist_on_another_administrator", waits_for_the_other)
    ended = at_once(
        lambda: people.change_role(actor=ACTOR, person=hanako, role=Role.VIEWER),
        lambda: people.allow_in(actor=ACTOR, person=taro, is_active=False),
    )
    assert sorted(ended) == ["LastAdministrator", "done"]
    assert Person.objects.filter(role=Role.ADMINISTRATOR, is_active=True).count() == 1


def at_once(*acts: Any) -> list[str]:
    """Run these in threads of their own; return how each ended."""
    start, ended = threading.Barrier(len(acts)), []

    def run(act: Any) -> None:
        try:
            start.wait(timeout=10)
            act()
            ended.append("done")
        except (people.LastAdministrator, TrailUnavailable) as error:
            ended.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return ended

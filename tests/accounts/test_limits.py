"""Trying passwords and names: how often, and what it tells."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.limits import WINDOW
from accounts.models import Person
from accounts.roles import Role
from accounts.views import signing
from audit.models import Event
from tests.accounts.conftest import PASSWORD
from tests.accounts.support import (
    CONFIRM,
    SIGN_IN,
    break_trail,
    browser_of,
    everything_recorded,
    outcomes,
    somebody,
)
from tests.accounts.test_sessions import is_signed_in

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
HOME, CAFE = "192.0.2.7", "198.51.100.9"
# Fewer than in the product, where each takes its time.
PER_ACCOUNT, PER_ADDRESS = 3, 7
CHANGING = {"X-Request-Id", "Expires"}


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (limits.PER_ACCOUNT, limits.PER_ADDRESS) == (10, 30)
    monkeypatch.setattr(limits, "PER_ACCOUNT", PER_ACCOUNT)
    monkeypatch.setattr(limits, "PER_ADDRESS", PER_ADDRESS)


def attempt(
    username: str = "hanako", password: str = "wrong", *, address: str = CAFE
) -> HttpResponse:
    """Try to sign in, each time with a browser that nobody has seen before."""
    typed = {"username": username, "password": password}
    return Client().post(SIGN_IN, typed, REMOTE_ADDR=address)


def fail(times: int, username: str = "hanako", *, address: str = CAFE) -> None:
    for _ in range(times):
        assert attempt(username, address=address).status_code == 422


def words_of(page: HttpResponse) -> str:
    """Return the page without what is another one each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.content.decode())


def headers_of(page: HttpResponse) -> dict[str, str]:
    return {name: text for name, text in page.headers.items() if name not in CHANGING}


def test_a_failure_fewer_closes_nothing(person: Person) -> None:
    fail(PER_ACCOUNT - 1)
    assert attempt(password=PASSWORD).status_code == 302


def test_after_too_many_failures_the_right_password_is_none_from_anywhere(person: Person) -> None:
    fail(PER_ACCOUNT)
    for address in (CAFE, HOME):
        assert attempt(password=PASSWORD, address=address).status_code == 422
    assert outcomes("person.signed_in").count("ok") == 0


def test_an_account_opens_again_after_a_quarter_of_an_hour(person: Person) -> None:
    fail(PER_ACCOUNT)
    with time_machine.travel(timezone.now() + WINDOW - timedelta(minutes=1), tick=False):
        assert attempt(password=PASSWORD).status_code == 422
    with time_machine.travel(timezone.now() + WINDOW + timedelta(seconds=5), tick=False):
        assert attempt(password=PASSWORD).status_code == 302


def test_attempts_on_a_closed_account_do_not_keep_it_closed(person: Person) -> None:
    """Or whoever has forgotten their password, and tries now and then, would never come in."""
    fail(PER_ACCOUNT)
    with time_machine.travel(timezone.now() + timedelta(minutes=10), tick=False):
        fail(1)
    with time_machine.travel(timezone.now() + WINDOW + timedelta(seconds=5), tick=False):
        assert attempt(password=PASSWORD).status_code == 302


def test_one_closed_account_closes_no_other(person: Person) -> None:
    somebody(Role.VIEWER, "taro", password=PASSWORD)
    fail(PER_ACCOUNT)
    assert attempt("taro", PASSWORD).status_code == 302


def test_an_address_is_limited_whatever_names_it_tries(person: Person) -> None:
    for number in range(PER_ADDRESS):
        fail(1, f"name-{number}")
    answer = attempt(password=PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert "Too many attempts." in answer.content.decode()
    lines = Event.objects.count()
    assert attempt("nobody").status_code == 429
    assert Event.objects.count() == lines, "nothing is looked at, so nothing is recorded"
    assert attempt(password=PASSWORD, address=HOME).status_code == 302


def test_attempts_on_a_closed_account_count_for_the_address(person: Person) -> None:
    fail(PER_ADDRESS)
    assert attempt().status_code == 429


def test_made_up_hops_make_no_new_addresses(person: Person) -> None:
    """Only our own proxies say where a request comes from."""
    for number in range(PER_ADDRESS):
        typed = {"username": "x", "password": "x"}
        forged = {"X-Forwarded-For": f"203.0.113.{number}"}
        Client().post(SIGN_IN, typed, REMOTE_ADDR=CAFE, headers=forged)
    assert attempt().status_code == 429


def test_all_servers_count_together(person: Person) -> None:
    """What counts is in the database: no cache that one server has, or that is lost."""
    for _ in range(PER_ACCOUNT):
        fail(1)
        cache.clear()
    assert attempt(password=PASSWORD).status_code == 422


def test_coming_in_counts_as_no_failure(person: Person) -> None:
    for _ in range(PER_ADDRESS + 1):
        assert attempt(password=PASSWORD).status_code == 302


def test_many_attempts_at_once_are_no_way_around(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While this password is checked, all others fail: it was one too many."""

    def overtaken(*args: object, **credentials: object) -> object:
        found = authenticate(*args, **credentials)
        monkeypatch.setattr(signing, "authenticate", authenticate)
        fail(PER_ACCOUNT)
        return found

    monkeypatch.setattr(signing, "authenticate", overtaken)
    assert attempt(password=PASSWORD).status_code == 422
    assert "ok" not in outcomes("person.signed_in")


# What an attempt tells


def closed(person: Person) -> None:
    fail(PER_ACCOUNT, address=HOME)


def disabled(person: Person) -> None:
    person.is_active = False
    person.save()


def without_password(person: Person) -> None:
    person.set_unusable_password()
    person.save()


def of_single_sign_on(person: Person) -> None:
    person.issuer, person.subject = "https://sso.example.com", "7"
    person.save()


@pytest.mark.parametrize("make", [closed, disabled, without_password, of_single_sign_on])
def test_every_reason_to_refuse_looks_like_a_name_that_nobody_has(
    person: Person, make: Callable[[Person], None]
) -> None:
    make(person)
    for password in ("wrong", PASSWORD):
        before = Event.objects.count()
        known = attempt("hanako", password)
        lines_of_known = Event.objects.count() - before
        unknown = attempt("hanak0", password)
        lines_of_unknown = Event.objects.count() - before - lines_of_known
        assert known.status_code == unknown.status_code == 422
        assert words_of(known) == words_of(unknown).replace("hanak0", "hanako")
        assert headers_of(known) == headers_of(unknown)
        assert lines_of_known == lines_of_unknown == 2


def test_the_limit_tells_no_names(person: Person) -> None:
    """However often somebody tries, what exists answers as what does not."""
    tries = PER_ADDRESS + 2
    known = [attempt("hanako", address=HOME).status_code for _ in range(tries)]
    unknown = [attempt("hanak0", address=CAFE).status_code for _ in range(tries)]
    assert known == unknown == [422] * PER_ADDRESS + [429] * 2


def test_a_name_that_nobody_has_is_not_recorded(person: Person) -> None:
    """It may be a password, typed into the wrong field."""
    for typed in ("my-own-password-7f", "HANAKO", "hanako\u200b", "hanako' or 1=1"):
        fail(1, typed)
        assert typed not in everything_recorded()
    assert {event.actor for event in Event.objects.all()} == {"(unknown)"}
    assert {event.actor_address for event in Event.objects.all()} == {CAFE}


def test_no_password_is_recorded(person: Person) -> None:
    attempt(password="nearly-the-password-7f")
    attempt(password=PASSWORD)
    assert "nearly-the-password-7f" not in everything_recorded()
    assert PASSWORD not in everything_recorded()


def test_a_failure_is_recorded_with_whose_account_it_was(person: Person) -> None:
    fail(1)
    attempted, denied = Event.objects.order_by("sequence")
    assert (attempted.outcome, denied.outcome) == ("attempted", "denied")
    assert (denied.actor, denied.person_id, denied.actor_address) == ("hanako", person.pk, CAFE)


def test_an_attempt_on_a_closed_account_is_recorded_as_such(person: Person) -> None:
    fail(PER_ACCOUNT + 1)
    last = Event.objects.order_by("sequence").last()
    assert last is not None
    assert (last.actor, last.person_id) == ("(unknown)", person.pk)
    assert last.detail == "closed after too many attempts"


def test_somebody_without_a_role_is_told_so_only_by_their_own_password() -> None:
    somebody("", "hanako", password=PASSWORD)
    assert attempt().status_code == 422
    page = attempt(password=PASSWORD)
    assert page.status_code == 403
    assert "You have no role here." in page.content.decode()
    assert outcomes("person.signed_in") == ["attempted", "denied"] * 2


def test_where_it_cannot_be_recorded_nobody_comes_in(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_trail(monkeypatch)
    browser = Client()
    for password in ("wrong", PASSWORD):
        answer = browser.post(SIGN_IN, {"username": "hanako", "password": password})
        assert answer.status_code == 503
        assert "cannot be recorded in the audit trail" in answer.content.decode()
    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    ("made_as", "typed"), [("hanako", "ｈａｎａｋｏ"), ("ハナコ", "ﾊﾅｺ"), ("ﾊﾅｺ", "ハナコ")]
)
def test_wide_and_narrow_letters_are_the_same_name(db: None, made_as: str, typed: str) -> None:
    somebody(Role.VIEWER, made_as, password=PASSWORD)
    assert attempt(typed, PASSWORD).status_code == 302


@pytest.mark.parametrize("typed", ["Hanako", "hanako\0", "x" * 151, "", " "])
def test_another_spelling_is_another_name(person: Person, typed: str) -> None:
    assert attempt(typed, PASSWORD).status_code == 422


# Step-up is one more place to try passwords.


def prove(browser: Client, proof: str = "wrong", *, address: str = CAFE) -> HttpResponse:
    return browser.post(CONFIRM, {"proof": proof}, REMOTE_ADDR=address)


def test_step_up_and_sign_in_count_together(person: Person) -> None:
    browser = browser_of(person)
    assert prove(browser).status_code == 422
    fail(PER_ACCOUNT - 1)
    answer = prove(browser, PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert attempt(password=PASSWORD).status_code == 422


def test_step_up_is_limited_by_address_too(person: Person) -> None:
    for number in range(PER_ADDRESS):
        fail(1, f"name-{number}")
    browser = browser_of(person)
    assert prove(browser, PASSWORD).status_code == 429
    assert prove(browser, PASSWORD, address=HOME).status_code == 302

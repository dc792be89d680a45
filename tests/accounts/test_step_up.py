"""Proving once more who one is, where accounts are kept here."""

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from accounts.entry import SIGNED_IN_AT
from accounts.models import Person
from accounts.roles import Role
from accounts.step_up import is_due, page_of
from audit.models import Event
from tests.accounts.conftest import PASSWORD
from tests.accounts.support import CONFIRM, PEOPLE, break_trail, browser_of, outcomes, somebody
from tests.accounts.test_sessions import browser_with, cookie_of, is_signed_in
from tests.secrets_ui.conftest import HTMX

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
NEW_PERSON = f"{PEOPLE}new/"

# Where `next` must not lead, in the ways that browsers have been led astray.
ELSEWHERE = [
    *("https://evil.example/", "//evil.example/", "///evil.example/", "////evil.example"),
    *("http:evil.example", "http:///evil.example", "https:/evil.example", "HTTPS://evil.example"),
    *("/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "//\\evil"),
    *("/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example"),
    *(" //evil.example", "\x00//evil.example", "\x1f//evil.example", "/\x00/evil.example"),
    *("\u3000//evil.example", "/\u2028/evil.example", "/\u200b/evil.example"),
    *("/%2f%2fevil.example", "/%2F/evil.example", "/%5cevil.example", "%2f%2fevil.example"),
    *("/%09/evil.example", "/%0d%0aLocation:%20https://evil.example", "/%2e%2e//evil.example"),
    *("/connect/../..//evil.example", "/connect/..//evil.example/", "/connect//evil.example/"),
    *("//testserver@evil.example/", "https://testserver@evil.example/", "//testserver:80@evil"),
    *("http://testserver.evil.example/connect/", "//evil.example/testserver", "http://[::1"),
    *(
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "javascript://%0aalert(1)",
    ),
    *("data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:x", "about:blank"),
    *(
        "connect/",
        "?next=//evil.example",
        "#//evil.example",
        ".",
        "..",
        "*",
        "/nowhere/",
        "/.",
        "/;",
    ),
    *("／／evil.example", "/／evil.example", "\u2215\u2215evil.example", "/。。/evil.example"),
]


@pytest.fixture
def long_ago(person: Person) -> Client:
    """A browser in which somebody proved too long ago who they are."""
    browser = browser_of(person)
    prove_before(browser, minutes=61)
    return browser


def prove_before(browser: Client, *, minutes: float) -> None:
    session = browser.session
    session[SIGNED_IN_AT] = time.time() - minutes * 60
    session.save()


def is_asked(browser: Client) -> bool:
    """Tell whether an act that takes a fresh proof asks for one."""
    answer = browser.get(NEW_PERSON)
    assert answer.status_code in {200, 302}
    return answer.status_code == 302


def prove(browser: Client, proof: str = PASSWORD, **typed: str) -> Any:
    return browser.post(CONFIRM, {"proof": proof, **typed})


@pytest.mark.parametrize(("minutes", "asked"), [(0, False), (59, False), (60, True), (1000, True)])
def test_a_proof_is_good_for_an_hour(person: Person, minutes: int, asked: bool) -> None:
    browser = browser_of(person)
    with time_machine.travel(timezone.now(), tick=False):
        prove_before(browser, minutes=minutes)
        assert is_asked(browser) == asked


def test_how_long_is_a_setting(person: Person, settings: Settings) -> None:
    browser = browser_of(person)
    prove_before(browser, minutes=6)
    assert not is_asked(browser)
    settings.STEP_UP_MINUTES = 5
    assert is_asked(browser)


def test_using_a_session_proves_nothing(person: Person) -> None:
    browser = browser_of(person)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for minutes in range(0, 61, 10):
            clock.move_to(start + timedelta(minutes=minutes))
            assert is_signed_in(browser)
        assert is_asked(browser)


def test_a_session_that_does_not_say_when_is_asked(person: Person) -> None:
    browser = browser_of(person)
    session = browser.session
    del session[SIGNED_IN_AT]
    session.save()
    assert is_asked(browser)


def test_the_password_is_asked_for_and_leads_back(long_ago: Client) -> None:
    asked = long_ago.get(f"{NEW_PERSON}?a=1&b=2")
    assert (
        asked.headers["Location"] == f"{CONFIRM}?next=%2Faccounts%2Fpeople%2Fnew%2F%3Fa%3D1%26b%3D2"
    )
    page = long_ago.get(asked.headers["Location"])
    assert page.status_code == 200
    assert 'name="next" value="/accounts/people/new/?a=1&amp;b=2"' in page.content.decode()
    answer = prove(long_ago, next=f"{NEW_PERSON}?a=1&b=2")
    assert answer.headers["Location"] == f"{NEW_PERSON}?a=1&b=2"
    assert not is_asked(long_ago)
    event = Event.objects.get(action="person.confirmed")
    assert (event.outcome, event.actor) == ("ok", "hanako")


def test_the_browser_gets_a_new_cookie_and_the_old_one_is_dead(long_ago: Client) -> None:
    before = cookie_of(long_ago)
    prove(long_ago)
    assert cookie_of(long_ago) != before
    assert is_signed_in(long_ago)
    assert not is_signed_in(browser_with(before))
    cache.clear()
    assert not is_signed_in(browser_with(before))
    assert Session.objects.count() == 1


def test_a_proof_counts_for_one_session_only(person: Person, long_ago: Client) -> None:
    other = browser_of(person)
    prove_before(other, minutes=61)
    prove(long_ago)
    assert not is_asked(long_ago)
    assert is_asked(other)


@pytest.mark.parametrize(
    "proof", ["wrong", "", " ", PASSWORD.upper(), f"{PASSWORD} ", "taro's", "\0"]
)
def test_what_is_no_proof_is_refused_and_counts_as_a_failed_sign_in(
    long_ago: Client, proof: str
) -> None:
    somebody(Role.ADMINISTRATOR, "taro", password="taro's")
    before = cookie_of(long_ago)
    page = prove(long_ago, proof)
    assert page.status_code == 422
    assert "That is not it." in page.content.decode()
    assert proof.strip() == "" or proof not in page.content.decode()
    assert cookie_of(long_ago) == before
    assert is_asked(long_ago)
    assert outcomes("person.signed_in") == ["attempted", "denied"]
    assert outcomes("person.confirmed") == []


def test_nothing_sent_is_no_proof(long_ago: Client) -> None:
    assert long_ago.post(CONFIRM).status_code == 422


def test_somebody_who_is_disabled_meanwhile_proves_nothing(
    long_ago: Client, person: Person
) -> None:
    assert is_signed_in(long_ago)
    Person.objects.filter(pk=person.pk).update(is_active=False)  # the cached copy lives on
    assert prove(long_ago).status_code == 422
    assert outcomes("person.confirmed") == []


def test_a_proof_that_cannot_be_recorded_does_not_count_and_costs_no_session(
    long_ago: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cookie_of(long_ago)
    with monkeypatch.context() as patch:
        break_trail(patch)
        assert prove(long_ago).status_code == 503
        assert prove(long_ago, "wrong").status_code == 503
    assert cookie_of(long_ago) == before
    assert is_signed_in(long_ago)
    assert is_asked(long_ago)


def test_nobody_is_led_elsewhere(long_ago: Client) -> None:
    for back in ELSEWHERE:
        page = long_ago.get(CONFIRM, {"next": back})
        assert 'name="next" value="/"' in page.content.decode(), back
        assert prove(long_ago, next=back).headers["Location"] == "/", back


def test_signing_in_leads_nowhere_else(person: Person) -> None:
    for back in ELSEWHERE:
        browser = Client()
        typed = {"username": "hanako", "password": PASSWORD, "next": back}
        assert browser.post("/accounts/sign-in/", typed).headers["Location"] == "/", back
        # Nor whoever is signed in already.
        assert browser.get("/accounts/sign-in/", {"next": back}).headers["Location"] == "/", back


@pytest.mark.parametrize(
    "back", ["/connect/?a=\r\nX-Evil: 1", "/connect/?q=//evil#//evil", "/?a=\\"]
)
def test_what_follows_a_page_of_ours_stays_behind_it(long_ago: Client, back: str) -> None:
    for answer in (
        prove(long_ago, next=back),
        long_ago.get("/accounts/sign-in/", {"next": back}),
    ):
        assert answer.headers["Location"].startswith(("/connect/?", "/?"))
        assert "\n" not in answer.headers["Location"]
        assert "X-Evil" not in answer.headers


# Where they come back to


def sent(method: str = "POST", referrer: str = "", **headers: str) -> HttpRequest:
    request = RequestFactory().generic(method, "/audit/export/?x=1", headers={"Referer": referrer})
    request.htmx = bool(headers)
    return request


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_leads_back_to_itself(method: str) -> None:
    assert page_of(sent(method, "http://testserver/elsewhere/")) == "/audit/export/?x=1"


def test_what_a_button_sent_leads_back_to_its_page() -> None:
    assert page_of(sent(referrer="http://testserver/audit/?a=b")) == "/audit/?a=b"
    assert page_of(sent("GET", "http://testserver/audit/?a=b", htmx="true")) == "/audit/?a=b"


@pytest.mark.parametrize(
    "referrer",
    [
        *("", "http://testserver", "https://testserver/", "http://evil.example/audit/"),
        *("http://testserver.evil.example/", "http://testserver:81/", "/audit/", "javascript:x"),
    ],
)
def test_another_page_is_never_led_back_to(referrer: str) -> None:
    assert page_of(sent(referrer=referrer)) == "/"


def test_htmx_is_led_to_the_whole_page(long_ago: Client) -> None:
    headers = {**HTMX, "Referer": "http://testserver/accounts/people/?q=x"}
    answer = long_ago.post(NEW_PERSON, headers=headers)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["HX-Redirect"] == f"{CONFIRM}?next=%2Faccounts%2Fpeople%2F%3Fq%3Dx"


@pytest.mark.parametrize("role", Role)
def test_every_role_can_prove_who_they_are(role: Role) -> None:
    browser = browser_of(somebody(role, "hanako", password=PASSWORD))
    prove_before(browser, minutes=61)
    assert browser.head(CONFIRM).status_code == 200
    assert prove(browser).status_code == 302
    assert browser.session[SIGNED_IN_AT] > time.time() - 60


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_do_nothing(long_ago: Client, method: str) -> None:
    assert long_ago.generic(method, CONFIRM, "proof=x").status_code == 405
    assert is_asked(long_ago)


def test_a_visitor_proves_nothing(client: Client) -> None:
    answer = client.post(CONFIRM, {"proof": PASSWORD})
    assert answer.headers["Location"].startswith("/accounts/sign-in/")
    assert not Event.objects.exists()


def test_it_takes_the_token_of_a_form(person: Person) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    prove_before(browser, minutes=61)
    assert prove(browser).status_code == 403
    assert is_asked(browser)


def test_a_request_without_a_session_is_due() -> None:
    request = RequestFactory().get("/")
    request.session = {}
    assert is_due(request)

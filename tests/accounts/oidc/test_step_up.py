"""Proving once more who one is, at the provider, for this session alone."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from accounts.entry import SIGNED_IN_AT, end_sessions
from accounts.models import Person
from audit.models import Event
from tests.accounts.oidc.provider import FakeProvider, begin, is_signed_in, sign_in
from tests.secrets_ui.conftest import HTMX

STEP_UP = "/accounts/oidc/step-up/"
CALLBACK = "/accounts/oidc/callback/"
LONG_AGO = 3 * 60 * 60


@pytest.fixture
def person(visitor: Client, provider: FakeProvider) -> Client:
    """A browser in which somebody signed in long ago."""
    provider.claims["auth_time"] = int(time.time()) - LONG_AGO
    sign_in(visitor, provider)
    del provider.claims["auth_time"]
    assert not is_fresh(visitor)
    return visitor


def is_fresh(visitor: Client) -> bool:
    return visitor.session[SIGNED_IN_AT] > time.time() - 60


def step_up(visitor: Client, provider: FakeProvider, back: str = "/") -> Any:
    return sign_in(visitor, provider, back, at="step-up")


def test_the_page_that_asks_leads_to_the_provider(person: Client, provider: FakeProvider) -> None:
    answer = person.get("/accounts/confirm/", {"next": "/connect/"})
    assert answer.headers["Location"] == f"{STEP_UP}?next=%2Fconnect%2F"


def test_the_provider_is_asked_to_ask_again(person: Client, provider: FakeProvider) -> None:
    asked = parse_qs(urlsplit(begin(person, at="step-up")).query)
    assert (asked["max_age"], asked["prompt"]) == (["0"], ["login"])
    assert asked["nonce"]
    assert asked["code_challenge_method"] == ["S256"]


def test_a_fresh_proof_counts_and_leads_back(person: Client, provider: FakeProvider) -> None:
    cookie = person.session.session_key
    answer = step_up(person, provider, back="/connect/")
    assert answer.headers["Location"] == "/connect/"
    assert is_fresh(person)
    assert person.session.session_key != cookie
    assert Event.objects.filter(action="person.confirmed", outcome="ok").count() == 1
    assert Event.objects.filter(action="person.signed_in", outcome="ok").count() == 1


@pytest.mark.parametrize("off_site", ["https://evil.example.com/", "//evil.example.com"])
def test_nobody_is_led_off_site(person: Client, provider: FakeProvider, off_site: str) -> None:
    assert step_up(person, provider, back=off_site).headers["Location"] == "/"


@pytest.mark.parametrize("auth_time", [None, -LONG_AGO, -70], ids=["not said", "old", "a minute"])
def test_a_sign_in_of_before_does_not_count(
    person: Client, provider: FakeProvider, auth_time: int | None
) -> None:
    provider.claims["auth_time"] = None if auth_time is None else int(time.time()) + auth_time
    answer = step_up(person, provider, back="/connect/")
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "You were not asked to sign in again" in page
    assert f'href="{STEP_UP}?next=%2Fconnect%2F"' in page
    assert not is_fresh(person)
    # They are who they were, only not freshly so.
    assert is_signed_in(person)
    assert not Event.objects.filter(action="person.confirmed").exists()


def test_whoever_turns_back_is_still_signed_in(person: Client, provider: FakeProvider) -> None:
    state = provider.send_back(begin(person, back="/connect/", at="step-up"))["state"]
    answer = person.get(CALLBACK, {"error": "access_denied", "state": state})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert f'href="{STEP_UP}?next=%2Fconnect%2F"' in page
    assert 'href="/"' in page
    assert is_signed_in(person)
    assert not is_fresh(person)


def test_another_person_ends_the_session(person: Client, provider: FakeProvider) -> None:
    provider.subject = "boss-9"
    provider.userinfo["groups"] = ["managers"]
    answer = step_up(person, provider, back="/connect/")
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "You came back as somebody else" in page
    assert "Hanako" not in page
    # They begin anew, or leave the provider first.
    assert 'href="/accounts/oidc/begin/?next=%2Fconnect%2F"' in page
    assert 'href="/accounts/oidc/sign-out/"' in page
    assert not is_signed_in(person)
    assert not Person.objects.filter(subject="boss-9").exists()
    assert not Session.objects.exists()
    left = Event.objects.get(action="person.signed_out")
    assert left.actor == "Hanako Yamada"


def test_another_person_at_a_sign_in_ends_the_session_as_well(
    visitor: Client, provider: FakeProvider
) -> None:
    # Two tabs had begun to sign in, and each came back as somebody else.
    first, second = begin(visitor), begin(visitor)
    assert visitor.get(CALLBACK, provider.send_back(first)).status_code == 302
    provider.subject = "boss-9"
    assert visitor.get(CALLBACK, provider.send_back(second)).status_code == 403
    assert not is_signed_in(visitor)


def test_two_tabs_may_sign_in_as_the_same_person(visitor: Client, provider: FakeProvider) -> None:
    first, second = begin(visitor, back="/connect/"), begin(visitor)
    assert visitor.get(CALLBACK, provider.send_back(second)).status_code == 302
    answer = visitor.get(CALLBACK, provider.send_back(first))
    assert answer.headers["Location"] == "/connect/"
    assert is_signed_in(visitor)


def test_a_role_that_is_gone_at_a_second_sign_in_ends_the_session(
    visitor: Client, provider: FakeProvider
) -> None:
    first, second = begin(visitor), begin(visitor)
    assert visitor.get(CALLBACK, provider.send_back(first)).status_code == 302
    provider.userinfo["groups"] = []
    answer = visitor.get(CALLBACK, provider.send_back(second))
    assert answer.status_code == 403
    assert 'href="/accounts/oidc/sign-out/"' in answer.content.decode()
    assert not Session.objects.exists()


def test_one_session_does_not_lift_another(person: Client, provider: FakeProvider) -> None:
    provider.claims["auth_time"] = int(time.time()) - LONG_AGO
    other = Client()
    sign_in(other, provider)
    del provider.claims["auth_time"]
    location = begin(person, at="step-up")
    # The answer for one browser, carried back by the other.
    assert other.get(CALLBACK, provider.send_back(location)).status_code == 400
    assert not is_fresh(other)
    step_up(person, provider)
    assert is_fresh(person)
    assert not is_fresh(other)


def test_the_nonce_of_another_sign_in_does_not_count(
    person: Client, provider: FakeProvider
) -> None:
    provider.claims["nonce"] = "of another"
    assert step_up(person, provider).status_code == 403
    assert not is_fresh(person)


def test_an_answer_counts_once(person: Client, provider: FakeProvider) -> None:
    query = provider.send_back(begin(person, at="step-up"))
    assert person.get(CALLBACK, query).status_code == 302
    assert person.get(CALLBACK, query).status_code == 400


def test_a_session_that_ended_meanwhile_is_not_brought_back(
    person: Client, provider: FakeProvider
) -> None:
    query = provider.send_back(begin(person, at="step-up"))
    end_sessions(Person.objects.get())
    assert person.get(CALLBACK, query).status_code == 400
    assert not is_signed_in(person)


def test_somebody_who_was_disabled_meanwhile_proves_nothing(
    person: Client, provider: FakeProvider
) -> None:
    query = provider.send_back(begin(person, at="step-up"))
    Person.objects.update(is_active=False)
    cache.clear()
    assert person.get(CALLBACK, query).status_code == 400
    assert not is_signed_in(person)


def test_a_role_that_changed_meanwhile_is_taken_over(
    person: Client, provider: FakeProvider
) -> None:
    provider.userinfo["groups"] = ["managers"]
    assert step_up(person, provider).status_code == 302
    assert Person.objects.get().role == "manager"


def test_a_role_that_is_gone_ends_the_session(person: Client, provider: FakeProvider) -> None:
    provider.userinfo["groups"] = []
    answer = step_up(person, provider)
    assert answer.status_code == 403
    assert "You have no role here" in answer.content.decode()
    assert not Session.objects.exists()


def test_a_visitor_signs_in_first(visitor: Client, provider: FakeProvider) -> None:
    answer = visitor.get(STEP_UP, {"next": "/connect/"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/sign-in/")
    assert provider.asked == []


def test_a_part_of_a_page_sends_the_whole_browser(person: Client, provider: FakeProvider) -> None:
    provider.asked.clear()
    answer = person.get(STEP_UP, {"next": "/connect/"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"{STEP_UP}?next=%2Fconnect%2F"
    assert provider.asked == []

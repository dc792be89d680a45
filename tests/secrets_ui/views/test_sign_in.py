"""Signing in and out, as far as the pages and a person's connections are concerned."""

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from accounts.models import Person
from tests.secrets_ui.conftest import HTMX
from tests.secrets_ui.views.support import LIST_URL, text_of

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
URL = "/accounts/sign-in/"
RIGHT = {"username": "hanako", "password": "hanako's password"}


def test_a_person_signs_in_and_lands_where_they_were_going(visitor: Client, person: Person) -> None:
    page = visitor.get(URL, {"next": LIST_URL})
    assert page.status_code == 200
    answer = visitor.post(URL, {**RIGHT, "next": LIST_URL})
    assert answer.headers["Location"] == LIST_URL


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(visitor: Client, person: Person, after: str) -> None:
    assert visitor.post(URL, {**RIGHT, "next": after}).headers["Location"] == "/"


@pytest.mark.parametrize(
    "wrong", [{"password": "other"}, {"username": "nobody"}, {"password": ""}, {"username": ""}]
)
def test_a_wrong_name_and_a_wrong_password_are_told_apart_by_nobody(
    visitor: Client, person: Person, wrong: dict[str, str]
) -> None:
    page = visitor.post(URL, {**RIGHT, **wrong})
    assert page.status_code == 422
    assert "do not fit together" in text_of(page)
    assert "hanako&#x27;s password" not in text_of(page)
    assert visitor.get("/").headers["Location"].startswith(URL)


def test_somebody_who_left_is_not_let_in(visitor: Client, person: Person) -> None:
    person.is_active = False
    person.save()
    assert "do not fit together" in text_of(visitor.post(URL, RIGHT))


def test_somebody_who_leaves_is_out_at_the_next_page(browser: Client, person: Person) -> None:
    person.is_active = False
    person.save()
    assert browser.get(LIST_URL).headers["Location"].startswith(URL)


def test_signing_in_makes_a_new_session(visitor: Client, person: Person) -> None:
    visitor.get(URL)
    visitor.cookies["sessionid"] = "a" * 32
    visitor.post(URL, RIGHT)
    assert visitor.cookies["sessionid"].value != "a" * 32


def test_signing_out_forgets_every_connection(browser: Client) -> None:
    cookie = browser.cookies["sessionid"].value
    answer = browser.post("/accounts/sign-out/")
    assert answer.headers["Location"] == URL
    assert not Session.objects.exists()
    copied = Client()
    copied.cookies["sessionid"] = cookie
    assert copied.get(LIST_URL).headers["Location"].startswith(URL)
    cache.clear()
    assert copied.get(LIST_URL).headers["Location"].startswith(URL)


def test_signing_in_again_finds_no_connection(browser: Client, person: Person) -> None:
    browser.post("/accounts/sign-out/")
    browser.force_login(person)
    assert browser.get(LIST_URL).headers["Location"].startswith("/connect/")


def test_signing_out_takes_a_post(browser: Client) -> None:
    assert browser.get("/accounts/sign-out/").status_code == 405
    assert browser.get(LIST_URL).status_code == 200


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_signing_out_of_a_session_that_is_over_leads_to_sign_in(
    visitor: Client, headers: dict[str, str]
) -> None:
    answer = visitor.post("/accounts/sign-out/", headers=headers)
    assert answer.headers["Location"] == URL


def test_a_copied_session_row_opens_no_credential(browser: Client, person: Person) -> None:
    """The credential is closed for one session: in another one it is as good as not there."""
    thief = Client()
    thief.force_login(person)
    stolen = Session.objects.get(session_data=_row_with_a_connection()).get_decoded()
    session = thief.session
    session["connections"] = stolen["connections"]
    session.save()
    assert thief.get(LIST_URL).headers["Location"].startswith("/connect/")


def _row_with_a_connection() -> str:
    (row,) = [row for row in Session.objects.all() if "connections" in row.get_decoded()]
    return row.session_data

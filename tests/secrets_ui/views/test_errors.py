"""The pages for what went wrong on our side, or was never right."""

from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from secrets_ui import services
from tests.secrets_ui.conftest import HTMX
from tests.secrets_ui.views.support import LIST_URL, text_of

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


@pytest.fixture
def broken_code(browser: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser, and a list that fails with a value in the text of its exception."""

    def fail(**arguments: Any) -> None:
        raise RuntimeError("value-3f9a")

    monkeypatch.setattr(services, "list_secrets", fail)
    browser.raise_request_exception = False
    return browser


@pytest.mark.parametrize("url", ["/nowhere", "/organizations/", f"{LIST_URL}1/nowhere/"])
def test_an_address_that_leads_nowhere(browser: Client, url: str) -> None:
    page = browser.get(url)
    assert page.status_code == 404
    assert "There is no such page" in text_of(page)
    assert text_of(page).startswith("<!doctype html>")


def test_a_visitor_learns_nothing_from_an_address_that_leads_nowhere(visitor: Client) -> None:
    page = text_of(visitor.get("/nowhere"))
    assert "There is no such page" in page
    assert "Sign out" not in page


def test_htmx_gets_a_note(browser: Client) -> None:
    note = browser.get("/nowhere", headers=HTMX)
    assert text_of(note).strip().startswith('<div class="toast error" role="alert">')
    assert note.headers["HX-Retarget"] == "#toasts"
    assert note.headers["HX-Reswap"] == "beforeend"


def test_a_host_that_is_not_ours(visitor: Client) -> None:
    page = visitor.get("/", headers={"Host": "evil.example"})
    assert page.status_code == 400
    assert "The request could not be read" in text_of(page)
    assert "evil.example" not in text_of(page)


def test_too_many_fields(browser: Client) -> None:
    page = browser.post(f"{LIST_URL}new/", {f"field-{n}": "" for n in range(300)})
    assert page.status_code == 400
    assert "The request could not be read" in text_of(page)


def test_a_form_that_is_larger_than_any_value(browser: Client) -> None:
    page = browser.post(
        f"{LIST_URL}new/",
        "value=" + "x" * 2_000_000,
        content_type="application/x-www-form-urlencoded",
    )
    assert page.status_code == 413


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_form_from_elsewhere_changes_nothing(
    browser: Client, secret_url: str, headers: dict[str, str]
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    before = Event.objects.count()
    for url in (f"{LIST_URL}new/", f"{secret_url}delete/", "/connect/", "/accounts/sign-out/"):
        page = strict.post(url, {"typed_name": "crm-webhook-signing"}, headers=headers)
        assert page.status_code == 403
        assert "The page was open too long" in text_of(page)
        assert ("<html" in text_of(page)) == (not headers)
    assert Event.objects.count() == before
    assert browser.get(secret_url).status_code == 200


def test_a_fault_of_ours_shows_nothing_of_its_cause(broken_code: Client) -> None:
    page = broken_code.get(LIST_URL)
    assert page.status_code == 500
    assert "Something went wrong on our side" in text_of(page)
    assert "value-3f9a" not in text_of(page)
    assert "Traceback" not in text_of(page)


def test_a_fault_of_ours_is_a_note_for_htmx(broken_code: Client) -> None:
    # htmx takes only what is marked as a note out of an error's page.
    page = broken_code.get(LIST_URL, headers=HTMX)
    assert page.status_code == 500
    assert 'class="empty toast error"' in text_of(page)


def test_a_fault_before_the_session_is_known_still_has_a_page(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **named: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("accounts.sessions.SessionStore.load", fail)
    visitor.raise_request_exception = False
    visitor.cookies["sessionid"] = "x" * 32
    page = visitor.get("/")
    assert page.status_code == 500
    assert "Something went wrong on our side" in text_of(page)

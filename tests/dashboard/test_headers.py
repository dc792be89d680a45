"""Headers that protect a page, on every answer whatever its status."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


def answer_with(client: Client, status: int, monkeypatch: pytest.MonkeyPatch) -> HttpResponse:
    """Return a dynamic answer that has this status."""
    client.raise_request_exception = False
    match status:
        case 200:
            return client.get("/accounts/sign-in/")
        case 301:
            return client.get("/connect")
        case 302:
            return client.get("/")
        case 400:
            return client.get("/accounts/sign-in/", headers={"Host": "evil.example"})
        case 403:
            return Client(enforce_csrf_checks=True).post("/accounts/sign-in/")
        case 404:
            return client.get("/nowhere")
        case 405:
            return client.put("/livez")
        case 500:

            def fail(*arguments: Any, **named: Any) -> None:
                raise RuntimeError

            monkeypatch.setattr("accounts.views._form", fail)
            return client.get("/accounts/sign-in/")
    raise AssertionError(status)


each_status = pytest.mark.parametrize("status", [200, 301, 302, 400, 403, 404, 405, 500])


@pytest.fixture
def answer(client: Client, status: int, monkeypatch: pytest.MonkeyPatch) -> HttpResponse:
    found = answer_with(client, status, monkeypatch)
    assert found.status_code == status
    return found


@each_status
def test_nothing_dynamic_is_kept(answer: HttpResponse) -> None:
    assert "no-store" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]
    assert "HX-Request" in answer.headers["Vary"]


@each_status
def test_a_page_runs_only_what_comes_from_us(answer: HttpResponse) -> None:
    policy = answer.headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert "unsafe" not in policy
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["form-action"] == directives["connect-src"] == "'self'"
    assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert "*" not in policy


@each_status
def test_a_page_is_taken_for_what_it_says_and_tells_nobody(answer: HttpResponse) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]


@pytest.mark.parametrize("status", [200, 302, 403, 404, 405, 500])
def test_a_page_is_never_inside_another(answer: HttpResponse) -> None:
    assert answer.headers["X-Frame-Options"] == "DENY"


@each_status
def test_no_answer_is_compressed(client: Client, answer: HttpResponse) -> None:
    # Length would tell about a value beside text that others chose (BREACH).
    assert "Content-Encoding" not in answer.headers


def test_no_page_has_a_script_or_a_style_of_its_own(client: Client) -> None:
    page = client.get("/accounts/sign-in/").content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count("<script src=")

"""A provider that is down, slow or talks nonsense ends in a page that says so, never in a 500."""

import json
from dataclasses import replace

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from accounts.models import Person
from tests.accounts.oidc.provider import CLIENT_SECRET, FakeProvider, begin, is_signed_in, sign_in

DISCOVERY = "/.well-known/openid-configuration"
BEGIN, CALLBACK = "/accounts/oidc/begin/", "/accounts/oidc/callback/"
FAILURES: dict[str, tuple[int, str | bytes] | Exception] = {
    "refuses the connection": requests.ConnectionError("canary"),
    "is silent": requests.ReadTimeout("canary"),
    "has a bad certificate": requests.exceptions.SSLError("canary"),
    "breaks off": requests.exceptions.ChunkedEncodingError("canary"),
    "500": (500, "canary"),
    "503": (503, '{"error": "canary"}'),
    "429": (429, '{"error": "canary"}'),
    "302": (302, "{}"),
    "404": (404, "<html>canary</html>"),
    "a page for people": (200, "<html>canary</html>"),
    "nothing": (200, ""),
    "a list": (200, "[]"),
    "a number": (200, "7"),
    "null": (200, "null"),
    "half": (200, '{"issuer": '),
    "deep nesting": (200, "[" * 100_000),
    "not UTF-8": (200, b'{"issuer": "\xff"}'),
    "much too much": (200, json.dumps({"canary": "x" * 600_000})),
}


def is_friendly(answer: requests.Response, again: str) -> bool:
    page = answer.content.decode()
    assert answer.status_code == 503, page
    assert answer.headers["Retry-After"] == "5"
    assert "Your company’s sign-in does not answer" in page
    assert f'href="{again}"' in page
    assert "canary" not in page
    return "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_before_anybody_leaves(
    visitor: Client, provider: FakeProvider, failure: tuple[int, str | bytes] | Exception
) -> None:
    provider.fail(DISCOVERY, failure)
    answer = visitor.get(BEGIN, {"next": "/connect/"})
    assert is_friendly(answer, f"{BEGIN}?next=%2Fconnect%2F")
    provider.heal()
    assert visitor.get(BEGIN, {"next": "/connect/"}).status_code == 302


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_when_somebody_comes_back(
    visitor: Client, provider: FakeProvider, failure: tuple[int, str | bytes] | Exception
) -> None:
    for path in ("/token", "/keys", "/userinfo"):
        query = provider.send_back(begin(visitor, back="/connect/"))
        provider.fail(path, failure)
        assert is_friendly(visitor.get(CALLBACK, query), f"{BEGIN}?next=%2Fconnect%2F"), path
        provider.heal()
    assert not Person.objects.exists()


def test_loading_the_page_again_is_enough_while_nothing_was_used_up(
    visitor: Client, provider: FakeProvider
) -> None:
    query = provider.send_back(begin(visitor, back="/connect/"))
    provider.fail(DISCOVERY, (503, ""))
    assert visitor.get(CALLBACK, query).status_code == 503
    provider.heal()
    assert visitor.get(CALLBACK, query).headers["Location"] == "/connect/"


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example.com"},
        {"issuer": "https://sso.example.com/"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://sso.example.com/authorize?for=canary"},
        {"token_endpoint": "http://sso.example.com/token"},
        {"token_endpoint": "https://user:canary@sso.example.com/token"},
        {"token_endpoint": ["https://sso.example.com/token"]},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://"},
        {"userinfo_endpoint": "ftp://sso.example.com/"},
        {"userinfo_endpoint": 7},
        {"end_session_endpoint": "http://[::1"},
    ],
)
def test_a_provider_that_describes_itself_wrongly(
    visitor: Client, provider: FakeProvider, change: dict[str, object]
) -> None:
    provider.document |= change
    assert is_friendly(visitor.get(BEGIN), BEGIN)


@pytest.mark.parametrize("named", ["text/html", "application/json; charset=utf-16", "x; charset=x"])
def test_an_object_is_read_whatever_it_calls_itself(
    visitor: Client, provider: FakeProvider, named: str
) -> None:
    provider.content_type = named
    assert sign_in(visitor, provider).status_code == 302


@pytest.mark.parametrize("offer", ["userinfo_endpoint", "end_session_endpoint"])
def test_null_means_that_something_is_not_offered(
    visitor: Client, provider: FakeProvider, offer: str
) -> None:
    provider.document[offer] = None
    provider.claims["groups"] = ["operators"]
    assert sign_in(visitor, provider).status_code == 302
    assert visitor.get("/accounts/oidc/sign-out/").status_code in {200, 302}


def test_a_wrong_registration_is_said_in_the_log_only(
    visitor: Client,
    provider: FakeProvider,
    product: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    product.OIDC = replace(product.OIDC, client_secret="canary of another registration")
    answer = sign_in(visitor, provider)
    assert answer.status_code == 403
    assert "could not be verified" in answer.content.decode()
    assert "invalid_client" in caplog.text
    assert "canary" not in caplog.text + answer.content.decode()


@pytest.mark.parametrize("failure", [(401, '{"error": "canary"}'), (400, "{}")])
def test_userinfo_that_refuses_its_own_token_is_trouble_of_the_provider(
    visitor: Client,
    provider: FakeProvider,
    caplog: pytest.LogCaptureFixture,
    failure: tuple[int, str | bytes],
) -> None:
    provider.fail("/userinfo", failure)
    assert sign_in(visitor, provider).status_code == 503
    assert f"status {failure[0]}" in caplog.text
    assert "canary" not in caplog.text


def test_nothing_of_a_failure_is_logged_but_what_kind_it_was(
    visitor: Client, provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    for failure in FAILURES.values():
        provider.fail("/token", failure)
        sign_in(visitor, provider)
    assert "the provider does not answer" in caplog.text
    assert "canary" not in caplog.text
    assert CLIENT_SECRET not in caplog.text


def test_a_step_up_in_vain_leaves_people_signed_in(visitor: Client, provider: FakeProvider) -> None:
    sign_in(visitor, provider)
    provider.fail(DISCOVERY, requests.ConnectionError("canary"))
    answer = visitor.get("/accounts/oidc/step-up/", {"next": "/connect/"})
    assert is_friendly(answer, "/accounts/oidc/step-up/?next=%2Fconnect%2F")
    assert is_signed_in(visitor)

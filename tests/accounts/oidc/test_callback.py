"""An answer that this browser is not waiting for lets nobody in."""

import time

import pytest
from django.test import Client

from accounts.models import Person
from audit.models import Event
from tests.accounts.oidc.provider import FakeProvider, begin, is_signed_in

CALLBACK = "/accounts/oidc/callback/"
OVER = "This sign-in is over"


def nobody_came_in(visitor: Client) -> bool:
    return not is_signed_in(visitor) and not Person.objects.exists()


@pytest.mark.parametrize("query", [{}, {"code": "x"}, {"code": "x", "state": "made up"}])
def test_an_answer_to_nothing_leads_to_a_new_start(
    visitor: Client, provider: FakeProvider, query: dict[str, str]
) -> None:
    answer = visitor.get(CALLBACK, query)
    assert answer.status_code == 400
    assert OVER in answer.content.decode()
    assert 'href="/accounts/oidc/begin/?next=%2F"' in answer.content.decode()
    assert "/token" not in provider.asked
    assert nobody_came_in(visitor)


def test_the_answer_of_another_browser_is_refused(visitor: Client, provider: FakeProvider) -> None:
    # Login CSRF: an attacker signs in, and lets the victim's browser carry the code back.
    begin(visitor)
    for_attacker = provider.send_back(begin(Client()))
    assert visitor.get(CALLBACK, for_attacker).status_code == 400
    assert nobody_came_in(visitor)


def test_a_state_is_good_once(visitor: Client, provider: FakeProvider) -> None:
    query = provider.send_back(begin(visitor))
    assert visitor.get(CALLBACK, query).status_code == 302
    again = visitor.get(CALLBACK, query)
    assert again.status_code == 400
    assert provider.asked.count("/token") == 1
    # Whoever pressed Back is still signed in, and finds a way on.
    assert 'href="/"' in again.content.decode()
    assert is_signed_in(visitor)


def test_a_code_is_good_once(visitor: Client, provider: FakeProvider) -> None:
    query = provider.send_back(begin(visitor))
    assert visitor.get(CALLBACK, query).status_code == 302
    other = Client()
    state = provider.send_back(begin(other))["state"]
    answer = other.get(CALLBACK, {**query, "state": state})
    assert answer.status_code == 403
    assert not is_signed_in(other)


def test_a_code_is_bound_to_the_browser_that_asked(visitor: Client, provider: FakeProvider) -> None:
    # A stolen code without the session that holds its PKCE verifier.
    stolen = provider.send_back(begin(Client()))["code"]
    state = provider.send_back(begin(visitor))["state"]
    answer = visitor.get(CALLBACK, {"code": stolen, "state": state})
    assert answer.status_code == 403
    assert nobody_came_in(visitor)


def test_a_sign_in_ends_after_ten_minutes(visitor: Client, provider: FakeProvider) -> None:
    query = provider.send_back(begin(visitor))
    session = visitor.session
    (stashed,) = session["socialaccount_states"].values()
    stashed[1] = time.time() - 601
    session.save()
    answer = visitor.get(CALLBACK, query)
    assert answer.status_code == 400
    assert OVER in answer.content.decode()


def test_an_answer_that_names_another_issuer_is_refused(
    visitor: Client, provider: FakeProvider
) -> None:
    # RFC 9207: the mix-up attack.
    query = provider.send_back(begin(visitor), iss="https://evil.example.com")
    assert visitor.get(CALLBACK, query).status_code == 403
    assert "/token" not in provider.asked
    assert nobody_came_in(visitor)


@pytest.mark.parametrize("error", ["access_denied", "login_required", "consent_required"])
def test_whoever_is_turned_away_there_is_told_so(
    visitor: Client, provider: FakeProvider, error: str
) -> None:
    state = provider.send_back(begin(visitor, back="/connect/"))["state"]
    answer = visitor.get(CALLBACK, {"error": error, "state": state})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "did not let you through" in page
    assert 'href="/accounts/oidc/begin/?next=%2Fconnect%2F"' in page
    assert nobody_came_in(visitor)
    assert error in Event.objects.get(action="access.refused").detail


def test_words_of_the_provider_are_not_repeated(
    visitor: Client, provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    state = provider.send_back(begin(visitor))["state"]
    hostile = "<script>alert(1)</script>"
    answer = visitor.get(
        CALLBACK,
        {"error": f"canary{hostile}", "error_description": f"canary{hostile}", "state": state},
    )
    assert answer.status_code == 403
    assert "canary" not in answer.content.decode()
    assert "canary" not in caplog.text
    assert "canary" not in Event.objects.get(action="access.refused").detail


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_trouble_of_the_provider_passes(
    visitor: Client, provider: FakeProvider, error: str
) -> None:
    state = provider.send_back(begin(visitor))["state"]
    answer = visitor.get(CALLBACK, {"error": error, "state": state})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


def test_refusals_do_not_fill_the_trail(visitor: Client, provider: FakeProvider) -> None:
    for _ in range(3):
        state = provider.send_back(begin(visitor))["state"]
        visitor.get(CALLBACK, {"error": "access_denied", "state": state})
    assert Event.objects.filter(action="access.refused").count() == 1


def test_an_answer_is_never_kept_by_a_browser(visitor: Client, provider: FakeProvider) -> None:
    for answer in (visitor.get(CALLBACK), visitor.get("/accounts/oidc/begin/")):
        assert "no-store" in answer.headers["Cache-Control"]

"""What the provider is asked, and that nobody but us decides it."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tests.accounts.oidc.provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, begin, sign_in
from tests.secrets_ui.conftest import HTMX

BEGIN = "/accounts/oidc/begin/"


def asked_of(location: str) -> dict[str, str]:
    return {name: text for name, (text,) in parse_qs(urlsplit(location).query).items()}


def test_the_provider_is_asked_for_a_code_with_state_nonce_and_pkce(
    visitor: Client, provider: FakeProvider
) -> None:
    location = begin(visitor)
    assert location.startswith(f"{provider.issuer}/authorize?")
    asked = asked_of(location)
    assert asked["response_type"] == "code"
    assert asked["client_id"] == CLIENT_ID
    assert asked["redirect_uri"] == "http://testserver/accounts/oidc/callback/"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 16
    assert len(asked["nonce"]) >= 43
    assert "prompt" not in asked
    assert CLIENT_SECRET not in location


def test_every_sign_in_has_a_state_a_nonce_and_a_challenge_of_its_own(
    visitor: Client, provider: FakeProvider
) -> None:
    one, other = asked_of(begin(visitor)), asked_of(begin(visitor))
    for name in ("state", "nonce", "code_challenge"):
        assert one[name] != other[name]


def test_the_provider_has_to_say_when_the_person_signed_in(
    visitor: Client, provider: FakeProvider
) -> None:
    # OpenID Connect Core 1.0, section 2: `auth_time` is required once `max_age` is asked for.
    assert int(asked_of(begin(visitor))["max_age"]) >= 7 * 24 * 60 * 60


def test_where_people_go_afterwards_is_told_to_nobody(
    visitor: Client, provider: FakeProvider
) -> None:
    assert "connect" not in begin(visitor, back="/connect/")


@pytest.mark.parametrize(
    "meddling",
    [
        {"scope": "offline_access"},
        {"auth_params": "prompt=none&redirect_uri=https://evil.example.com/"},
        {"process": "connect"},
        {"action": "rerequest"},
        {"redirect_uri": "https://evil.example.com/"},
    ],
)
def test_an_address_cannot_change_what_is_asked(
    visitor: Client, provider: FakeProvider, meddling: dict[str, str]
) -> None:
    usual = asked_of(begin(visitor))
    asked = asked_of(visitor.get(BEGIN, meddling).headers["Location"])
    own = {"state", "nonce", "code_challenge", "scope"}
    assert {name: asked[name] for name in asked.keys() - own} == {
        name: usual[name] for name in usual.keys() - own
    }
    assert set(asked["scope"].split()) == set(usual["scope"].split())


def test_whoever_is_signed_in_is_not_sent_to_the_provider_again(
    visitor: Client, provider: FakeProvider
) -> None:
    sign_in(visitor, provider)
    provider.asked.clear()
    answer = visitor.get(BEGIN, {"next": "/connect/"})
    assert answer.headers["Location"] == "/connect/"
    assert provider.asked == []


def test_whoever_is_signed_in_is_not_led_off_site(visitor: Client, provider: FakeProvider) -> None:
    sign_in(visitor, provider)
    for off_site in ("https://evil.example.com/", "//evil.example.com/", "javascript:alert(1)"):
        assert visitor.get(BEGIN, {"next": off_site}).headers["Location"] == "/"


def test_a_part_of_a_page_sends_the_whole_browser(visitor: Client, provider: FakeProvider) -> None:
    answer = visitor.get(BEGIN, {"next": "/connect/"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"{BEGIN}?next=%2Fconnect%2F"
    assert provider.asked == []


def test_only_visits_are_answered(visitor: Client, provider: FakeProvider) -> None:
    for page in ("begin", "callback", "sign-out"):
        for method in ("POST", "HEAD", "PUT", "DELETE", "OPTIONS"):
            assert visitor.generic(method, f"/accounts/oidc/{page}/").status_code == 405
    assert provider.asked == []

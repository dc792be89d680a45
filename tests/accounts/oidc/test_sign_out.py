"""Signing out here, then at the provider."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client
from django.utils.html import escape
from pytest_django import Settings

from tests.accounts.oidc.provider import CLIENT_ID, FakeProvider, is_signed_in, sign_in

AT_PROVIDER = "/accounts/oidc/sign-out/"


def leave(visitor: Client) -> Any:
    """Press "Sign out", and return the page that follows."""
    return visitor.post("/accounts/sign-out/", follow=True)


def test_a_page_leads_on_to_the_provider(visitor: Client, provider: FakeProvider) -> None:
    sign_in(visitor, provider)
    answer = leave(visitor)
    # No redirect: those of a form may not lead elsewhere (form-action 'self').
    assert answer.status_code == 200
    location = answer.headers["Refresh"].removeprefix("0; url=")
    assert f'href="{escape(location)}"' in answer.content.decode()
    assert location.startswith(f"{provider.issuer}/leave?")
    # Who we are and where to come back to, and no token.
    assert parse_qs(urlsplit(location).query) == {
        "client_id": [CLIENT_ID],
        "post_logout_redirect_uri": ["http://testserver/accounts/signed-out/"],
    }
    assert not is_signed_in(visitor)


def test_the_session_is_over_before_anybody_asks_the_provider(
    visitor: Client, provider: FakeProvider
) -> None:
    sign_in(visitor, provider)
    provider.asked.clear()
    visitor.post("/accounts/sign-out/")
    assert provider.asked == []
    assert not is_signed_in(visitor)


def test_an_address_that_asks_something_already_is_asked_more(
    visitor: Client, provider: FakeProvider
) -> None:
    provider.document["end_session_endpoint"] += "?policy=main"
    location = visitor.get(AT_PROVIDER).headers["Refresh"].removeprefix("0; url=")
    assert parse_qs(urlsplit(location).query).keys() == {
        "policy",
        "client_id",
        "post_logout_redirect_uri",
    }


def test_a_provider_without_sign_out_is_left_alone(visitor: Client, provider: FakeProvider) -> None:
    del provider.document["end_session_endpoint"]
    assert visitor.get(AT_PROVIDER).headers["Location"] == "/accounts/signed-out/"


def test_it_can_be_turned_off(visitor: Client, provider: FakeProvider, product: Settings) -> None:
    product.OIDC = replace(product.OIDC, sign_out=False)
    sign_in(visitor, provider)
    answer = leave(visitor)
    assert answer.redirect_chain[-1] == ("/accounts/signed-out/", 302)
    assert provider.issuer not in answer.content.decode()


@pytest.mark.parametrize(
    "failure",
    [requests.ConnectionError("canary"), (500, "canary"), (200, "canary")],
    ids=["no connection", "500", "nonsense"],
)
def test_people_are_signed_out_here_even_while_the_provider_is_down(
    visitor: Client, provider: FakeProvider, failure: tuple[int, str] | Exception
) -> None:
    sign_in(visitor, provider)
    provider.fail("/.well-known/openid-configuration", failure)
    answer = leave(visitor)
    assert not is_signed_in(visitor)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    page = answer.content.decode()
    assert "You are signed out here only" in page
    assert f'href="{AT_PROVIDER}"' in page
    assert "canary" not in page
    provider.heal()
    assert "Refresh" in visitor.get(AT_PROVIDER).headers

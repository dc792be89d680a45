"""Whoever adds an address and forgets its guard is told here."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Person
from accounts.roles import Role
from tests.secrets_ui.conftest import HTMX

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

# Open to everybody, each for its reason.
PUBLIC = {
    "/livez": "asked by what runs the process",
    "/readyz": "asked by what runs the process",
    "/accounts/sign-in/": "where a visitor becomes somebody",
    "/accounts/sign-out/": "whoever is signed out already has got what they want",
    "/accounts/signed-out/": "where that is said, and nothing else",
}
# Takes no session, only a credential of its own in every request.
API = "/secret-manager/"
SAMPLE = "1410000000000"


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Yield every address of the product, with a sample in place of each id."""
    for pattern in patterns:
        route = str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")
        address = before + re.sub(r"<[^>]+>", SAMPLE, route)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, address)
        else:
            yield address


ALL = sorted(set(addresses(get_resolver().url_patterns)))
GUARDED = [address for address in ALL if address not in PUBLIC and not address.startswith(API)]
OF_THE_API = [address for address in ALL if address.startswith(API)]


def test_the_walk_finds_the_product() -> None:
    assert "/" in GUARDED
    assert f"/organizations/{SAMPLE}/secrets/{SAMPLE}/versions/{SAMPLE}/reveal/" in GUARDED
    assert f"/secret-manager/organizations/{SAMPLE}/secrets" in OF_THE_API
    assert len(GUARDED) >= 13


def test_the_public_list_names_no_address_that_is_gone() -> None:
    assert set(PUBLIC) <= set(ALL)


@pytest.mark.parametrize("address", GUARDED)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_visitor_is_asked_to_sign_in(
    client: Client, address: str, method: str, headers: dict[str, str]
) -> None:
    answer = client.generic(method, address, headers=headers)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/sign-in/?next=")
    assert answer.content == b""


@pytest.mark.parametrize("address", OF_THE_API)
def test_the_api_asks_for_a_credential_of_its_own(client: Client, address: str) -> None:
    for answer in (client.get(address), client.post(address)):
        assert answer.status_code in {401, 404, 405}
        assert answer.headers["Content-Type"] == "application/json"


def test_a_session_opens_nothing_of_the_api(client: Client) -> None:
    client.force_login(Person.objects.create_user("hanako", role=Role.ADMINISTRATOR))
    assert client.get(f"{API}organizations/{SAMPLE}/secrets").status_code == 401

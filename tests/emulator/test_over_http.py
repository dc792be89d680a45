"""The same API through the project's URLs and middleware, as the SDK and the CLI reach it."""

import pytest
from django.test import Client
from django.urls import resolve

from emulator.models import Organization
from tests.emulator.api import Api, bearer, encode
from tests.emulator.conftest import token_for

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"])]

SECRETS = "/secret-manager/organizations/1410000000000/secrets"


@pytest.fixture
def client(organization: Organization) -> Client:
    return Client(
        enforce_csrf_checks=True,
        raise_request_exception=False,
        headers={"Authorization": bearer(token_for(organization))},
    )


def test_no_cookie_and_no_form_token_is_needed(client: Client) -> None:
    body = {"name": "bank_token", "value": encode("x")}
    made = client.post(SECRETS, body, content_type="application/json")
    assert made.status_code == 201

    address = f"{SECRETS}/{made.json()['id']}"
    patched = client.patch(address, {"description": "new"}, content_type="application/json")
    assert patched.json()["description"] == "new"
    assert client.get(address).status_code == 200
    assert client.delete(address).status_code == 200


def test_no_cookie_is_set(client: Client) -> None:
    assert not client.get(SECRETS).cookies


def test_an_address_that_is_not_there_is_neither_a_page_nor_a_redirect(client: Client) -> None:
    for address in (f"{SECRETS}/", f"{SECRETS}/x", "/secret-manager/x", f"{SECRETS}/1/versions/"):
        answer = client.get(address)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_a_failure_is_json_here_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("emulator.endpoint.authenticate", fail)
    answer = client.get(SECRETS)
    assert (answer.status_code, answer.json()["error"]) == (500, "internal_server_error")


def test_a_body_over_a_megabyte_is_refused(client: Client) -> None:
    body = {"name": "bank_token", "value": "x" * 1_100_000}
    answer = client.post(SECRETS, body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


def test_every_view_is_open_to_header_credentials_only(client: Client, api: Api) -> None:
    for address in (SECRETS, f"{SECRETS}/1", f"{SECRETS}/1/versions", f"{SECRETS}/1/versions/1"):
        view = resolve(address).func
        assert view.csrf_exempt
        assert view.login_required is False
        assert Client().get(address).status_code == 401

"""A fresh proof is asked for before what could do most harm, and takes nothing but values away."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.entry import SIGNED_IN_AT
from secret_manager import Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID, USER_ID
from tests.secrets_ui.support import names_in
from tests.secrets_ui.views.support import LIST_URL, filled, text_of, trail

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
CONFIRM = "/accounts/confirm/"
PASSWORD = "hanako's password"
VALUE = "the first value"
PAGE = f"http://testserver{LIST_URL}?page=1"

Act = Callable[..., Any]


def reveal(purpose: str) -> Act:
    def act(browser: Client, url: str, version_url: str, **extra: Any) -> Any:
        return browser.post(f"{version_url}reveal/", {"purpose": purpose}, **extra)

    return act


def delete(browser: Client, url: str, version_url: str, **extra: Any) -> Any:
    return browser.post(f"{url}delete/", {"typed_name": "crm-webhook-signing"}, **extra)


def delete_version(browser: Client, url: str, version_url: str, **extra: Any) -> Any:
    return browser.post(f"{version_url}delete/", **extra)


def connect(browser: Client, url: str, version_url: str, **extra: Any) -> Any:
    typed = {
        "organization_id": "1420000000000",
        "label": "Sample KK",
        "kind": "personal",
        "user_id": USER_ID,
        "personal_access_token": "canary-token-77",
        "next": "/organizations/1420000000000/secrets/",
    }
    return browser.post("/connect/", typed, **extra)


ACTS: dict[str, Act] = {
    "show": reveal("show"),
    "copy": reveal("copy"),
    "download": reveal("download"),
    "delete": delete,
    "delete version": delete_version,
}


@pytest.fixture
def version_url(secret_url: str, version_id: str) -> str:
    return f"{secret_url}versions/{version_id}/"


@pytest.fixture
def long_ago(browser: Client) -> Client:
    """A connected browser whose person proved too long ago who they are."""
    session = browser.session
    session[SIGNED_IN_AT] = time.time() - 61 * 60
    session.save()
    return browser


def confirm_from(answer: Any, browser: Client, *, header: str = "Location") -> Any:
    """Do what the page asks for."""
    page = browser.get(answer.headers[header])
    assert "Confirm that it is you" in text_of(page)
    back = parse_qs(urlsplit(answer.headers[header]).query)["next"][0]
    return browser.post(CONFIRM, {"proof": PASSWORD, "next": back})


@pytest.mark.parametrize("name", ACTS)
def test_an_act_asks_first_and_neither_asks_the_api_nor_counts_as_one(
    long_ago: Client,
    secret_url: str,
    version_url: str,
    truth: SecretManagerClient,
    asked: list[tuple[str, str]],
    name: str,
) -> None:
    before = trail()
    answer = ACTS[name](long_ago, secret_url, version_url, headers={"Referer": PAGE})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{CONFIRM}?next=")
    assert VALUE not in answer.content.decode()
    assert asked == []
    assert trail() == before
    assert names_in(truth) == ["crm-webhook-signing"]


@pytest.mark.parametrize("name", ACTS)
def test_after_the_proof_they_are_where_the_button_is_and_it_works(
    long_ago: Client, secret_url: str, version_url: str, name: str
) -> None:
    headers = {"Referer": f"http://testserver{secret_url}"}
    answer = ACTS[name](long_ago, secret_url, version_url, headers=headers)
    assert confirm_from(answer, long_ago).headers["Location"] == secret_url
    assert long_ago.get(secret_url).status_code == 200, "and still connected"
    done = ACTS[name](long_ago, secret_url, version_url, headers=headers)
    assert done.status_code in {200, 302}
    assert CONFIRM not in done.headers.get("Location", "")


@pytest.mark.parametrize("name", ACTS)
def test_htmx_leads_the_whole_page_there_and_back(
    long_ago: Client, secret_url: str, version_url: str, name: str
) -> None:
    headers = {**HTMX, "Referer": f"http://testserver{secret_url}"}
    answer = ACTS[name](long_ago, secret_url, version_url, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    back = confirm_from(answer, long_ago, header="HX-Redirect")
    assert back.headers["Location"] == secret_url


@pytest.mark.parametrize("part", ["delete/", "versions/{version_id}/delete/"])
def test_a_page_that_asks_for_more_leads_back_to_itself(
    long_ago: Client, secret_url: str, version_id: str, part: str
) -> None:
    address = secret_url + part.format(version_id=version_id)
    answer = long_ago.get(address)
    assert confirm_from(answer, long_ago).headers["Location"] == address
    assert long_ago.get(address).status_code == 200


@pytest.mark.parametrize("address", [LIST_URL, f"{LIST_URL}new/", "{secret}", "{secret}edit/"])
def test_what_shows_and_deletes_nothing_asks_for_nothing(
    long_ago: Client, secret_url: str, address: str
) -> None:
    assert long_ago.get(address.format(secret=secret_url)).status_code == 200


def test_putting_in_a_value_and_turning_off_ask_for_nothing(
    long_ago: Client, secret_url: str, version_url: str
) -> None:
    """What was typed there is a value: it would be lost."""
    page = long_ago.get(f"{secret_url}versions/new/")
    typed = filled(page, "version-form", value="another value")
    assert long_ago.post(f"{secret_url}versions/new/", typed).headers["Location"] == secret_url
    answer = long_ago.post(f"{version_url}status/", {"to": "off"})
    assert answer.headers["Location"] == secret_url


# Connecting: what was typed comes back, the credential apart.


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_connecting_keeps_what_was_typed_and_forgets_the_credential(
    long_ago: Client, headers: dict[str, str], asked: list[tuple[str, str]]
) -> None:
    answer = connect(long_ago, "", "", headers=headers)
    header = "HX-Redirect" if headers else "Location"
    assert "canary-token-77" not in repr(answer.headers) + answer.content.decode()
    assert asked == []
    back = confirm_from(answer, long_ago, header=header).headers["Location"]
    page = long_ago.get(back)
    form = filled(page, "connection-form")
    assert (form["organization_id"], form["label"]) == ("1420000000000", "Sample KK")
    assert form["next"] == "/organizations/1420000000000/secrets/"
    assert form["personal_access_token"] == ""
    assert "canary-token-77" not in page.content.decode()


def test_connecting_leads_nobody_elsewhere(long_ago: Client) -> None:
    answer = long_ago.get("/connect/", {"next": "https://evil.example/"})
    back = confirm_from(answer, long_ago).headers["Location"]
    form = filled(long_ago.get(back), "connection-form")
    typed = {**form, "user_id": USER_ID, "personal_access_token": "x"}
    assert "evil.example" not in long_ago.post("/connect/", typed).headers.get("Location", "")


# Where the proof comes to nothing


def test_a_wrong_password_leads_nowhere_and_opens_nothing(
    long_ago: Client, secret_url: str, version_url: str
) -> None:
    page = long_ago.post(CONFIRM, {"proof": "wrong", "next": secret_url})
    assert page.status_code == 422
    assert f'name="next" value="{secret_url}"' in text_of(page), "the way back is kept"
    answer = ACTS["show"](long_ago, secret_url, version_url)
    assert answer.headers["Location"].startswith(CONFIRM)


def test_somebody_of_another_role_still_may_not(
    long_ago: Client, person: Any, secret_url: str, version_url: str
) -> None:
    person.role = "viewer"
    person.save()
    long_ago.post(CONFIRM, {"proof": PASSWORD})
    assert ACTS["show"](long_ago, secret_url, version_url).status_code == 403


def test_a_proof_is_no_connection(long_ago: Client, secret: Secret) -> None:
    long_ago.post(f"/connect/{ORGANIZATION_ID}/forget/")
    long_ago.post(CONFIRM, {"proof": PASSWORD})
    assert secret.versions
    url = f"{LIST_URL}{secret.id}/versions/{secret.versions[0].id}/reveal/"
    assert long_ago.post(url, {"purpose": "show"}).headers["Location"].startswith("/connect/")

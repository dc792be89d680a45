from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client

from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import Credential
from secrets_ui import connection as connections
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID, USER_ID
from tests.secrets_ui.views.support import LIST_URL, filled, text_of, trail
from tests.secrets_ui.views.upstream import FAILURES, TOKEN, Failure, Upstream

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
URL = "/connect/"


@pytest.fixture
def token(credential: Credential) -> str:
    return credential.secret


def send(
    browser: Client,
    *,
    headers: dict[str, str] | None = None,
    address: str = f"{URL}?organization={ORGANIZATION_ID}",
    **typed: str,
) -> HttpResponse:
    return browser.post(
        URL, filled(browser.get(address), "connection-form", **typed), headers=headers
    )


def is_connected(browser: Client, organization_id: str = ORGANIZATION_ID) -> bool:
    return browser.get(f"/organizations/{organization_id}/secrets/").status_code == 200


def stored(organization: Organization, kind: str, principal: str) -> str:
    return issue_token(organization=organization, kind=kind, principal=principal)[1]


def test_the_page_asks_for_an_organization_and_a_credential(signed_in: Client) -> None:
    page = text_of(signed_in.get(URL))
    assert "Connect an organization" in page
    assert "None yet." in page


@pytest.mark.parametrize("user_id", [USER_ID, USER_ID.removeprefix("user-")])
def test_a_personal_access_token_connects(signed_in: Client, token: str, user_id: str) -> None:
    answer = send(signed_in, user_id=user_id, personal_access_token=token, label="Example")
    assert answer.status_code == 302
    assert answer.headers["Location"] == LIST_URL
    assert "Connected to Example." in text_of(signed_in.get(LIST_URL))


def test_a_bearer_token_connects(signed_in: Client, organization: Organization) -> None:
    token = stored(organization, Token.Kind.BEARER, USER_ID)
    send(signed_in, kind="bearer", auth_token=token)
    assert is_connected(signed_in)


@pytest.mark.parametrize("datasource_id", ["datasource-7", "7"])
def test_a_datasource_secret_connects(
    signed_in: Client, organization: Organization, datasource_id: str
) -> None:
    secret = stored(organization, Token.Kind.DATASOURCE, "datasource-7")
    send(signed_in, kind="datasource", datasource_id=datasource_id, datasource_secret=secret)
    assert is_connected(signed_in)


def test_htmx_is_sent_to_the_list(signed_in: Client, token: str) -> None:
    answer = send(signed_in, user_id=USER_ID, personal_access_token=token, headers=HTMX)
    assert answer.headers["HX-Redirect"] == LIST_URL


def test_a_wrong_credential_is_not_kept_and_not_shown_again(
    signed_in: Client, credential: Credential
) -> None:
    answer = send(signed_in, user_id=USER_ID, personal_access_token="wrong-9b1c7e", label="Mine")
    kept = filled(answer, "connection-form")
    assert answer.status_code == 403
    assert "The Secret Manager did not accept your credential" in text_of(answer)
    assert (kept["organization_id"], kept["user_id"]) == (ORGANIZATION_ID, USER_ID)
    assert (kept["label"], kept["personal_access_token"]) == ("Mine", "")
    assert "wrong-9b1c7e" not in text_of(answer)
    assert not is_connected(signed_in)


def test_a_credential_of_another_organization_is_not_kept(signed_in: Client, token: str) -> None:
    address = f"{URL}?organization=1420000000000"
    answer = send(signed_in, address=address, user_id=USER_ID, personal_access_token=token)
    assert answer.status_code == 404
    assert not is_connected(signed_in, "1420000000000")


@pytest.mark.parametrize(
    "typed",
    [
        {"organization_id": ""},
        {"organization_id": "../1410000000000"},
        {"user_id": ""},
        {"personal_access_token": ""},
        {"kind": "bearer"},
        {"kind": "datasource", "datasource_id": "7"},
        {"kind": "password"},
        {"personal_access_token": "秘密-9b1c7e"},
        {"user_id": "a/b"},
        {"label": "x" * 61},
    ],
    ids=str,
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_what_cannot_be_right_is_refused_before_anything_is_sent(
    signed_in: Client, typed: dict[str, str], headers: dict[str, str]
) -> None:
    right = {"user_id": USER_ID, "personal_access_token": "typed-9b1c7e"}
    answer = send(signed_in, headers=headers, **{**right, **typed})
    assert answer.status_code == 422
    assert ("<html" in text_of(answer)) == (not headers)
    assert "9b1c7e" not in text_of(answer)
    assert trail() == []


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_an_api_that_fails_is_explained_and_nothing_is_kept(
    upstream: Upstream, failure: Failure
) -> None:
    address = f"{URL}?organization=1430000000000"
    upstream.fails("GET", Upstream.SECRETS.replace(ORGANIZATION_ID, "1430000000000"), failure)
    typed = {"user_id": USER_ID, "personal_access_token": TOKEN}
    plain = send(upstream.browser, address=address, **typed)
    assert plain.status_code == failure.status
    assert failure.title in text_of(plain)
    assert TOKEN not in text_of(plain)
    connections.shared_transport.cache_clear()  # the breaker of the first attempt
    note = text_of(send(upstream.browser, address=address, headers=HTMX, **typed)).strip()
    assert note.startswith('<div class="toast error"')
    assert failure.title in note
    assert "1430000000000" not in text_of(upstream.browser.get(URL))


def test_no_token_is_ever_on_a_page(browser: Client, token: str) -> None:
    for url in (URL, LIST_URL, f"{LIST_URL}new/"):
        assert token not in text_of(browser.get(url))


def test_several_organizations_are_connected_side_by_side(browser: Client, db: None) -> None:
    other = Organization.objects.create(id="1420000000000", name="Other")
    token = stored(other, Token.Kind.BEARER, "user-2")
    send(browser, organization_id=other.id, kind="bearer", auth_token=token, label="Other Corp")
    assert is_connected(browser)
    assert is_connected(browser, other.id)
    switcher = text_of(browser.get(LIST_URL)).partition("</ul>")[0]
    assert 'href="/organizations/1420000000000/secrets/"' in switcher
    assert f'href="{LIST_URL}" aria-current="true"' in switcher
    assert "Other Corp" in switcher


def test_connecting_again_replaces_the_credential(browser: Client, token: str) -> None:
    Token.objects.all().delete()
    assert browser.get(LIST_URL).status_code == 403
    fresh = stored(Organization.objects.get(), Token.Kind.BEARER, USER_ID)
    send(browser, kind="bearer", auth_token=fresh)
    assert is_connected(browser)


def test_a_connection_can_be_forgotten(browser: Client, token: str) -> None:
    answer = browser.post(f"/connect/{ORGANIZATION_ID}/forget/")
    assert answer.headers["Location"] == URL
    assert "The connection and its credential are forgotten." in text_of(browser.get(URL))
    assert not is_connected(browser)
    assert "sealed" not in str(Session.objects.get().get_decoded())


def test_forgetting_what_is_not_there_is_no_error(signed_in: Client) -> None:
    assert signed_in.post("/connect/1420000000000/forget/").status_code == 302


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_forgetting_takes_a_post(browser: Client, method: str) -> None:
    assert browser.generic(method, f"/connect/{ORGANIZATION_ID}/forget/").status_code == 405
    assert is_connected(browser)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_connecting_takes_no_other_method(browser: Client, method: str) -> None:
    assert browser.generic(method, URL).status_code == 405


@pytest.mark.parametrize(
    ("after", "lands"),
    [
        (f"{LIST_URL}new/", f"{LIST_URL}new/"),
        (f"{LIST_URL}?page=2&per_page=25", f"{LIST_URL}?page=2&per_page=25"),
        ("", LIST_URL),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http:///evil.example", "/"),
        ("\t//evil.example", "/"),
    ],
)
def test_it_leads_to_where_the_person_was_going_and_nowhere_else(
    signed_in: Client, token: str, after: str, lands: str
) -> None:
    typed = {"user_id": USER_ID, "personal_access_token": token, "next": after}
    assert send(signed_in, **typed).headers["Location"] == lands
    assert send(signed_in, **typed, headers=HTMX).headers["HX-Redirect"] == lands


def test_it_is_recorded_without_the_credential(signed_in: Client, token: str) -> None:
    send(signed_in, user_id=USER_ID, personal_access_token="wrong-9b1c7e")
    send(signed_in, user_id=USER_ID, personal_access_token=token)
    assert trail() == [
        ("connection.added", "attempted"),
        ("connection.added", "denied"),
        ("connection.added", "attempted"),
        ("connection.added", "ok"),
    ]
    for event in Event.objects.all():
        assert (event.organization_id, event.api_identity) == (ORGANIZATION_ID, USER_ID)
        assert "9b1c7e" not in str(vars(event))
        assert token not in str(vars(event))


def test_nothing_is_connected_where_it_cannot_be_recorded(
    signed_in: Client, token: str, break_trail: Any
) -> None:
    break_trail()
    answer = send(signed_in, user_id=USER_ID, personal_access_token=token)
    assert answer.status_code == 503
    assert token not in text_of(answer)
    assert not is_connected(signed_in)


def test_the_demonstration_fills_the_form_in(signed_in: Client, token: str, settings: Any) -> None:
    settings.DEMO_CONNECTION = {
        "organization_id": ORGANIZATION_ID,
        "user_id": USER_ID,
        "personal_access_token": "demo-9b1c7e",
    }
    form = filled(signed_in.get(URL), "connection-form")
    assert form["personal_access_token"] == "demo-9b1c7e"
    refused = signed_in.post(URL, {**form, "organization_id": ""})
    assert "demo-9b1c7e" not in text_of(refused)


def test_a_connection_is_of_one_person_in_one_session(browser: Client, token: str) -> None:
    other = Client()
    other.force_login(Person.objects.create_user("taro", role=Role.ADMINISTRATOR))
    assert not is_connected(other)
    for row in Session.objects.all():
        assert token not in str(row.get_decoded())

"""What every page below an organization promises, whatever it is for."""

from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID, USER_ID
from tests.secrets_ui.views.support import filled, text_of

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

READ = {"GET", "HEAD"}
READ_AND_SEND = {"GET", "HEAD", "POST"}

# name, the methods it takes, the part that htmx gets
PAGES = [
    ("secret-list", READ, "secret-table"),
    ("secret-create", READ_AND_SEND, "secret-form"),
    ("secret-detail", READ, "version-table"),
    ("secret-update", READ_AND_SEND, "secret-form"),
    ("secret-delete", READ_AND_SEND, "confirm"),
    ("version-create", READ_AND_SEND, "version-form"),
    ("version-reveal", READ_AND_SEND, ""),
    ("version-status", READ_AND_SEND, "confirm"),
    ("version-delete", READ_AND_SEND, "confirm"),
]
NAMES = [name for name, _, _ in PAGES]
each_page = pytest.mark.parametrize("name", NAMES)
each_page_of_a_secret = pytest.mark.parametrize("name", NAMES[2:])
each_page_of_a_version = pytest.mark.parametrize("name", NAMES[-3:])


def address(name: str, secret: Secret, *, organization_id: str = ORGANIZATION_ID) -> str:
    assert secret.versions
    ids = [organization_id, secret.id, secret.versions[0].id]
    count = 1 if NAMES.index(name) < 2 else 2 if NAMES.index(name) < 6 else 3
    return reverse(name, args=ids[:count])


@pytest.mark.parametrize(("name", "part"), [(name, part) for name, _, part in PAGES if part])
def test_it_is_a_whole_page_and_htmx_gets_its_part(
    browser: Client, secret: Secret, name: str, part: str
) -> None:
    url = address(name, secret)
    page = browser.get(url)
    assert page.status_code == 200
    assert text_of(page).startswith("<!doctype html>")
    assert f'id="{part}"' in text_of(page)
    fragment = text_of(browser.get(url, headers=HTMX)).strip()
    assert "<html" not in fragment
    assert f'id="{part}"' in fragment.partition(">")[0]


@pytest.mark.parametrize(("name", "methods"), [(name, methods) for name, methods, _ in PAGES])
def test_it_takes_no_other_method(
    browser: Client, secret: Secret, name: str, methods: set[str]
) -> None:
    for method in {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - methods:
        assert browser.generic(method, address(name, secret)).status_code == 405, method


@each_page
def test_a_visitor_is_asked_to_sign_in_and_comes_back(
    visitor: Client, secret: Secret, name: str
) -> None:
    url = address(name, secret)
    for answer in (visitor.get(url), visitor.post(url, {"purpose": "show"})):
        assert answer.status_code == 302
        assert unquote(answer.headers["Location"]) == f"/accounts/sign-in/?next={url}"


@each_page
def test_a_visitor_behind_htmx_never_gets_the_sign_in_page_as_a_part(
    visitor: Client, secret: Secret, name: str
) -> None:
    url = address(name, secret)
    answer = visitor.get(url, headers=HTMX, follow=True)
    assert unquote(answer.headers["HX-Redirect"]) == f"/accounts/sign-in/?next={url}"
    assert answer.content == b""


@each_page
def test_without_a_connection_it_asks_for_one_and_lands_here_afterwards(
    signed_in: Client, credential: object, secret: Secret, name: str
) -> None:
    url = address(name, secret)
    asked = signed_in.get(url)
    assert asked.status_code == 302
    connect_page = signed_in.get(asked.headers["Location"])
    token = credential.as_dict()["personal_access_token"]  # type: ignore[attr-defined]
    form = filled(connect_page, "connection-form", user_id=USER_ID, personal_access_token=token)
    assert form["organization_id"] == ORGANIZATION_ID
    connected = signed_in.post("/connect/", form)
    assert connected.status_code == 302
    assert connected.headers["Location"] == url


@each_page
def test_without_a_connection_htmx_is_sent_to_the_connect_page(
    signed_in: Client, secret: Secret, name: str
) -> None:
    answer = signed_in.get(address(name, secret), headers=HTMX)
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"].startswith("/connect/?organization=1410000000000&next=")


@each_page
def test_a_form_sent_without_a_connection_changes_nothing_and_asks_for_one(
    signed_in: Client, secret: Secret, api: SecretManagerClient, name: str
) -> None:
    before = api.get_secret(ORGANIZATION_ID, secret.id)
    methods = dict((page, allowed) for page, allowed, _ in PAGES)[name]
    if "POST" in methods:
        answer = signed_in.post(address(name, secret), {"typed_name": secret.name, "to": "off"})
        assert answer.headers["Location"] == "/connect/?organization=1410000000000"
    assert api.get_secret(ORGANIZATION_ID, secret.id) == before


@each_page
def test_another_organization_needs_a_connection_of_its_own(
    browser: Client, their_secret: Secret, name: str
) -> None:
    url = address(name, their_secret, organization_id=their_secret.organization_id)
    assert browser.get(url).headers["Location"].startswith("/connect/?organization=1420000000000")


@each_page_of_a_secret
def test_a_secret_of_another_organization_is_not_there(
    browser: Client, their_secret: Secret, name: str
) -> None:
    url = address(name, their_secret)
    if name != "version-reveal":  # A plain visit to it asks the API nothing.
        assert browser.get(url).status_code == 404
    if name != "secret-detail":
        sent = {"typed_name": their_secret.name, "to": "off", "source": "generated"}
        answer = browser.post(url, sent)
        assert answer.status_code == 404
        assert "their" not in text_of(answer)
    assert not Event.objects.exists()


@each_page_of_a_secret
@pytest.mark.parametrize("wrong_id", ["999999", "x" * 65, "..", "a b", "%2e%2e%2fsecrets"])
def test_a_secret_that_is_not_there_is_not_found(
    browser: Client, secret: Secret, name: str, wrong_id: str
) -> None:
    url = address(name, secret).replace(secret.id, wrong_id, 1)
    answer = browser.post(url) if name == "version-reveal" else browser.get(url)
    assert answer.status_code == 404
    assert "There is no such page" in text_of(answer) or "not there any more" in text_of(answer)


@each_page_of_a_version
@pytest.mark.parametrize("wrong_id", ["999999", "x" * 65, "a b", "%2e%2e"])
def test_a_version_that_is_not_there_is_not_found(
    browser: Client, secret: Secret, name: str, wrong_id: str
) -> None:
    assert secret.versions
    version_id = secret.versions[0].id
    url = address(name, secret).replace(f"versions/{version_id}", f"versions/{wrong_id}")
    answer = browser.post(url, {"to": "off", "purpose": "show"})
    assert answer.status_code == 404
    assert "the first value" not in text_of(answer)


@each_page_of_a_version
def test_a_version_of_another_secret_is_not_found(
    browser: Client, secret: Secret, api: SecretManagerClient, name: str
) -> None:
    other = api.create_secret(ORGANIZATION_ID, "another-one_", "the other value")
    assert secret.versions
    assert other.versions
    url = address(name, secret).replace(secret.versions[0].id, other.versions[0].id)
    answer = browser.post(url, {"to": "off", "purpose": "show"})
    assert answer.status_code == 404
    assert "the other value" not in text_of(answer)

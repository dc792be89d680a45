import pytest
from django.http import HttpResponse
from django.test import Client

from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.views.support import filled, text_of, trail

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
ONLY_ONE = "It is the only version that is on: whoever asks for this secret may get no value."


@pytest.fixture
def url(secret: Secret, secret_url: str) -> str:
    assert secret.versions
    return f"{secret_url}versions/{secret.versions[0].id}/delete/"


def send(browser: Client, url: str, *, headers: dict[str, str] | None = None) -> HttpResponse:
    return browser.post(url, filled(browser.get(url), "confirm"), headers=headers)


def numbers(api: SecretManagerClient, secret: Secret) -> list[int | None]:
    found = api.get_secret_versions(ORGANIZATION_ID, secret.id).versions
    return sorted(version.version or 0 for version in found)


def test_one_version_is_deleted_and_the_others_stay(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str, url: str
) -> None:
    api.create_secret_version(ORGANIZATION_ID, secret.id, "w")
    answer = send(browser, url)
    assert answer.status_code == 302
    assert answer.headers["Location"] == secret_url
    assert numbers(api, secret) == [2]
    assert "Version v1 is deleted." in text_of(browser.get(secret_url))


def test_htmx_is_sent_to_the_secret(browser: Client, secret_url: str, url: str) -> None:
    assert send(browser, url, headers=HTMX).headers["HX-Redirect"] == secret_url


def test_the_page_says_what_it_means_to_delete_the_last_one_that_is_on(
    browser: Client, api: SecretManagerClient, secret: Secret, url: str
) -> None:
    page = text_of(browser.get(url))
    assert "Delete version v1?" in page
    assert "It cannot be undone." in page
    assert ONLY_ONE in page
    api.create_secret_version(ORGANIZATION_ID, secret.id, "w")
    page = text_of(browser.get(url))
    assert "It is on now. Version v2 stays on." in page
    assert ONLY_ONE not in page


def test_a_visit_deletes_nothing(
    browser: Client, api: SecretManagerClient, secret: Secret, url: str
) -> None:
    browser.get(url)
    assert numbers(api, secret) == [1]
    assert trail("version.deleted") == []


def test_a_version_that_went_away_meanwhile_is_not_there_any_more(
    browser: Client, api: SecretManagerClient, secret: Secret, url: str
) -> None:
    form = filled(browser.get(url), "confirm")
    assert secret.versions
    api.delete_secret_version(ORGANIZATION_ID, secret.id, secret.versions[0].id)
    answer = browser.post(url, form)
    assert answer.status_code == 404
    assert "This is not there any more" in text_of(answer)


def test_it_is_recorded_before_and_after(browser: Client, secret: Secret, url: str) -> None:
    send(browser, url)
    assert trail("version.deleted") == [
        ("version.deleted", "attempted"),
        ("version.deleted", "ok"),
    ]
    for event in Event.objects.filter(action="version.deleted"):
        assert secret.versions
        assert (event.secret_id, event.version_id) == (secret.id, secret.versions[0].id)
        assert event.secret_name == "crm-webhook-signing"


@pytest.mark.usefixtures("broken_trail")
def test_nothing_is_deleted_where_it_cannot_be_recorded(
    browser: Client, api: SecretManagerClient, secret: Secret, url: str
) -> None:
    assert send(browser, url).status_code == 503
    assert numbers(api, secret) == [1]

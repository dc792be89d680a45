import pytest
from django.http import HttpResponse
from django.test import Client

from audit.models import Event
from secret_manager import NotFound, Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.views.support import LIST_URL, filled, text_of, trail
from tests.secrets_ui.views.upstream import SECRET, SECRET_URL, Upstream

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


def send(
    browser: Client, secret_url: str, typed: str, *, headers: dict[str, str] | None = None
) -> HttpResponse:
    url = f"{secret_url}delete/"
    return browser.post(url, filled(browser.get(url), "confirm", typed_name=typed), headers=headers)


def test_the_page_says_what_will_be_gone(browser: Client, api: SecretManagerClient) -> None:
    secret = api.create_secret(
        ORGANIZATION_ID,
        "used_key",
        "v",
        integration_service_type="abeja-platform-labs",
        integration_service_ids=["app-7"],
    )
    api.create_secret_version(ORGANIZATION_ID, secret.id, "w")
    page = text_of(browser.get(f"{LIST_URL}{secret.id}/delete/"))
    assert "used_key" in page
    assert "It cannot be undone." in page
    assert "2 versions are still on." in page
    assert "app-7" in page
    assert trail("secret.deleted") == []


def test_the_typed_name_deletes_the_secret(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str
) -> None:
    answer = send(browser, secret_url, "crm-webhook-signing")
    assert answer.status_code == 302
    assert answer.headers["Location"] == LIST_URL
    assert "crm-webhook-signing is deleted." in text_of(browser.get(LIST_URL))
    with pytest.raises(NotFound):
        api.get_secret(ORGANIZATION_ID, secret.id)


def test_htmx_is_sent_to_the_list(browser: Client, secret_url: str) -> None:
    answer = send(browser, secret_url, "crm-webhook-signing", headers=HTMX)
    assert answer.headers["HX-Redirect"] == LIST_URL


@pytest.mark.parametrize("typed", ["", "crm", "CRM-webhook-signing", "crm-webhook-signing2", "*"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_any_other_name_deletes_nothing(
    browser: Client,
    api: SecretManagerClient,
    secret: Secret,
    secret_url: str,
    typed: str,
    headers: dict[str, str],
) -> None:
    answer = send(browser, secret_url, typed, headers=headers)
    assert answer.status_code == 422
    assert filled(answer, "confirm")["typed_name"] == typed
    assert ("<html" in text_of(answer)) == (not headers)
    assert api.get_secret(ORGANIZATION_ID, secret.id) == secret
    assert trail("secret.deleted") == []


def test_an_empty_form_deletes_nothing(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str
) -> None:
    answer = browser.post(f"{secret_url}delete/")
    assert answer.status_code == 422
    assert "This field is required." in text_of(answer)
    assert api.get_secret(ORGANIZATION_ID, secret.id)


def test_a_visit_deletes_nothing(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str
) -> None:
    browser.get(f"{secret_url}delete/", {"typed_name": "crm-webhook-signing"})
    assert api.get_secret(ORGANIZATION_ID, secret.id)


def test_it_is_recorded_before_and_after(browser: Client, secret: Secret, secret_url: str) -> None:
    send(browser, secret_url, "crm-webhook-signing")
    assert trail("secret.deleted") == [("secret.deleted", "attempted"), ("secret.deleted", "ok")]
    for event in Event.objects.filter(action="secret.deleted"):
        assert (event.secret_id, event.secret_name) == (secret.id, "crm-webhook-signing")


@pytest.mark.usefixtures("broken_trail")
def test_nothing_is_deleted_where_it_cannot_be_recorded(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str
) -> None:
    assert send(browser, secret_url, "crm-webhook-signing").status_code == 503
    assert api.get_secret(ORGANIZATION_ID, secret.id)


def test_a_secret_that_went_away_meanwhile_is_not_there_any_more(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str
) -> None:
    form = filled(browser.get(f"{secret_url}delete/"), "confirm", typed_name="crm-webhook-signing")
    api.delete_secret(ORGANIZATION_ID, secret.id)
    answer = browser.post(f"{secret_url}delete/", form)
    assert answer.status_code == 404
    assert "This is not there any more" in text_of(answer)


def test_a_name_is_typed_as_it_is_shown(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.SECRET, {**SECRET, "name": "bill\u200bing-key"})
    upstream.says("DELETE", Upstream.SECRET, {"message": "deleted"})
    assert send(upstream.browser, SECRET_URL, "billing-key").status_code == 302

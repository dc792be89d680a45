import pytest
from django.http import HttpResponse
from django.test import Client

from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.views.support import LIST_URL, filled, text_of, trail
from tests.secrets_ui.views.upstream import (
    FAILURES,
    SECRET_URL,
    VERSION,
    VERSION_URL,
    Upstream,
)

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
ONLY_ONE = "It leaves no version on: whoever asks for this secret may get no value."


@pytest.fixture
def version_url(secret: Secret, secret_url: str) -> str:
    assert secret.versions
    return f"{secret_url}versions/{secret.versions[0].id}/"


def send(
    browser: Client, version_url: str, to: str, *, headers: dict[str, str] | None = None
) -> HttpResponse:
    url = f"{version_url}status/"
    form = filled(browser.get(url, {"to": to}), "confirm")
    assert form["to"] == to
    return browser.post(url, form, headers=headers)


def is_on(api: SecretManagerClient, secret: Secret) -> bool:
    (version,) = api.get_secret_versions(ORGANIZATION_ID, secret.id).versions
    return version.is_on


def test_a_version_is_turned_off_and_on_again(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str, version_url: str
) -> None:
    answer = send(browser, version_url, "off")
    assert answer.headers["Location"] == secret_url
    assert not is_on(api, secret)
    assert "Version v1 is off." in text_of(browser.get(secret_url))
    send(browser, version_url, "on")
    assert is_on(api, secret)
    assert "Version v1 is on." in text_of(browser.get(secret_url))


def test_htmx_is_sent_to_the_secret(browser: Client, secret_url: str, version_url: str) -> None:
    answer = send(browser, version_url, "off", headers=HTMX)
    assert answer.headers["HX-Redirect"] == secret_url


def test_turning_off_the_last_one_says_what_that_means(
    browser: Client, api: SecretManagerClient
) -> None:
    secret = api.create_secret(
        ORGANIZATION_ID,
        "used_key",
        "v",
        integration_service_type="abeja-platform-labs",
        integration_service_ids=["app-7"],
    )
    assert secret.versions
    url = f"{LIST_URL}{secret.id}/versions/{secret.versions[0].id}/status/"
    page = text_of(browser.get(url, {"to": "off"}))
    assert ONLY_ONE in page
    assert "app-7" in page


def test_turning_off_one_of_two_says_which_stays_on(
    browser: Client, api: SecretManagerClient, secret: Secret, version_url: str
) -> None:
    api.create_secret_version(ORGANIZATION_ID, secret.id, "w")
    page = text_of(browser.get(f"{version_url}status/", {"to": "off"}))
    assert "Version v2 stays on." in page
    assert ONLY_ONE not in page


def test_turning_on_says_what_else_is_on(
    browser: Client, api: SecretManagerClient, secret: Secret, version_url: str
) -> None:
    send(browser, version_url, "off")
    url = f"{version_url}status/"
    assert "It will be the only version that is on." in text_of(browser.get(url, {"to": "on"}))
    api.create_secret_version(ORGANIZATION_ID, secret.id, "w")
    assert "Version v2 is on too, and stays on." in text_of(browser.get(url, {"to": "on"}))


def test_a_visit_changes_nothing(
    browser: Client, api: SecretManagerClient, secret: Secret, version_url: str
) -> None:
    browser.get(f"{version_url}status/", {"to": "off"})
    assert is_on(api, secret)
    assert trail("version.turned_off") == []


def test_a_visit_that_does_not_say_which_way_offers_the_other_one(
    browser: Client, version_url: str
) -> None:
    url = f"{version_url}status/"
    assert filled(browser.get(url), "confirm")["to"] == "off"
    send(browser, version_url, "off")
    assert filled(browser.get(url), "confirm")["to"] == "on"


@pytest.mark.parametrize("to", ["", "delete", "ON"])
def test_a_form_that_does_not_say_which_way_changes_nothing(
    browser: Client, api: SecretManagerClient, secret: Secret, version_url: str, to: str
) -> None:
    answer = browser.post(f"{version_url}status/", {"to": to})
    assert answer.status_code == 200
    assert '<form id="confirm"' in text_of(answer)
    assert is_on(api, secret)


def test_what_is_shown_is_what_the_api_says_and_not_what_was_asked(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    upstream.says("PATCH", Upstream.VERSION, {**VERSION, "status": "inactive"})
    send(upstream.browser, VERSION_URL, "off")
    assert upstream.sent("PATCH") == [{"status": "inactive"}]
    assert "Version v1 is on." in text_of(upstream.browser.get(SECRET_URL))


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_a_change_that_cannot_be_read_back_is_not_reported_as_failed(
    upstream: Upstream, failure: object
) -> None:
    upstream.shows_one_secret()
    upstream.says("PATCH", Upstream.VERSION, {**VERSION, "status": "inactive"})
    upstream.fails("GET", Upstream.VERSION, failure)  # type: ignore[arg-type]
    assert send(upstream.browser, VERSION_URL, "off").headers["Location"] == SECRET_URL
    assert "The change was accepted" in text_of(upstream.browser.get(SECRET_URL))


@pytest.mark.parametrize(
    ("to", "action"), [("off", "version.turned_off"), ("on", "version.turned_on")]
)
def test_it_is_recorded_before_and_after(
    browser: Client, secret: Secret, version_url: str, to: str, action: str
) -> None:
    send(browser, version_url, to)
    assert trail(action) == [(action, "attempted"), (action, "ok")]
    for event in Event.objects.filter(action=action):
        assert secret.versions
        assert (event.secret_id, event.version_id) == (secret.id, secret.versions[0].id)


@pytest.mark.usefixtures("broken_trail")
def test_nothing_is_turned_off_where_it_cannot_be_recorded(
    browser: Client, api: SecretManagerClient, secret: Secret, version_url: str
) -> None:
    assert send(browser, version_url, "off").status_code == 503
    assert is_on(api, secret)

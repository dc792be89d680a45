import pytest
from django.http import HttpResponse
from django.test import Client

from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.views.support import filled, text_of, trail
from tests.secrets_ui.views.upstream import VALUE

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


def send(
    browser: Client, secret_url: str, *, headers: dict[str, str] | None = None, **typed: str
) -> HttpResponse:
    url = f"{secret_url}versions/new/"
    return browser.post(url, filled(browser.get(url), "version-form", **typed), headers=headers)


def values(api: SecretManagerClient, secret: Secret) -> list[tuple[bytes, bool]]:
    """Every version's value and whether it is on, oldest first."""
    found = api.get_secret_versions(ORGANIZATION_ID, secret.id).versions
    fetched = [
        api.get_secret_version(ORGANIZATION_ID, secret.id, version.id, with_value=True)
        for version in sorted(found, key=lambda version: version.version or 0)
    ]
    return [(version.value.raw if version.value else b"", version.is_on) for version in fetched]


def test_a_new_value_is_a_new_version_and_the_old_one_stays_on(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str
) -> None:
    answer = send(browser, secret_url, value="the second value")
    assert answer.status_code == 302
    assert answer.headers["Location"] == secret_url
    assert values(api, secret) == [(b"the first value", True), (b"the second value", True)]
    page = text_of(browser.get(secret_url))
    assert "The new value is saved." in page
    assert "2 versions on" in page
    assert "the second value" not in page


def test_htmx_is_sent_to_the_secret(browser: Client, secret_url: str) -> None:
    answer = send(browser, secret_url, value="the second value", headers=HTMX)
    assert answer.headers["HX-Redirect"] == secret_url


def test_a_value_is_kept_byte_for_byte(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str
) -> None:
    send(browser, secret_url, value=" -----BEGIN KEY-----\r\n秘密\t\r\n-----END KEY-----\r\n ")
    kept = values(api, secret)[-1][0].decode()
    assert kept == " -----BEGIN KEY-----\n秘密\t\n-----END KEY-----\n "


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    "typed",
    [
        {"value": ""},
        {"value": VALUE + "x" * 70_000},
        {"value": VALUE, "source": "guessed"},
        {"value": VALUE, "source": "generated", "recipe": "1234"},
    ],
    ids=["nothing", "too long", "no source", "no recipe"],
)
def test_what_cannot_be_kept_is_refused_and_not_shown_again(
    browser: Client,
    api: SecretManagerClient,
    secret: Secret,
    secret_url: str,
    typed: dict[str, str],
    headers: dict[str, str],
) -> None:
    answer = send(browser, secret_url, **typed, headers=headers)
    assert answer.status_code == 422
    assert VALUE not in text_of(answer)
    assert ("<html" in text_of(answer)) == (not headers)
    assert len(values(api, secret)) == 1
    assert trail("version.added") == []


def test_an_empty_form_says_what_is_missing(browser: Client, secret_url: str) -> None:
    answer = browser.post(f"{secret_url}versions/new/")
    assert answer.status_code == 422
    assert "Type or paste the value." in text_of(answer)


def test_a_generated_value_is_stored_and_never_shown(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str
) -> None:
    answer = send(browser, secret_url, source="generated", recipe="symbols-32")
    made, is_on = values(api, secret)[-1]
    assert len(made) == 32
    assert is_on
    assert made not in answer.content + answer.serialize_headers()


def test_it_is_recorded_before_and_after_without_the_value(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str
) -> None:
    send(browser, secret_url, value=VALUE)
    newest = api.get_secret_versions(ORGANIZATION_ID, secret.id).versions
    attempted, ok = Event.objects.filter(action="version.added").order_by("sequence")
    assert (attempted.outcome, attempted.version_id) == ("attempted", "")
    assert ok.outcome == "ok"
    assert ok.version_id in {version.id for version in newest if version.version == 2}
    assert ok.secret_name == "crm-webhook-signing"
    assert VALUE not in str(vars(attempted)) + str(vars(ok))


@pytest.mark.usefixtures("broken_trail")
def test_no_version_is_added_where_it_cannot_be_recorded(
    browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str
) -> None:
    answer = send(browser, secret_url, value=VALUE)
    assert answer.status_code == 503
    assert VALUE not in text_of(answer)
    assert len(values(api, secret)) == 1

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.views.support import LIST_URL, text_of
from tests.secrets_ui.views.upstream import SECRET, Upstream

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>{{ 7*7 }}\u202e"


@pytest.fixture
def thirty(api: SecretManagerClient) -> None:
    for number in range(30):
        api.create_secret(ORGANIZATION_ID, f"secret-number-{number:03}", "v")


def test_it_lists_the_secrets_of_the_organization(browser: Client, secret: Secret) -> None:
    page = browser.get(LIST_URL)
    assert page.status_code == 200
    assert "crm-webhook-signing" in text_of(page)
    assert "Signs CRM calls" in text_of(page)
    assert "On · v1" in text_of(page)


def test_htmx_gets_the_table_only(browser: Client, secret: Secret) -> None:
    part = browser.get(LIST_URL, headers=HTMX).content.decode()
    assert "<html" not in part
    assert part.strip().startswith('<section id="secret-table"')


def test_htmx_that_restores_a_page_gets_all_of_it(browser: Client, secret: Secret) -> None:
    restored = browser.get(LIST_URL, headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert text_of(restored).startswith("<!doctype html>")


def test_pages_follow_each_other_by_has_next(browser: Client, thirty: None) -> None:
    first = browser.get(LIST_URL, {"per_page": 25}).content.decode()
    second = browser.get(LIST_URL, {"per_page": 25, "page": 2}).content.decode()
    assert first.count("<tr>") == 26
    assert second.count("<tr>") == 6
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    assert 'rel="next"' not in second
    assert 'rel="prev"' in second
    assert "1 to 25" in first
    assert "26 to 30" in second


@pytest.mark.parametrize(
    ("asked", "given"),
    [("25", "25"), ("50", "50"), ("100", "100")]
    + [(nonsense, "50") for nonsense in ("", "0", "-1", "26", "1000", "x", "²", "9" * 400)],
)
def test_only_25_50_or_100_to_a_page(upstream: Upstream, asked: str, given: str) -> None:
    upstream.shows_one_secret()
    assert upstream.browser.get(LIST_URL, {"per_page": asked}).status_code == 200
    assert upstream.mock.calls[0].request.params == {"offset": "0", "limit": given}  # type: ignore[union-attr]


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "1.5", "²", "9" * 400])
def test_a_page_number_that_makes_no_sense_is_the_first(
    browser: Client, secret: Secret, page: str
) -> None:
    assert "crm-webhook-signing" in text_of(browser.get(LIST_URL, {"page": page}))


def test_a_page_past_the_end_leads_back_to_the_first(browser: Client, secret: Secret) -> None:
    page = text_of(browser.get(LIST_URL, {"page": 7, "per_page": 25}))
    assert "Nothing on this page" in page
    assert '<a href="?per_page=25">Go to the first page</a>' in page


def test_an_organization_without_secrets_says_so(browser: Client) -> None:
    assert "No secrets yet" in text_of(browser.get(LIST_URL))


def test_what_the_api_says_is_shown_as_text(upstream: Upstream) -> None:
    hostile = {**SECRET, "name": HOSTILE, "description": HOSTILE, "user_id": HOSTILE}
    upstream.says("GET", Upstream.SECRETS, {"secrets": [hostile], "has_next": False})
    page = upstream.browser.get(LIST_URL).content.decode()
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "{{ 7*7 }}" in page


@pytest.mark.parametrize("secrets", [[{"id": "7"}], [{"id": 7, "name": None, "versions": None}]])
def test_a_secret_of_which_only_the_id_is_known_has_a_row(
    upstream: Upstream, secrets: list[object]
) -> None:
    upstream.says("GET", Upstream.SECRETS, {"secrets": secrets})
    page = text_of(upstream.browser.get(LIST_URL))
    assert f'href="{LIST_URL}7/"' in page
    assert "Not known" in page


def test_entries_that_cannot_be_read_are_counted(upstream: Upstream) -> None:
    secrets = [SECRET, {"id": None}, {"id": "../x"}, "nonsense"]
    upstream.says("GET", Upstream.SECRETS, {"secrets": secrets, "has_next": True})
    page = text_of(upstream.browser.get(LIST_URL))
    assert "3 entries could not be read and are left out" in page
    assert 'rel="next"' in page


def test_a_page_of_which_nothing_can_be_read_does_not_claim_to_be_empty(
    upstream: Upstream,
) -> None:
    upstream.says("GET", Upstream.SECRETS, {"secrets": [{"id": None}], "has_next": True})
    page = text_of(upstream.browser.get(LIST_URL))
    assert "No secrets yet" not in page
    assert "1 entry could not be read and is left out" in page
    assert 'rel="next"' in page


def test_status_and_expiry_are_said_in_words(browser: Client, api: SecretManagerClient) -> None:
    now = datetime.now(UTC)
    api.create_secret(ORGANIZATION_ID, "past", "v", expired_at=now - timedelta(days=3))
    near = api.create_secret(ORGANIZATION_ID, "near", "v", expired_at=now + timedelta(days=12))
    off = api.create_secret(ORGANIZATION_ID, "all_off", "v")
    assert near.versions
    assert off.versions
    api.create_secret_version(ORGANIZATION_ID, near.id, "w")
    api.update_secret_version(ORGANIZATION_ID, off.id, off.versions[0].id, "inactive")
    page = text_of(browser.get(LIST_URL))
    for words in ("Expired, still on", "3 days ago", "2 versions on", "in 12 days", "All off"):
        assert words in page


def test_values_are_never_asked_for_and_looking_is_no_act(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    seen = Event.objects.count()
    upstream.browser.get(LIST_URL)
    assert "return_secret_value" not in str(upstream.mock.calls[0].request.url)
    assert Event.objects.count() == seen


def test_a_value_that_a_server_sends_unasked_is_not_in_the_page(upstream: Upstream) -> None:
    version = {"id": "1", "version": 1, "status": "active", "value": "bGVha2VkIHZhbHVl"}
    upstream.says("GET", Upstream.SECRETS, {"secrets": [{**SECRET, "versions": [version]}]})
    page = text_of(upstream.browser.get(LIST_URL))
    assert "leaked value" not in page
    assert "bGVha2VkIHZhbHVl" not in page

import pytest
from django.test import Client

from secret_manager import SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
URL = f"/organizations/{ORGANIZATION_ID}/secrets/"


def test_it_lists_the_secrets_of_the_organization(browser: Client, secret: object) -> None:
    page = browser.get(URL)
    assert page.status_code == 200
    assert "crm-webhook-signing" in page.content.decode().replace("</span><span>", "")


def test_htmx_gets_the_table_only(browser: Client, secret: object) -> None:
    part = browser.get(URL, headers=HTMX).content.decode()
    assert "<html" not in part
    assert part.strip().startswith('<section id="secret-table"')


def test_pages_follow_each_other_by_has_next(browser: Client, api: SecretManagerClient) -> None:
    for number in range(30):
        api.create_secret(ORGANIZATION_ID, f"secret-number-{number:03}", "v")
    first = browser.get(URL, {"per_page": 25}).content.decode()
    second = browser.get(URL, {"per_page": 25, "page": 2}).content.decode()
    assert first.count("<tr>") == 26
    assert second.count("<tr>") == 6
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    assert 'rel="prev"' in second

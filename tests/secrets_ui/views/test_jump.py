"""The page to jump from: the same for htmx in parts, with hostile names as text, and nobody else's."""

import pytest
from django.test import Client

from secret_manager import Secret
from secrets_ui.catalog import current
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.models import SavedView
from tests.secrets_ui.catalog.support import a_summary
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
URL = f"/organizations/{ORGANIZATION_ID}/jump/"
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [a_summary(1, name=HOSTILE, description=HOSTILE)]
    view = current.View(
        snapshot=Snapshot(entries, read_at=1), count=1, is_complete=True, is_reading=False
    )
    monkeypatch.setattr(current, "look", lambda connection, begin=True: view)


def test_a_secret_is_found(catalog: None, browser: Client, secret: Secret) -> None:
    page = browser.get(URL, {"q": "crm"}).content.decode()
    assert f"/organizations/{ORGANIZATION_ID}/secrets/{secret.id}/" in page
    assert "<mark>crm</mark>" in page


def test_htmx_gets_the_results_only(catalog: None, browser: Client, secret: Secret) -> None:
    headers = {**HTMX, "HX-Target": "jump-results"}
    part = browser.get(URL, {"q": "crm"}, headers=headers).content.decode()
    assert part.strip().startswith('<div id="jump-results"')
    assert "<form" not in part


@pytest.mark.parametrize("query", ["alert", "script", HOSTILE, "<", "x" * 10_000, "\x00", ""])
def test_everything_is_shown_as_text(browser: Client, hostile: None, query: str) -> None:
    page = browser.get(URL, {"q": query})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()
    assert "<img" not in page.content.decode()


def test_a_saved_view_is_ones_own_and_of_this_organization(browser: Client, person: object) -> None:
    views = [(person.pk, ORGANIZATION_ID, HOSTILE), (person.pk, "1420000000000", "their view")]  # type: ignore[attr-defined]
    views.append((person.pk + 1, ORGANIZATION_ID, "another's view"))  # type: ignore[attr-defined]
    for person_id, organization_id, name in views:
        SavedView.objects.create(
            person_id=person_id, organization_id=organization_id, name=name, query="q=x"
        )
    page = browser.get(URL).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "their view" not in page
    assert "another" not in page


def test_an_organization_that_one_is_not_connected_to_leads_to_connecting(browser: Client) -> None:
    answer = browser.get("/organizations/1420000000000/jump/", {"q": "aws"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/connect/")

"""The pages of a write that met another one, or that had no answer: for everybody, at every width."""

import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Person
from secret_manager import Secret
from secrets_ui.models import Intent
from tests.browser.conftest import Tenant
from tests.browser.test_accessibility import assert_accessible
from tests.browser.test_layout import LONG_NAME, MOVED_SIDEWAYS, WIDTHS, viewport

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
]
State = Intent.State


@pytest.fixture
def secret(tenant: Tenant) -> Secret:
    return tenant.create(LONG_NAME, description="As it was")


def left_behind(tenant: Tenant, secret: Secret, state: Intent.State) -> Intent:
    """A change of the secret that was sent an hour ago and never answered."""
    long_ago = timezone.now() - timedelta(hours=1)
    cache.clear()  # that there was none is remembered for a while
    return Intent.objects.create(
        nonce=uuid.uuid4().hex,
        person_id=Person.objects.get().pk,
        organization_id=tenant.id,
        state=state,
        sent_at=long_ago,
        working_since=long_ago,
        action="version.added",
        secret_id=secret.id,
        secret_name=secret.name,
    )


def assert_fit(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size(viewport(width))
        assert page.evaluate(MOVED_SIDEWAYS) == 0, width
    assert_accessible(page)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.SENT, "We do not know yet whether it was saved"),
        (State.UNKNOWN, "We do not know yet whether it was saved"),
        (State.NOT_SAVED, "It was not saved"),
        (State.TAKEN, "The name is taken"),
        (State.UNSURE, "Look whether it is yours"),
    ],
)
def test_how_a_write_ended(
    at_work: Page, tenant: Tenant, secret: Secret, state: Intent.State, words: str
) -> None:
    intent = left_behind(tenant, secret, state)
    at_work.goto(f"/organizations/{tenant.id}/writes/{intent.nonce}/")
    expect(at_work.get_by_role("heading", name=words)).to_be_visible()
    assert_fit(at_work)


def test_a_write_left_open_is_told_above_the_list(
    at_work: Page, tenant: Tenant, secret: Secret
) -> None:
    left_behind(tenant, secret, State.SENT)
    at_work.goto(tenant.list_path)
    expect(at_work.get_by_role("link", name="See more")).to_be_visible()
    assert_fit(at_work)


def test_two_edits_that_meet(at_work: Page, tenant: Tenant, secret: Secret) -> None:
    at_work.goto(f"{tenant.path_of(secret)}edit/")
    tenant.api.update_secret(tenant.id, secret.id, description="Theirs, " + "and long " * 60)
    at_work.get_by_label("Description").fill("Mine")
    at_work.get_by_role("button", name="Save changes").click()
    expect(at_work.get_by_text("Somebody else changed this meanwhile")).to_be_visible()
    assert_fit(at_work)

    at_work.get_by_role("radio", name="Mine").check()
    at_work.get_by_role("button", name="Save changes").click()
    expect(at_work.get_by_text("The changes are saved.")).to_be_visible()
    assert tenant.api.get_secret(tenant.id, secret.id).description == "Mine"

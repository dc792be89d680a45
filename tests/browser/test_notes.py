"""Notes, the star and saved views in a browser: with axe, by keyboard, and without JavaScript."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from secret_manager import Secret
from secrets_ui.models import Note
from tests.browser.conftest import Tenant
from tests.browser.test_accessibility import assert_accessible

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
]


@pytest.fixture
def secret(tenant: Tenant) -> Secret:
    return tenant.create("payment-api-key")


@pytest.fixture
def written(tenant: Tenant, secret: Secret) -> Note:
    return Note.objects.create(
        organization_id=tenant.id,
        secret_id=secret.id,
        secret_name=secret.name,
        labels=["billing", "x" * 40],
        how_to_renew="Ask the bank.\n" * 20,
    )


def test_the_star_answers_to_the_keyboard_and_keeps_the_focus(
    at_work: Page, tenant: Tenant, secret: Secret
) -> None:
    at_work.goto(tenant.path_of(secret))
    star = at_work.get_by_role("button", name="Favourite")
    for pressed in ("true", "false", "true"):
        star.press("Enter")
        expect(star).to_have_attribute("aria-pressed", pressed)
        expect(star).to_be_focused()
    at_work.reload()
    expect(star).to_have_attribute("aria-pressed", "true")


def test_the_panel_with_an_offer(at_work: Page, tenant: Tenant, written: Note) -> None:
    tenant.api.delete_secret(tenant.id, written.secret_id)
    at_work.goto(tenant.path_of(tenant.create("payment-api-key")))
    expect(at_work.get_by_role("button", name="Use them for this one")).to_be_visible()
    assert_accessible(at_work)


def test_the_form_where_two_edits_meet(
    at_work: Page, tenant: Tenant, secret: Secret, written: Note
) -> None:
    at_work.goto(f"{tenant.path_of(secret)}notes/")
    Note.objects.update(how_to_renew="Ask Taro.")
    at_work.get_by_label("How to renew it").fill("Ask Hanako.")
    at_work.get_by_label("Labels", exact=True).fill("!!!")
    at_work.get_by_role("button", name="Save the notes").click()
    expect(at_work.get_by_text("“!!!” is no label")).to_be_visible()
    expect(at_work.get_by_label("Labels", exact=True)).to_be_focused()
    assert_accessible(at_work)
    at_work.get_by_label("Labels", exact=True).fill("one more")
    at_work.get_by_role("button", name="Save the notes").click()
    expect(at_work.get_by_role("group", name="How to renew it: which one stays?")).to_be_visible()
    assert_accessible(at_work)
    at_work.get_by_role("radio", name="Theirs").check()
    at_work.get_by_role("button", name="Save the notes").click()
    notes = at_work.get_by_role("region", name="Our notes")
    expect(notes).to_contain_text("Ask Taro.")
    expect(notes).to_contain_text("one more")


def test_a_view_is_saved_replaced_and_opened_from_its_menu(
    at_work: Page, tenant: Tenant, secret: Secret
) -> None:
    menu = at_work.locator(".saved-views")
    for query in ("q=pay", "q=api"):
        at_work.goto(f"{tenant.list_path}?{query}")
        menu.locator("summary").press("Enter")
        assert_accessible(at_work)
        menu.get_by_label("Save this view").fill("Mine")
        menu.get_by_role("button", name="Save", exact=True).click()
    expect(at_work.get_by_text("You have a view of this name")).to_be_visible()
    assert_accessible(at_work)
    at_work.get_by_role("button", name="Replace the older one").click()
    at_work.goto(tenant.list_path)
    menu.locator("summary").click()
    menu.get_by_role("link", name="Mine").click()
    expect(at_work).to_have_url(re.compile(r"\?q=api$"))


def test_it_works_without_javascript(
    browser: Browser, session_cookie: dict[str, str], base_url: str, tenant: Tenant, secret: Secret
) -> None:
    with browser.new_context(java_script_enabled=False, base_url=base_url) as context:
        context.add_cookies([session_cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(tenant.path_of(secret))
        page.get_by_role("button", name="Favourite").click()
        expect(page.get_by_role("button", name="Favourite")).to_have_attribute(
            "aria-pressed", "true"
        )
        page.get_by_role("link", name="Write notes").click()
        page.get_by_label("Labels", exact=True).fill("billing, on call")
        page.get_by_role("button", name="Save the notes").click()
        page.get_by_role("link", name="Edit the notes").click()
        page.get_by_label("billing").uncheck()
        page.get_by_role("button", name="Save the notes").click()
        notes = page.get_by_role("region", name="Our notes")
        expect(notes).to_contain_text("on call")
        expect(notes).not_to_contain_text("billing")

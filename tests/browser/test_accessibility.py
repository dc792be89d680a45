"""Every page for everybody: no violation that axe-core knows of, and all of it by keyboard."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, ViewportSize, expect

from secret_manager import Secret
from tests.browser.conftest import Tenant

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
]
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
axe = Axe()


def assert_accessible(page: Page) -> None:
    """Ask axe-core in light and dark, on a desk and on a phone."""
    for viewport in (DESKTOP, PHONE):
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = axe.run(page, options={"resultTypes": ["violations"]})
            assert found.violations_count == 0, f"{viewport}, {scheme}:\n{found.generate_report()}"


@pytest.fixture
def secret(tenant: Tenant) -> Secret:
    """One with everything: a description, an expiry close by, apps, and versions on and off."""
    secret = tenant.create(
        "payment-api-key",
        "a long value " * 200,
        description="Charges cards. " * 60,
        expired_at=datetime.now(UTC) + timedelta(days=5),
        integration_service_type="abeja-platform-labs",
        integration_service_ids=["9909389711171", "9916291917033"],
    )
    first = next(iter(tenant.api.iter_secret_versions(tenant.id, secret.id)))
    tenant.api.create_secret_version(tenant.id, secret.id, "another value")
    tenant.api.update_secret_version(tenant.id, secret.id, first.id, "inactive")
    return secret


def test_the_sign_in_page(page: Page) -> None:
    page.goto("/")
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("kind", ["Personal access token", "Bearer token", "Datasource secret"])
def test_the_connect_page_with_errors(at_work: Page, kind: str) -> None:
    at_work.goto("/connect/")
    at_work.get_by_label("Organization id").fill("no/number")
    at_work.get_by_role("radio", name=kind).check()
    at_work.get_by_role("button", name="Check and connect").click()
    expect(at_work.get_by_text("An organization id has digits only.")).to_be_visible()
    assert_accessible(at_work)


def test_the_list_with_an_open_menu(at_work: Page, tenant: Tenant, secret: Secret) -> None:
    tenant.create("expired-key", expired_at=datetime.now(UTC) + timedelta(seconds=1))
    tenant.create("plain-key")
    at_work.goto(tenant.list_path)
    at_work.get_by_label("More: plain-key").click()
    assert_accessible(at_work)


@pytest.fixture
def many_states(tenant: Tenant, secret: Secret) -> None:
    """Secrets that need care for every reason there is, one of them expired a moment ago."""
    tenant.create("overdue_key", expired_at=datetime.now(UTC) + timedelta(seconds=1))
    plain = tenant.create("plain_key")
    for version in tenant.api.iter_secret_versions(tenant.id, plain.id):
        tenant.api.update_secret_version(tenant.id, plain.id, version.id, "inactive")
    tenant.api.create_secret_version(tenant.id, secret.id, "one more")


@pytest.mark.usefixtures("catalog", "many_states")
def test_the_overview_with_a_chart_as_a_table(at_work: Page, tenant: Tenant) -> None:
    at_work.goto("/")
    expect(at_work.get_by_role("heading", name="Needs care")).to_be_visible()
    at_work.get_by_text("As a table").first.click()
    assert_accessible(at_work)


@pytest.mark.usefixtures("catalog", "many_states")
def test_the_expiries(at_work: Page, tenant: Tenant) -> None:
    at_work.goto(f"/organizations/{tenant.id}/expiry/")
    expect(at_work.get_by_role("heading", name="Within 7 days")).to_be_visible()
    assert_accessible(at_work)


@pytest.mark.usefixtures("catalog")
def test_the_list_with_filters_open_an_order_and_marks(
    secret: Secret, at_work: Page, tenant: Tenant
) -> None:
    at_work.goto(f"{tenant.list_path}?q=pay&expiry=30&sort=-name")
    expect(at_work.locator(".name mark").first).to_be_visible()
    assert_accessible(at_work)
    at_work.locator(".sort summary").click()
    assert_accessible(at_work)


@pytest.mark.usefixtures("catalog")
def test_a_search_that_finds_nothing(secret: Secret, at_work: Page, tenant: Tenant) -> None:
    at_work.goto(f"{tenant.list_path}?q=nothing-like-it")
    expect(at_work.get_by_role("heading", name="No secret fits")).to_be_visible()
    assert_accessible(at_work)


@pytest.mark.usefixtures("catalog")
def test_the_palette(secret: Secret, at_work: Page, tenant: Tenant) -> None:
    at_work.goto(tenant.list_path)
    at_work.keyboard.press("Control+k")
    at_work.keyboard.type("payment-api-key")
    expect(at_work.get_by_role("dialog").get_by_text("Edit: payment-api-key")).to_be_visible()
    at_work.keyboard.press("ArrowDown")
    assert at_work.get_by_role("dialog").get_attribute("aria-labelledby") == "dialog-title"
    assert_accessible(at_work)
    at_work.goto(tenant.list_path.replace("/secrets/", "/jump/?q=nothing-like-it"))
    expect(at_work.get_by_text("Nothing fits.")).to_be_visible()
    assert_accessible(at_work)


def test_the_empty_list(at_work: Page, tenant: Tenant) -> None:
    at_work.goto(tenant.list_path)
    expect(at_work.get_by_text("No secrets yet")).to_be_visible()
    assert_accessible(at_work)


def test_a_secret_with_its_value_shown(at_work: Page, tenant: Tenant, secret: Secret) -> None:
    at_work.goto(tenant.path_of(secret))
    at_work.get_by_role("button", name="Show for 30 s").click()
    expect(at_work.get_by_role("region", name="Value")).to_be_visible()
    assert_accessible(at_work)


@pytest.mark.parametrize(
    "open_dialog",
    [
        lambda page: page.get_by_role("button", name="Show v1", exact=True).click(),
        lambda page: choose(page, "More", "Delete this secret…"),
        lambda page: choose(page, "More: v2", "Turn off…"),
        lambda page: choose(page, "More: v2", "Delete…"),
    ],
    ids=["value", "delete-secret", "turn-off", "delete-version"],
)
def test_an_open_dialog(
    at_work: Page, tenant: Tenant, secret: Secret, open_dialog: Callable[[Page], None]
) -> None:
    at_work.goto(tenant.path_of(secret))
    open_dialog(at_work)
    expect(at_work.get_by_role("dialog")).to_be_visible()
    assert at_work.get_by_role("dialog").get_attribute("aria-labelledby") == "dialog-title"
    expect(at_work.get_by_role("dialog").locator("#dialog-title")).to_be_visible()
    assert_accessible(at_work)


def test_the_form_for_a_new_secret_with_errors(at_work: Page, tenant: Tenant) -> None:
    at_work.goto(f"{tenant.list_path}new/")
    at_work.get_by_label("Name", exact=True).fill("bad name")
    at_work.get_by_label("When").select_option("On a date…")
    at_work.get_by_label("Labs apps").fill("not/an/id,")
    at_work.get_by_role("button", name="Save secret").click()
    expect(at_work.get_by_text("Type or paste the value.")).to_be_visible()
    assert_accessible(at_work)


@pytest.mark.parametrize("page_of_secret", ["edit/", "versions/new/", "delete/"])
def test_the_pages_that_change_a_secret(
    at_work: Page, tenant: Tenant, secret: Secret, page_of_secret: str
) -> None:
    at_work.goto(tenant.path_of(secret) + page_of_secret)
    expect(at_work.get_by_role("heading", level=1)).to_be_visible()
    assert_accessible(at_work)


@pytest.mark.parametrize("path", ["/nowhere/", "/organizations/1410000000000/secrets/999/"])
def test_the_pages_for_what_went_wrong(at_work: Page, path: str) -> None:
    at_work.goto(path)
    expect(
        at_work.get_by_role("link", name="Go to the start").or_(back_link(at_work))
    ).to_be_visible()
    assert_accessible(at_work)


# By keyboard


def test_the_first_tab_leads_past_the_frame(at_work: Page, tenant: Tenant) -> None:
    at_work.goto(tenant.list_path)
    at_work.keyboard.press("Tab")
    skip = at_work.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    at_work.keyboard.press("Enter")
    expect(at_work.locator("main")).to_be_focused()


@pytest.mark.parametrize(
    "menu", [".switcher", ".person", ".secrets .menu"], ids=["organizations", "person", "row"]
)
def test_a_menu_opens_with_enter_and_closes_with_escape(
    at_work: Page, tenant: Tenant, secret: Secret, menu: str
) -> None:
    at_work.goto(tenant.list_path)
    opened = at_work.locator(menu)
    opened.locator("summary").focus()
    at_work.keyboard.press("Enter")
    expect(opened).to_have_attribute("open", "")
    at_work.keyboard.press("Tab")
    expect(opened.locator("a, button").first).to_be_focused()
    at_work.keyboard.press("Escape")
    expect(opened).not_to_have_attribute("open", "")
    expect(opened.locator("summary")).to_be_focused()


def test_a_menu_closes_when_the_focus_moves_on(
    at_work: Page, tenant: Tenant, secret: Secret
) -> None:
    at_work.goto(tenant.list_path)
    menu = at_work.locator(".switcher")
    menu.locator("summary").press("Enter")
    for _ in range(3):  # the connected organization, the way to another, and out
        at_work.keyboard.press("Tab")
    expect(menu).not_to_have_attribute("open", "")


def test_a_dialog_takes_the_focus_and_gives_it_back(
    at_work: Page, tenant: Tenant, secret: Secret
) -> None:
    at_work.goto(tenant.list_path)
    opener = at_work.get_by_label("More: payment-api-key")
    opener.press("Enter")
    for _ in range(4):
        at_work.keyboard.press("Tab")
    at_work.keyboard.press("Enter")
    expect(at_work.get_by_label("Type the name of the secret to confirm")).to_be_focused()
    at_work.keyboard.press("Escape")
    expect(at_work.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_deleting_a_version_starts_on_keeping_it(
    at_work: Page, tenant: Tenant, secret: Secret
) -> None:
    at_work.goto(tenant.path_of(secret))
    choose(at_work, "More: v1", "Delete…")
    expect(at_work.get_by_role("link", name="Keep it")).to_be_focused()


def test_a_form_with_errors_puts_the_focus_on_the_first(at_work: Page, tenant: Tenant) -> None:
    at_work.goto(f"{tenant.list_path}new/")
    at_work.get_by_label("Name", exact=True).fill("fine-name")
    at_work.get_by_role("button", name="Save secret").click()
    expect(at_work.get_by_label("Value", exact=True)).to_be_focused()


def test_the_focus_stays_with_the_list_when_its_page_is_turned(
    at_work: Page, tenant: Tenant
) -> None:
    for number in range(26):
        tenant.create(f"key-{number}")
    at_work.goto(f"{tenant.list_path}?per_page=25")
    at_work.get_by_role("link", name="Next").press("Enter")
    expect(at_work.get_by_text("26 to 26")).to_be_visible()
    expect(at_work.locator("#secret-table")).to_be_focused()


def test_the_full_name_is_there_on_focus(at_work: Page, tenant: Tenant) -> None:
    name = "a-long-name-" * 20
    tenant.create(name)
    at_work.goto(tenant.list_path)
    link = at_work.get_by_role("link", name=name)
    expect(link).to_have_attribute("title", name)
    cut = link.locator("span").first
    assert cut.evaluate("span => span.scrollWidth > span.clientWidth")
    link.focus()
    at_work.keyboard.press("Shift+Tab")
    at_work.keyboard.press("Tab")
    expect(link).to_be_focused()
    assert link.evaluate("link => link.scrollWidth <= link.clientWidth")
    assert link.inner_text() == name


def choose(page: Page, menu: str, item: str) -> None:
    """Open a menu and take one of what it offers; the summary is named by `menu`."""
    opened = page.locator("details.menu").filter(has=page.get_by_label(menu, exact=True))
    opened.locator("summary").click()
    opened.get_by_text(item).click()


def back_link(page: Page) -> Locator:
    return page.get_by_role("link", name="Back to the list")

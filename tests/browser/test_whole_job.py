"""The main job from the first page to the last, as one person does it, with JavaScript and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from accounts.models import Person
from secret_manager import NotFound, Secret
from tests.browser.conftest import PASSWORD, USER_ID, USERNAME, Tenant

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
]
NAME = "report-mail-password"
VALUE = "  first line\n\tsecond: パスワード 🔑\n\nlast line  "


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without"])
def test_the_whole_job(
    new_context: Callable[..., BrowserContext],
    person: Person,
    tenant: Tenant,
    other_tenant: Tenant,
    javascript: bool,
) -> None:
    for number in range(30):
        tenant.create(f"earlier-{number:02}")
    context = new_context(java_script_enabled=javascript)
    if javascript:
        context.grant_permissions(["clipboard-write"])
    page = context.new_page()

    sign_in(page)
    connect(page, tenant)
    turn_the_pages_of_the_list(page)

    secret = create(page, tenant, javascript)
    see_and_hide_its_value(page)
    if javascript:
        copy_its_value(page, tenant, secret)
    put_in_a_new_value(page)
    turn_version_off(page, "v1")
    assert [version.is_on for version in versions_of(tenant, secret)] == [True, False]
    describe(page, tenant, secret, javascript)
    clear_what_describes_it(page, tenant, secret, javascript)
    delete_version(page, "v1")
    assert [version.version for version in versions_of(tenant, secret)] == [2]
    delete(page)
    with pytest.raises(NotFound):
        tenant.api.get_secret(tenant.id, secret.id)

    connect_another_and_switch(page, tenant, other_tenant)
    forget(page, other_tenant)
    sign_out(page, tenant)


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("User name").fill(USERNAME)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Connections")).to_be_visible()


def connect(page: Page, tenant: Tenant) -> None:
    page.get_by_label("Organization id").fill(tenant.id)
    page.get_by_label("What you call it").fill(tenant.name)
    page.get_by_label("User id").fill(USER_ID)
    token = page.get_by_role("textbox", name="Personal access token")
    token.fill("a wrong token")
    page.get_by_role("button", name="Check and connect").click()
    expect(page.get_by_role("alert")).to_contain_text("did not accept your credential")
    token.fill(tenant.token)
    page.get_by_role("button", name="Check and connect").click()
    expect(page.get_by_role("heading", name="Secrets")).to_be_visible()
    expect(page.get_by_text(f"Connected to {tenant.name}.")).to_be_visible()


def turn_the_pages_of_the_list(page: Page) -> None:
    rows = page.locator("table.secrets tbody tr")
    expect(rows).to_have_count(30)
    page.get_by_role("link", name="25", exact=True).click()
    expect(rows).to_have_count(25)
    page.get_by_role("link", name="Next").click()
    expect(rows).to_have_count(5)
    expect(page.get_by_text("26 to 30")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("1 to 25")).to_be_visible()
    page.go_forward()
    page.get_by_role("link", name="Previous").click()
    expect(rows).to_have_count(25)


def create(page: Page, tenant: Tenant, javascript: bool) -> Secret:
    page.get_by_role("link", name="New secret").click()
    name = page.get_by_label("Name", exact=True)
    no_spaces = page.get_by_role("listitem").filter(has_text="no spaces")
    name.fill("report mail password")
    if javascript:
        expect(no_spaces).to_have_class("broken")
    page.get_by_label("Value", exact=True).fill("typed for nothing")
    page.get_by_role("button", name="Save secret").click()
    expect(page.get_by_text("This name breaks one of the rules below.")).to_be_visible()
    expect(name).to_have_value("report mail password")
    name.fill(NAME)
    if javascript:
        expect(no_spaces).to_have_class("kept")
    page.get_by_label("Value", exact=True).fill(VALUE)
    page.get_by_role("button", name="Save secret").click()
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()

    found = [each for each in tenant.api.iter_secrets(tenant.id) if each.name == NAME]
    assert len(found) == 1
    version = versions_of(tenant, found[0])[0]
    kept = tenant.api.get_secret_version(tenant.id, found[0].id, version.id, with_value=True)
    assert kept.value.text == VALUE
    return found[0]


def see_and_hide_its_value(page: Page) -> None:
    page.get_by_role("button", name="Show for 30 s").click()
    value = page.get_by_role("region", name="Value")
    expect(value).to_be_visible()
    assert value.text_content() == VALUE
    page.get_by_role("link", name="Hide").click()
    expect(page.get_by_role("button", name="Show for 30 s")).to_be_visible()
    assert "second: パスワード" not in page.content()


def copy_its_value(page: Page, tenant: Tenant, secret: Secret) -> None:
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied. Paste it where it is needed.")).to_be_visible()
    # The pages are not allowed to read the clipboard, so it is read as a person would: by pasting.
    page.goto(f"{tenant.path_of(secret)}versions/new/")
    field = page.get_by_label("Value", exact=True)
    field.press("Control+V")
    expect(field).to_have_value(VALUE)
    page.get_by_role("link", name="Cancel").click()


def put_in_a_new_value(page: Page) -> None:
    page.get_by_role("link", name="Put in a new value").click()
    page.get_by_label("Make a random one").check()
    page.get_by_label("Kind of value").select_option("64 hexadecimal digits (256 bits)")
    page.get_by_role("button", name="Save new value").click()
    expect(page.get_by_text("The new value is saved.")).to_be_visible()
    expect(page.get_by_text("2 versions on")).to_be_visible()


def turn_version_off(page: Page, label: str) -> None:
    choose(page, f"More: {label}", "Turn off…")
    expect(page.get_by_text("Version v2 stays on.")).to_be_visible()
    page.get_by_role("button", name="Turn off").click()
    expect(row(page, label)).to_contain_text("Off")


def describe(page: Page, tenant: Tenant, secret: Secret, javascript: bool) -> None:
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Description").fill("Sends the monthly report")
    page.get_by_label("When").select_option("In 90 days")
    apps = page.get_by_label("Labs apps")
    if javascript:
        for app_id in ("9909389711171", "9916291917033", "not-wanted"):
            apps.press_sequentially(app_id)
            apps.press("Enter")
        page.get_by_role("button", name="Remove not-wanted").click()
        expect(page.get_by_role("button", name="Remove 9916291917033")).to_be_visible()
    else:
        apps.fill("9909389711171, 9916291917033")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("The changes are saved.")).to_be_visible()
    expect(page.get_by_text("in 3 months")).to_be_visible()
    now = tenant.api.get_secret(tenant.id, secret.id)
    assert now.description == "Sends the monthly report"
    assert list(now.integration_service_ids) == ["9909389711171", "9916291917033"]


def clear_what_describes_it(page: Page, tenant: Tenant, secret: Secret, javascript: bool) -> None:
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Description").fill("")
    page.get_by_label("When").select_option("No expiry")
    if javascript:
        page.get_by_label("Labs apps").press("Backspace")
        page.get_by_role("button", name="Remove 9909389711171").click()
    else:
        page.get_by_label("Labs apps").fill("")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("The changes are saved.")).to_be_visible()
    now = tenant.api.get_secret(tenant.id, secret.id)
    assert (now.description or None, now.expired_at) == (None, None)
    assert list(now.integration_service_ids) == []


def delete_version(page: Page, label: str) -> None:
    choose(page, f"More: {label}", "Delete…")
    page.get_by_role("button", name="Delete version").click()
    expect(page.get_by_text(f"Version {label} is deleted.")).to_be_visible()
    expect(row(page, label)).to_have_count(0)


def delete(page: Page) -> None:
    choose(page, "More", "Delete this secret…")
    typed = page.get_by_label("Type the name of the secret to confirm")
    typed.fill("report-mail")
    page.get_by_role("button", name="Delete secret").click()
    expect(page.get_by_text("This is not the name of the secret.")).to_be_visible()
    typed.fill(NAME)
    page.get_by_role("button", name="Delete secret").click()
    expect(page.get_by_text(f"{NAME} is deleted.")).to_be_visible()


def connect_another_and_switch(page: Page, tenant: Tenant, other_tenant: Tenant) -> None:
    page.locator(".switcher summary").click()
    page.get_by_role("link", name="Connect an organization").click()
    page.get_by_label("Organization id").fill(other_tenant.id)
    page.get_by_label("What you call it").fill(other_tenant.name)
    page.get_by_label("User id").fill(USER_ID)
    page.get_by_role("textbox", name="Personal access token").fill(other_tenant.token)
    page.get_by_role("button", name="Check and connect").click()
    expect(page.get_by_role("heading", name="No secrets yet")).to_be_visible()
    page.locator(".switcher summary").click()
    page.locator(".switcher").get_by_role("link", name=tenant.name).click()
    expect(page.get_by_role("link", name="earlier-00")).to_be_visible()


def forget(page: Page, other_tenant: Tenant) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Connections").click()
    page.get_by_role("button", name=f"Forget {other_tenant.name}").click()
    expect(page.get_by_text("The connection and its credential are forgotten.")).to_be_visible()
    page.goto(other_tenant.list_path)
    expect(page.get_by_role("heading", name="Connections")).to_be_visible()


def sign_out(page: Page, tenant: Tenant) -> None:
    page.locator(".person summary").click()
    page.get_by_role("button", name="Sign out and forget my credentials").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(tenant.list_path)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def row(page: Page, label: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=label))


def choose(page: Page, menu: str, item: str) -> None:
    """Open a menu and take one of what it offers; the summary is named by `menu`."""
    opened = page.locator("details.menu").filter(has=page.get_by_label(menu, exact=True))
    opened.locator("summary").click()
    opened.get_by_text(item).click()


def versions_of(tenant: Tenant, secret: Secret) -> list:
    """Return what the API now says, newest first."""
    found = tenant.api.iter_secret_versions(tenant.id, secret.id)
    return sorted(found, key=lambda version: version.version, reverse=True)

"""Ctrl-K or Cmd-K, from anywhere: to a secret, a page or an act, by keyboard alone."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from accounts.models import Person
from accounts.roles import Role
from secret_manager import Secret
from tests.browser.conftest import Tenant

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
    pytest.mark.usefixtures("catalog"),
]
PAGES = [
    *("/", "/connect/", "/audit/", "/accounts/people/", "/nowhere/"),
    *("{list}", "{list}new/", "{secret}", "{secret}edit/", "{secret}versions/new/"),
    *("{secret}delete/", "{secret}notes/", "/organizations/{id}/expiry/"),
]


@pytest.fixture(autouse=True)
def secret(tenant: Tenant) -> Secret:
    tenant.create("crm-webhook", description="<b>Calls</b> of 給与システム")
    return tenant.create("payment-api-key")


def field(page: Page) -> Locator:
    return page.get_by_label("A secret, a page or an act")


def opened(page: Page, path: str, keys: str = "Control+k") -> Locator:
    """Open a page and the palette on it, wait for what it offers, and return its field."""
    page.goto(path)
    page.keyboard.press(keys)
    expect(field(page)).to_be_focused()
    expect(page.get_by_role("dialog").get_by_role("link").first).to_be_visible()
    return field(page)


def test_it_opens_on_every_page_and_escape_gives_the_focus_back(
    at_work: Page, tenant: Tenant, secret: Secret
) -> None:
    for number, path in enumerate(PAGES):
        places = {"list": tenant.list_path, "secret": tenant.path_of(secret), "id": tenant.id}
        at_work.goto(path.format(**places))
        before = at_work.locator("main :is(input:not([type=hidden]), a, button)").locator(
            "visible=true"
        )
        before.first.focus()
        at_work.keyboard.press(("Control+k", "Meta+k")[number % 2])
        expect(field(at_work)).to_be_focused()
        expect(at_work.get_by_role("link", name="New secret").last).to_be_visible()
        at_work.keyboard.press("Escape")
        expect(at_work.get_by_role("dialog")).to_have_count(0)
        expect(before.first).to_be_focused()


def test_to_a_secret_by_its_first_letters(at_work: Page, tenant: Tenant, secret: Secret) -> None:
    opened(at_work, "/connect/")
    at_work.keyboard.type("paymnt")
    expect(at_work.get_by_role("dialog").locator("li").first).to_contain_text("payment-api-key")
    at_work.keyboard.press("Enter")
    expect(at_work).to_have_url(re.compile(f"{tenant.path_of(secret)}$"))


def test_to_a_page_by_the_arrows(at_work: Page, tenant: Tenant) -> None:
    jump = opened(at_work, tenant.list_path)
    at_work.keyboard.press("ArrowUp")
    expect(at_work.get_by_role("dialog").get_by_role("link").last).to_be_focused()
    at_work.keyboard.press("ArrowDown")
    expect(jump).to_be_focused()
    for _ in range(3):
        at_work.keyboard.press("ArrowDown")
    at_work.keyboard.press("ArrowUp")
    expect(at_work.get_by_role("dialog").get_by_role("link", name="Overview")).to_be_focused()
    # Who goes on typing goes on searching.
    at_work.keyboard.type("audit")
    expect(jump).to_be_focused()
    expect(jump).to_have_value("audit")
    expect(at_work.get_by_role("dialog").locator("li")).to_have_count(1)
    at_work.keyboard.press("ArrowDown")
    at_work.keyboard.press("Enter")
    expect(at_work).to_have_url(re.compile("/audit/$"))


def test_to_an_act(at_work: Page, tenant: Tenant, secret: Secret) -> None:
    opened(at_work, "/audit/", "Meta+k")
    at_work.keyboard.type("new sec")
    expect(at_work.get_by_role("dialog").locator("li")).to_have_count(1)
    at_work.keyboard.press("Enter")
    expect(at_work).to_have_url(re.compile(f"{tenant.list_path}new/$"))
    opened(at_work, tenant.list_path)
    at_work.keyboard.type("payment-api-key")
    expect(at_work.get_by_text("Put in a new value: payment-api-key")).to_be_visible()
    at_work.keyboard.press("ArrowDown")
    at_work.keyboard.press("ArrowDown")
    at_work.keyboard.press("Enter")
    expect(at_work).to_have_url(re.compile(f"{tenant.path_of(secret)}versions/new/$"))


def test_enter_goes_also_before_the_answer_has_come(
    at_work: Page, tenant: Tenant, secret: Secret
) -> None:
    def late(route: Route) -> None:
        at_work.wait_for_timeout(500)
        route.continue_()

    opened(at_work, tenant.list_path)
    at_work.route(re.compile(r"jump/\?q=payment"), late)
    at_work.keyboard.type("nothing-like-it")
    expect(at_work.get_by_text("Nothing fits.")).to_be_visible()
    at_work.keyboard.press("Enter")
    field(at_work).select_text()
    at_work.keyboard.type("payment  api")
    at_work.keyboard.press("Enter")
    expect(at_work).to_have_url(re.compile(f"{tenant.path_of(secret)}$"))


def test_enter_waits_for_the_answer_to_all_letters(
    at_work: Page, tenant: Tenant, secret: Secret
) -> None:
    held: list[Route] = []
    opened(at_work, tenant.list_path)
    at_work.route(re.compile(r"jump/\?q=c$"), lambda route: held.append(route))
    with at_work.expect_request(re.compile(r"jump/\?q=c$")):
        at_work.keyboard.type("c")
    at_work.evaluate(
        """() => {
            const field = document.getElementById("jump-q");
            document.body.addEventListener("htmx:beforeSwap", () => {
                field.value = "payment";
                field.dispatchEvent(new Event("input", { bubbles: true }));
                field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            }, { once: true });
        }"""
    )
    held[0].continue_()
    expect(at_work).to_have_url(re.compile(f"{tenant.path_of(secret)}$"))


def test_letters_typed_at_once_are_not_lost(at_work: Page, tenant: Tenant) -> None:
    at_work.goto(f"{tenant.list_path}?q=webhook")
    at_work.get_by_label("Search secrets").focus()
    held: list[Route] = []
    at_work.route(re.compile("/jump/$"), lambda route: held.append(route))
    at_work.keyboard.press("Control+k")
    at_work.keyboard.type("payment")
    expect(field(at_work)).to_have_value("payment")
    expect(at_work.get_by_role("dialog").locator("li").first).to_contain_text("payment-api-key")
    at_work.keyboard.press("Escape")
    expect(at_work.get_by_label("Search secrets")).to_have_value("webhook")


def test_enter_that_was_taken_back_leads_nowhere(at_work: Page, tenant: Tenant) -> None:
    held: list[Route] = []
    opened(at_work, tenant.list_path)
    at_work.route(re.compile(r"jump/\?q=payment"), lambda route: held.append(route))
    with at_work.expect_request(re.compile(r"jump/\?q=payment")):
        at_work.keyboard.type("payment")
        at_work.keyboard.press("Enter")
    at_work.keyboard.press("Escape")
    at_work.keyboard.press("Control+k")
    expect(field(at_work)).to_be_focused()
    for route in held:
        route.continue_()
    at_work.wait_for_timeout(300)
    expect(at_work).to_have_url(re.compile(f"{tenant.list_path}$"))
    expect(at_work.get_by_role("dialog").get_by_role("link", name="New secret")).to_be_visible()


def test_names_and_descriptions_are_text(at_work: Page, tenant: Tenant) -> None:
    opened(at_work, tenant.list_path)
    at_work.keyboard.type("給与")
    dialog = at_work.get_by_role("dialog")
    expect(dialog.locator("li").first).to_contain_text("<b>Calls</b> of 給与システム")
    expect(dialog.locator("li b")).to_have_count(0)


def test_it_is_a_page_without_javascript(
    browser: Browser, session_cookie: dict[str, str], base_url: str, tenant: Tenant, secret: Secret
) -> None:
    with browser.new_context(java_script_enabled=False, base_url=base_url) as context:
        context.add_cookies([session_cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(tenant.list_path)
        page.get_by_role("link", name="Jump to").click()
        field(page).fill("payment")
        page.get_by_role("button", name="Find").click()
        expect(field(page)).to_have_value("payment")
        page.get_by_role("link", name="payment-api-key").first.click()
        expect(page).to_have_url(re.compile(f"{tenant.path_of(secret)}$"))


def test_it_offers_what_somebody_may_do(at_work: Page, person: Person, tenant: Tenant) -> None:
    person.role = Role.VIEWER
    person.save()
    opened(at_work, tenant.list_path)
    at_work.keyboard.type("payment-api-key")
    dialog = at_work.get_by_role("dialog")
    expect(dialog.get_by_role("link")).to_have_count(1)
    field(at_work).fill("")
    expect(dialog.get_by_role("link", name="Expired and still on")).to_be_visible()
    for name in ("New secret", "Audit trail", "People"):
        expect(dialog.get_by_role("link", name=name)).to_have_count(0)

    person.role = Role.AUDITOR
    person.save()
    at_work.goto("/audit/")
    expect(at_work.get_by_role("heading", level=1)).to_be_visible()
    at_work.keyboard.press("Control+k")
    at_work.wait_for_timeout(200)
    expect(field(at_work)).to_have_count(0)
    expect(at_work.get_by_role("link", name="Jump to")).to_have_count(0)

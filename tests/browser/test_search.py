"""The list as somebody works with it: typing, filters, orders, pages, Back, and addresses passed on."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from accounts.models import Person
from accounts.roles import Role
from tests.browser.conftest import USER_ID, Tenant

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
    pytest.mark.usefixtures("catalog", "secrets"),
]
STATE = """() => ({
    rows: [...document.querySelectorAll(".secrets .name")].map((name) => name.title),
    typed: document.getElementById("q").value,
    chosen: [...document.querySelectorAll(".filters select")].map((one) => [one.name, one.value]),
    filters: document.getElementById("filter-count").textContent,
    found: document.getElementById("found").textContent,
    order: document.querySelector(".sort summary").textContent.trim(),
    pages: document.querySelector(".pager nav")?.textContent,
})"""


@pytest.fixture
def secrets(tenant: Tenant) -> None:
    """40 keys of which every second expires soon, and one that is written about in Japanese."""
    soon = datetime.now(UTC) + timedelta(days=20)
    for number in range(40):
        tenant.create(f"payroll-{number:02}", expired_at=soon if number % 2 else None)
    tenant.create("crm-webhook", description="給与システムのパスワード")


def state(page: Page) -> dict[str, Any]:
    """Return what somebody sees of the list, and what its fields say."""
    return page.evaluate(STATE)


def choose_filter(page: Page, name: str, choice: str) -> None:
    if not page.get_by_label(name, exact=True).is_visible():
        page.locator(".filters summary").click()
    page.get_by_label(name, exact=True).select_option(choice)


def choose_order(page: Page, order: str) -> None:
    page.locator(".sort summary").click()
    page.locator(".sort").get_by_role("link", name=order).click()


def questions(page: Page) -> list[str]:
    """Return the addresses of what the page asks the list for by itself, as it goes on."""
    asked: list[str] = []
    page.on(
        "request",
        lambda request: asked.append(request.url) if "hx-request" in request.headers else None,
    )
    return asked


def query_of(page: Page) -> str:
    return page.url.partition("?")[2]


def test_the_same_list_after_opening_going_back_reloading_and_for_somebody_else(
    at_work: Page, tenant: Tenant, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    at_work.goto(f"{tenant.list_path}?per_page=25")
    at_work.get_by_label("Search secrets").press_sequentially("payroll", delay=30)
    expect(at_work.locator("#found")).to_have_text("40 of 41 secrets fit")
    choose_filter(at_work, "Expiry", "No expiry set")
    expect(at_work.locator("#found")).to_have_text("20 of 41 secrets fit")
    choose_filter(at_work, "Status", "On")
    expect(at_work.locator("#filter-count")).to_have_text("2")
    at_work.get_by_role("link", name="Name", exact=True).click()
    expect(at_work.locator("th[aria-sort=ascending]")).to_have_text("Name")
    at_work.get_by_role("link", name="Name", exact=True).click()
    expect(at_work.locator("th[aria-sort=descending]")).to_have_text("Name")
    seen, address = state(at_work), at_work.url
    assert seen["rows"] == [f"payroll-{number:02}" for number in range(38, -2, -2)]
    assert query_of(at_work) == "q=payroll&status=on&expiry=none&sort=-name&per_page=25"

    at_work.get_by_role("link", name="payroll-38").click()
    expect(at_work.get_by_role("heading", level=1)).to_contain_text("payroll-38")
    at_work.go_back()
    expect(at_work).to_have_url(address)
    assert state(at_work) == seen
    at_work.reload()
    assert state(at_work) == seen

    colleague = new_context().new_page()
    colleague.context.add_cookies([signed_in_colleague(tenant, base_url)])  # type: ignore[list-item]
    colleague.goto(address)
    assert state(colleague) == seen


def test_typing_replaces_the_address_and_back_goes_through_all_else(
    at_work: Page, tenant: Tenant
) -> None:
    at_work.goto(f"{tenant.list_path}?per_page=25")
    long = at_work.evaluate("history.length")
    at_work.get_by_label("Search secrets").press_sequentially("pay", delay=300)
    expect(at_work).to_have_url(re.compile(r"\?q=pay&per_page=25$"))
    assert at_work.evaluate("history.length") == long

    choose_order(at_work, "Name, A to Z")
    expect(at_work.locator(".name").first).to_have_text("payroll-00")
    at_work.get_by_role("link", name="Next").click()
    expect(at_work.get_by_text("26 to 40 of 40")).to_be_visible()
    # A filter begins with the first page again.
    choose_filter(at_work, "Expiry", "Within 30 days")
    expect(at_work.get_by_text("1 to 20 of 20")).to_be_visible()
    expect(at_work.get_by_text("Page 1")).to_have_count(0)
    assert at_work.evaluate("history.length") == long + 3

    for query, first in (
        ("q=pay&sort=name&per_page=25&page=2", "26 to 40 of 40"),
        ("q=pay&sort=name&per_page=25", "1 to 25 of 40"),
        ("q=pay&per_page=25", "1 to 25 of 40"),
    ):
        at_work.go_back()
        expect(at_work.get_by_text(first)).to_be_visible()
        assert query_of(at_work) == query
        expect(at_work.get_by_label("Expiry", exact=True)).to_have_value("")
    at_work.get_by_role("link", name="Next").click()
    expect(at_work.get_by_text("Page 2 of 2")).to_be_visible()
    at_work.get_by_role("link", name="Previous").click()
    expect(at_work.get_by_text("Page 1 of 2")).to_be_visible()
    at_work.go_back()
    expect(at_work.get_by_text("Page 2 of 2")).to_be_visible()


def test_a_slow_answer_never_comes_over_a_newer_one(at_work: Page, tenant: Tenant) -> None:
    held: list[Route] = []
    at_work.goto(tenant.list_path)
    at_work.route(re.compile(r"[?&]q=pay&"), lambda route: held.append(route))
    search = at_work.get_by_label("Search secrets")
    with at_work.expect_request(re.compile(r"[?&]q=pay&")):
        search.press_sequentially("pay")
    search.fill("webhook")
    expect(at_work.locator("#found")).to_have_text("1 of 41 secrets fits")
    for route in held:
        route.continue_()
    at_work.wait_for_timeout(500)
    assert state(at_work)["rows"] == ["crm-webhook"]
    assert query_of(at_work) == "q=webhook"

    # Nor over an order that was asked for while it was on its way.
    held.clear()
    with at_work.expect_request(re.compile(r"[?&]q=pay&")):
        search.fill("pay")
    choose_order(at_work, "Name, A to Z")
    expect(at_work).to_have_url(re.compile("sort=name"))
    for route in held:
        route.continue_()
    at_work.wait_for_timeout(300)
    assert query_of(at_work) == "q=webhook&sort=name"


def test_one_question_is_asked_for_a_word_that_is_typed_at_once(
    at_work: Page, tenant: Tenant
) -> None:
    at_work.goto(tenant.list_path)
    asked = questions(at_work)
    at_work.get_by_label("Search secrets").press_sequentially("webhook", delay=20)
    expect(at_work.locator("#found")).to_have_text("1 of 41 secrets fits")
    assert len(asked) == 1
    expect(at_work.get_by_label("Search secrets")).to_be_focused()


def test_japanese_is_searched_once_it_is_composed(at_work: Page, tenant: Tenant) -> None:
    at_work.goto(tenant.list_path)
    asked = questions(at_work)
    keyboard = at_work.context.new_cdp_session(at_work)
    at_work.get_by_label("Search secrets").focus()
    for composed in ("k", "きゅ", "きゅうよ", "給与"):
        at_work.wait_for_timeout(200)  # longer than the list waits after a letter
        keyboard.send(
            "Input.imeSetComposition",
            {"text": composed, "selectionStart": len(composed), "selectionEnd": len(composed)},
        )
    at_work.wait_for_timeout(200)
    assert asked == []
    keyboard.send("Input.insertText", {"text": "給与"})
    expect(at_work.locator(".secrets mark")).to_have_text("給与")
    assert state(at_work)["rows"] == ["crm-webhook"]
    assert len(asked) == 1


def test_a_search_is_cleared_in_the_field_and_by_the_link(at_work: Page, tenant: Tenant) -> None:
    at_work.goto(f"{tenant.list_path}?q=nothing-like-it&status=on")
    expect(at_work.get_by_role("heading", name="No secret fits")).to_be_visible()
    at_work.get_by_label("Search secrets").fill("")
    expect(at_work.locator("#found")).to_have_text("41 of 41 secrets fit")
    assert query_of(at_work) == "status=on"
    at_work.get_by_role("link", name="Clear search and filters").click()
    expect(at_work.locator("#found")).to_have_text("41 secrets")
    expect(at_work.locator("#filter-count")).to_be_hidden()
    assert query_of(at_work) == ""


def test_a_view_is_saved_as_it_is_seen_then_opened_and_deleted(
    at_work: Page, tenant: Tenant
) -> None:
    views = at_work.locator(".saved-views")
    at_work.goto(tenant.list_path)
    at_work.get_by_label("Search secrets").fill("pay")
    expect(at_work.locator("#found")).to_have_text("40 of 41 secrets fit")
    choose_filter(at_work, "Expiry", "No expiry set")
    expect(at_work.locator("#found")).to_have_text("20 of 41 secrets fit")
    seen = state(at_work)
    views.locator("summary").click()
    views.get_by_label("Save this view").fill("No end")
    views.get_by_label("Save this view").press("Enter")
    expect(at_work.get_by_text("The view No end is saved.")).to_be_visible()
    assert state(at_work) == seen

    at_work.goto(tenant.list_path)
    views.locator("summary").click()
    views.get_by_role("link", name="No end").click()
    expect(at_work).to_have_url(re.compile(r"\?q=pay&expiry=none$"))
    assert state(at_work) == seen
    views.locator("summary").click()
    expect(views.get_by_role("link", name="No end")).to_have_attribute("aria-current", "page")
    at_work.keyboard.press("Escape")
    choose_filter(at_work, "Status", "On")
    expect(at_work.locator("#filter-count")).to_have_text("2")
    views.locator("summary").click()
    expect(views.get_by_role("link", name="No end")).not_to_have_attribute("aria-current", "page")
    views.get_by_role("button", name="Delete the view No end").click()
    expect(at_work.get_by_text("The view No end is deleted.")).to_be_visible()
    assert query_of(at_work) == "q=pay&status=on&expiry=none"
    views.locator("summary").click()
    expect(views.get_by_text("A saved view brings back")).to_be_visible()


def test_the_acts_of_a_row_after_a_search(at_work: Page, tenant: Tenant) -> None:
    at_work.context.grant_permissions(["clipboard-read", "clipboard-write"])
    at_work.goto(tenant.list_path)
    at_work.get_by_label("Search secrets").fill("webhook")
    expect(at_work.locator("#found")).to_have_text("1 of 41 secrets fits")
    at_work.get_by_label("Copy the value: crm-webhook").click()
    expect(at_work.get_by_text("Copied.")).to_be_visible()
    at_work.get_by_label("Search secrets").fill("")
    at_work.get_by_label("Search secrets").press("Control+V")
    expect(at_work.get_by_label("Search secrets")).to_have_value("a value")
    at_work.goto(f"{tenant.list_path}?q=webhook")

    menu, order = at_work.get_by_label("More: crm-webhook"), at_work.locator(".sort summary")
    menu.click()
    order.click()
    expect(at_work.get_by_role("link", name="Open", exact=True)).to_be_hidden()
    at_work.keyboard.press("Escape")
    expect(at_work.get_by_role("link", name="Name, A to Z")).to_be_hidden()
    expect(order).to_be_focused()

    menu.click()
    at_work.get_by_role("link", name="Delete…").click()
    at_work.get_by_label("Type the name of the secret to confirm").fill("crm-webhook")
    at_work.get_by_role("button", name="Delete secret").click()
    expect(at_work.get_by_text("is deleted")).to_be_visible()
    expect(at_work.locator("#found")).to_have_text("40 secrets")


def test_it_works_without_javascript(
    browser: Browser, session_cookie: dict[str, str], base_url: str, tenant: Tenant
) -> None:
    with browser.new_context(java_script_enabled=False, base_url=base_url) as context:
        context.add_cookies([session_cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(f"{tenant.list_path}?per_page=25")
        page.get_by_label("Search secrets").fill("pay")
        page.get_by_role("button", name="Search").click()
        expect(page.locator("#found")).to_have_text("40 of 41 secrets fit")
        page.get_by_role("link", name="Next").click()
        choose_order(page, "Name, A to Z")
        expect(page.locator(".name").first).to_have_text("payroll-00")
        choose_filter(page, "Expiry", "Within 30 days")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("#found")).to_have_text("20 of 41 secrets fit")
        expect(page.locator(".name").first).to_have_text("payroll-01")
        page.locator(".saved-views summary").click()
        page.get_by_label("Save this view").fill("Soon")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page).to_have_url(re.compile(r"\?q=pay&expiry=30&sort=name&per_page=25$"))


def signed_in_colleague(tenant: Tenant, base_url: str) -> dict[str, str]:
    """Return the cookie of another person who has connected to the same organization."""
    visitor = Client()
    visitor.force_login(Person.objects.create_user("taro", role=Role.ADMINISTRATOR))
    visitor.post(
        "/connect/",
        {
            "organization_id": tenant.id,
            "kind": "personal",
            "user_id": USER_ID,
            "personal_access_token": tenant.token,
        },
    )
    visitor.get(tenant.list_path)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": visitor.cookies[name].value, "url": base_url}

"""A value is on a page for a moment, for one pair of eyes, and nowhere else."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect
from playwright.sync_api import Error as PlaywrightError

from secret_manager import Secret
from tests.browser.conftest import Tenant

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
]
Reveal = Callable[[Page], Locator]
VALUE = "marked-value-7f3a9c"
WATCH_THE_PAGE = """
    window.seen = [];
    new MutationObserver((changes) => {
        for (const change of changes) {
            for (const node of change.addedNodes) window.seen.push(String(node.outerHTML ?? node.data));
            window.seen.push(String(change.target.outerHTML ?? change.target.data));
        }
    }).observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
"""
OUT_OF_SIGHT = """
    Object.defineProperty(document, "hidden", { configurable: true, value: true });
    document.dispatchEvent(new Event("visibilitychange"));
"""
LEAVING = "window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))"


@pytest.fixture
def secret(tenant: Tenant) -> Secret:
    return tenant.create("payment-api-key", VALUE)


@pytest.fixture
def detail(at_work: Page, tenant: Tenant, secret: Secret) -> Page:
    at_work.goto(tenant.path_of(secret))
    return at_work


def show(page: Page) -> Locator:
    page.get_by_role("button", name="Show for 30 s").click()
    value = page.locator("#current-value .value")
    expect(value).to_have_text(VALUE)
    return value


def show_in_dialog(page: Page, version: str = "v1") -> Locator:
    page.get_by_role("button", name=f"Show {version}", exact=True).click()
    value = page.get_by_role("dialog").locator(".value")
    expect(value).to_be_visible()
    return value


@pytest.mark.parametrize("reveal", [show, show_in_dialog])
def test_a_value_is_masked_again_after_30_seconds(
    at_work: Page, tenant: Tenant, secret: Secret, reveal: Reveal
) -> None:
    at_work.clock.install()
    at_work.goto(tenant.path_of(secret))
    value = reveal(at_work)
    at_work.clock.fast_forward(20_000)
    expect(value).to_be_visible()
    at_work.clock.fast_forward(10_000)
    expect(value).to_have_count(0)
    assert VALUE not in at_work.content()


@pytest.mark.parametrize("reveal", [show, show_in_dialog])
def test_a_value_is_masked_when_the_tab_is_out_of_sight(detail: Page, reveal: Reveal) -> None:
    reveal(detail)
    detail.evaluate(OUT_OF_SIGHT)
    assert VALUE not in detail.content()


@pytest.mark.parametrize("reveal", [show, show_in_dialog])
def test_a_page_that_is_left_is_kept_without_the_value(detail: Page, reveal: Reveal) -> None:
    """A browser may keep the page as it is, for Back: the value has to be off it before that."""
    reveal(detail)
    detail.evaluate(LEAVING)
    assert VALUE not in detail.content()


def test_back_does_not_bring_a_value_back(detail: Page, tenant: Tenant) -> None:
    show(detail)
    detail.goto(tenant.list_path)
    detail.go_back()
    expect(detail.get_by_role("button", name="Show for 30 s")).to_be_visible()
    assert VALUE not in detail.content()


def test_hide_takes_the_value_off_and_gives_the_focus_back(detail: Page) -> None:
    show(detail)
    detail.get_by_role("link", name="Hide").click()
    expect(detail.get_by_role("button", name="Show for 30 s")).to_be_focused()
    assert VALUE not in detail.content()


@pytest.mark.parametrize("key", ["Escape", "Hide"])
def test_a_closed_dialog_holds_nothing(detail: Page, key: str) -> None:
    show_in_dialog(detail)
    if key == "Hide":
        detail.get_by_role("dialog").get_by_role("link", name="Hide").click()
    else:
        detail.keyboard.press("Escape")
    expect(detail.locator("#dialog")).to_be_empty()
    expect(detail.get_by_role("button", name="Show v1", exact=True)).to_be_focused()
    assert VALUE not in detail.content()


def test_one_value_is_shown_at_a_time(detail: Page, tenant: Tenant, secret: Secret) -> None:
    tenant.api.create_secret_version(tenant.id, secret.id, "another value")
    show_in_dialog(detail)
    detail.keyboard.press("Escape")
    detail.reload()
    detail.get_by_role("button", name="Show for 30 s").click()
    expect(detail.locator("#current-value .value")).to_have_text("another value")
    show_in_dialog(detail, "v1")
    assert "another value" not in detail.content()


def test_copying_never_puts_the_value_on_the_page(
    at_work: Page, tenant: Tenant, secret: Secret
) -> None:
    at_work.context.grant_permissions(["clipboard-write"])
    at_work.add_init_script(WATCH_THE_PAGE)
    at_work.goto(tenant.path_of(secret))
    at_work.get_by_role("button", name="Copy", exact=True).click()
    expect(at_work.get_by_text("Copied. Paste it where it is needed.")).to_be_visible()
    seen = at_work.evaluate("window.seen")
    assert any("Copied" in piece for piece in seen)
    assert not any(VALUE in piece for piece in seen)


def test_a_refused_clipboard_is_said_in_words(detail: Page) -> None:
    detail.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    detail.get_by_role("button", name="Copy", exact=True).click()
    expect(detail.get_by_role("alert")).to_contain_text("did not allow copying")


@pytest.mark.parametrize("reveal", [show, show_in_dialog])
def test_the_browser_stores_no_value(detail: Page, reveal: Reveal) -> None:
    reveal(detail)
    stored = detail.evaluate("({ ...sessionStorage, ...localStorage, cookies: document.cookie })")
    assert VALUE not in json.dumps(stored)
    # htmx notes where it is, and nothing else keeps anything.
    assert set(stored) <= {"htmx-current-path-for-history", "cookies"}


def test_somebody_who_is_signed_out_gets_the_sign_in_page_and_nothing_on_this_one(
    detail: Page,
) -> None:
    detail.context.clear_cookies(name="sessionid")
    detail.get_by_role("button", name="Show for 30 s").click()
    expect(detail).to_have_url(re.compile("/accounts/sign-in/"))
    expect(detail.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_sign_in_page_is_never_copied_as_a_value(detail: Page) -> None:
    detail.context.clear_cookies(name="sessionid")
    detail.get_by_role("button", name="Copy", exact=True).click()
    expect(detail.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("button", ["Show for 30 s", "Copy"])
def test_a_proxy_that_sends_elsewhere_sends_the_whole_page(detail: Page, button: str) -> None:
    """What comes from another address is neither put into the page nor copied as a value."""
    detail.context.grant_permissions(["clipboard-write"])
    to_the_proxy = {"status": 302, "headers": {"Location": "/livez"}}
    detail.route("**/reveal/", lambda route: route.fulfill(**to_the_proxy))
    with detail.expect_navigation():
        detail.get_by_role("button", name=button, exact=True).click()
    expect(detail.get_by_role("button", name="Show for 30 s")).to_be_visible()
    expect(detail.get_by_text("Copied.")).to_have_count(0)


# Without JavaScript the value has a page of its own.


@pytest.fixture
def plain_detail(
    new_context: Callable[..., BrowserContext],
    session_cookie: dict[str, str],
    tenant: Tenant,
    secret: Secret,
) -> Page:
    context = new_context(java_script_enabled=False)
    context.add_cookies([session_cookie])
    page = context.new_page()
    page.goto(tenant.path_of(secret))
    return page


def test_without_javascript_the_page_with_the_value_leaves_by_itself(
    plain_detail: Page, tenant: Tenant, secret: Secret
) -> None:
    asked_to_leave_after = []

    def at_once(route: Route) -> None:
        answer = route.fetch()
        seconds, _, address = answer.headers["refresh"].partition(";")
        asked_to_leave_after.append(seconds)
        route.fulfill(response=answer, headers={**answer.headers, "refresh": f"0;{address}"})

    plain_detail.route("**/reveal/", at_once)
    plain_detail.get_by_role("button", name="Show for 30 s").click()
    expect(plain_detail.get_by_role("button", name="Show for 30 s")).to_be_visible()
    assert asked_to_leave_after == ["30"]
    assert plain_detail.url.endswith(tenant.path_of(secret))
    assert VALUE not in plain_detail.content()


def test_without_javascript_back_shows_no_value(plain_detail: Page) -> None:
    plain_detail.get_by_role("button", name="Show for 30 s").click()
    expect(plain_detail.locator(".value")).to_have_text(VALUE)
    plain_detail.get_by_role("link", name="Hide").click()
    expect(plain_detail.locator(".value")).to_have_count(0)
    expect(plain_detail.get_by_role("button", name="Show for 30 s")).to_be_visible()
    # The answer to a POST that must not be stored: the browser has nothing to show but its own page.
    with pytest.raises(PlaywrightError, match="ERR_CACHE_MISS"):
        plain_detail.go_back()

"""The end of a session and a step-up, as somebody sees them who has a page open."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from accounts.entry import SIGNED_IN_AT
from accounts.sessions import BEGAN_AT, SEEN_AT, SessionStore
from secret_manager import Secret
from tests.browser.conftest import PASSWORD, USERNAME, Tenant

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
]
IDLE, WARN_BEFORE = 15 * 60, 2 * 60
VALUE, TYPED = "marked-value-7f3a9c", "typed-and-not-sent-51"
SIGN_IN, CONFIRM = re.compile("/accounts/sign-in/"), re.compile("/accounts/confirm/")


class Time:
    """Lets time go by, in the browser and for its session on the server."""

    def __init__(self, page: Page, cookie: str) -> None:
        self._page, self._cookie = page, cookie

    @property
    def session(self) -> SessionStore:
        return SessionStore(self._cookie)

    def goes_by(self, seconds: int) -> None:
        self.goes_by_on_the_server(seconds)
        self._page.clock.fast_forward(seconds * 1000)

    def goes_by_on_the_server(self, seconds: int, *, since: str = SEEN_AT) -> None:
        session = self.session
        session[since] -= seconds
        session.save()


@pytest.fixture
def clock(at_work: Page, session_cookie: dict[str, str]) -> Time:
    at_work.clock.install()
    return Time(at_work, session_cookie["value"])


@pytest.fixture
def form(at_work: Page, clock: Time, tenant: Tenant) -> Page:
    """A form in which something is typed already."""
    at_work.goto(f"{tenant.list_path}new/")
    description_of(at_work).fill(TYPED)
    return at_work


@pytest.fixture
def secret(tenant: Tenant) -> Secret:
    return tenant.create("payment-api-key", VALUE)


def description_of(page: Page) -> Locator:
    return page.get_by_label("Description")


def warning_on(page: Page) -> Locator:
    return page.get_by_role("alert").filter(has_text="signed out in less than two minutes")


# The warning


def test_two_minutes_before_the_end_there_is_a_warning(form: Page, clock: Time) -> None:
    clock.goes_by(IDLE - WARN_BEFORE - 30)
    expect(warning_on(form)).to_have_count(0)
    clock.goes_by(30)
    expect(warning_on(form)).to_be_visible()
    expect(warning_on(form)).to_contain_text("Nobody seems to be there.")
    expect(warning_on(form).get_by_role("button", name="Stay signed in")).to_be_visible()


def test_one_click_renews_and_what_was_typed_stays(form: Page, clock: Time) -> None:
    clock.goes_by(IDLE - WARN_BEFORE)
    warning_on(form).get_by_role("button", name="Stay signed in").click()
    expect(warning_on(form)).to_have_count(0)
    expect(description_of(form)).to_have_value(TYPED)
    assert clock.session[SEEN_AT] > time.time() - 60
    # And the next warning comes as long before the new end.
    clock.goes_by(IDLE - WARN_BEFORE)
    expect(warning_on(form)).to_be_visible()


def test_asking_renews_nothing(form: Page, clock: Time) -> None:
    with form.expect_response("**/accounts/session/?auto"):
        clock.goes_by(IDLE - WARN_BEFORE)
    expect(warning_on(form)).to_be_visible()
    assert clock.session[SEEN_AT] < time.time() - (IDLE - WARN_BEFORE - 60)


def test_another_tab_where_somebody_works_keeps_this_one_quiet(form: Page, clock: Time) -> None:
    with form.expect_response("**/accounts/session/?auto"):
        form.clock.fast_forward((IDLE - WARN_BEFORE) * 1000)
    expect(warning_on(form)).to_have_count(0)
    expect(description_of(form)).to_have_value(TYPED)


def test_another_tab_that_renews_takes_the_warning_away_in_the_end(form: Page, clock: Time) -> None:
    clock.goes_by(IDLE - WARN_BEFORE)
    expect(warning_on(form)).to_be_visible()
    clock.goes_by_on_the_server(-(IDLE - WARN_BEFORE))
    with form.expect_response("**/accounts/session/?auto"):
        form.clock.fast_forward((WARN_BEFORE + 2) * 1000)
    expect(warning_on(form)).to_have_count(0)
    expect(description_of(form)).to_have_value(TYPED)


def test_in_the_last_minutes_of_the_day_there_is_nothing_to_renew(
    at_work: Page, clock: Time
) -> None:
    left = WARN_BEFORE + 100
    clock.goes_by_on_the_server(8 * 60 * 60 - left, since=BEGAN_AT)
    at_work.goto("/accounts/people/")
    clock.goes_by_on_the_server(100, since=BEGAN_AT)
    at_work.clock.fast_forward(100_000)
    expect(warning_on(at_work)).to_contain_text("Save what you are doing.")
    expect(at_work.get_by_role("button", name="Stay signed in")).to_have_count(0)


def test_a_page_that_is_opened_late_does_not_warn(at_work: Page, clock: Time) -> None:
    """Opening it was something that somebody did."""
    clock.goes_by_on_the_server(IDLE - 60)
    at_work.goto("/accounts/people/")
    expect(at_work.get_by_role("heading", name="People")).to_be_visible()
    expect(warning_on(at_work)).to_have_count(0)


# The end


def test_at_the_end_the_page_is_cleared_and_leads_to_sign_in_and_back(
    form: Page, clock: Time, tenant: Tenant
) -> None:
    clock.goes_by(IDLE - WARN_BEFORE)
    expect(warning_on(form)).to_be_visible()
    clock.goes_by(WARN_BEFORE + 2)
    expect(form).to_have_url(SIGN_IN)
    assert TYPED not in form.content()
    sign_in(form)
    expect(form).to_have_url(re.compile(f"organization={tenant.id}"))  # its credential is forgotten


def test_the_page_is_cleared_even_where_nothing_answers_any_more(form: Page) -> None:
    form.route("**/secrets/new/", lambda route: route.fulfill(status=204))
    form.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('offline')); }")
    form.clock.fast_forward((IDLE + 60) * 1000)
    expect(form.locator("#main")).to_be_empty()


def test_a_machine_that_slept_past_the_end_shows_nothing_when_it_wakes(
    form: Page, clock: Time
) -> None:
    clock.goes_by_on_the_server(IDLE)
    form.clock.set_system_time(time.time() + IDLE + 60)  # no timer ran meanwhile
    form.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(form).to_have_url(SIGN_IN)


def test_without_javascript_the_next_click_leads_to_sign_in_and_on(
    new_context: Callable[..., BrowserContext], session_cookie: dict[str, str], tenant: Tenant
) -> None:
    context = new_context(java_script_enabled=False)
    context.add_cookies([session_cookie])
    page = context.new_page()
    page.goto(tenant.list_path)
    Time(page, session_cookie["value"]).goes_by_on_the_server(IDLE)
    page.get_by_role("link", name="People").click()
    expect(page).to_have_url(SIGN_IN)
    sign_in(page)
    expect(page.get_by_role("heading", name="People")).to_be_visible()


def sign_in(page: Page) -> None:
    page.get_by_label("User name").fill(USERNAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


# Step-up


def prove(page: Page) -> None:
    """Prove who one is; the page that asks leads back."""
    expect(page).to_have_url(CONFIRM)
    assert VALUE not in page.content()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def proved_long_ago(cookie: dict[str, str]) -> None:
    session = SessionStore(cookie["value"])
    session[SIGNED_IN_AT] = time.time() - 61 * 60
    session.save()


@pytest.fixture(params=[True, False], ids=["with-javascript", "without"])
def detail(
    request: pytest.FixtureRequest,
    new_context: Callable[..., BrowserContext],
    session_cookie: dict[str, str],
    tenant: Tenant,
    secret: Secret,
) -> Page:
    """A secret's page, of somebody who proved too long ago who they are."""
    context = new_context(java_script_enabled=request.param)
    context.add_cookies([session_cookie])
    proved_long_ago(session_cookie)
    page = context.new_page()
    page.goto(tenant.path_of(secret))
    return page


def test_showing_asks_first_and_comes_back(detail: Page, tenant: Tenant, secret: Secret) -> None:
    detail.get_by_role("button", name="Show for 30 s").click()
    prove(detail)
    expect(detail).to_have_url(re.compile(f"{tenant.path_of(secret)}$"))
    assert VALUE not in detail.content()
    detail.get_by_role("button", name="Show for 30 s").click()
    expect(detail.locator(".value")).to_have_text(VALUE)


def test_deleting_asks_first_and_comes_back(detail: Page, tenant: Tenant, secret: Secret) -> None:
    delete_link(detail).click()
    prove(detail)
    if f"{tenant.path_of(secret)}delete/" not in detail.url:  # a dialog has no page of its own
        delete_link(detail).click()
    expect(detail.get_by_label("Type the name of the secret to confirm")).to_be_visible()


def delete_link(page: Page) -> Locator:
    page.locator("header.page-head summary").click()
    return page.get_by_role("link", name="Delete this secret…")


@pytest.mark.parametrize("place", ["list", "detail"])
def test_copying_asks_first_and_comes_back(
    at_work: Page, session_cookie: dict[str, str], tenant: Tenant, secret: Secret, place: str
) -> None:
    at_work.context.grant_permissions(["clipboard-write"])
    proved_long_ago(session_cookie)
    address = tenant.list_path if place == "list" else tenant.path_of(secret)
    name = "Copy the value: payment-api-key" if place == "list" else "Copy"
    at_work.goto(address)
    copy = at_work.get_by_role("button", name=name, exact=True)
    copy.click()
    prove(at_work)
    expect(at_work).to_have_url(re.compile(f"{address}$"))
    expect(at_work.get_by_role("alert")).to_have_count(0)
    copy.click()
    expect(at_work.get_by_text("Copied. Paste it where it is needed.")).to_be_visible()


@pytest.mark.parametrize("detail", [False], ids=["without"], indirect=True)
def test_a_wrong_password_is_said_and_can_be_typed_again(
    detail: Page, tenant: Tenant, secret: Secret
) -> None:
    detail.get_by_role("button", name="Show for 30 s").click()
    detail.get_by_label("Your password").fill("wrong")
    detail.get_by_role("button", name="Confirm").click()
    expect(detail.get_by_role("alert")).to_contain_text("That is not it.")
    prove(detail)
    expect(detail).to_have_url(re.compile(f"{tenant.path_of(secret)}$"))

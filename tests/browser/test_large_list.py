"""10,000 secrets in the dashboard as it is served in earnest, from the first page on."""

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from benchmarks.desk import Desk, desk_at, wait_until_quiet
from benchmarks.processes import Stub, dashboard_of, running_stub
from benchmarks.stub import organization_of
from tests.browser.test_accessibility import assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZE = 10_000
SLOW = 500  # milliseconds: 13 rounds of 8 pages take more than six seconds


@dataclass(frozen=True)
class Office:
    """A dashboard, the Secret Manager behind it, and somebody who is signed in there."""

    url: str
    stub: Stub
    desk: Desk

    @property
    def list_path(self) -> str:
        return self.desk.list_path(SIZE)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office") / "dashboard"
    with (
        running_stub([SIZE]) as stub,
        dashboard_of(stub.url, folder) as dashboard,
        desk_at(dashboard) as desk,
    ):
        yield Office(dashboard.url, stub, desk)


@pytest.fixture
def page(office: Office, new_context: Callable[..., BrowserContext]) -> Page:
    """A page of somebody who has just connected, with a credential that nobody has used."""
    office.stub.set_latency(0)
    office.desk.visitor.connect(organization_of(SIZE), secrets.token_hex(16))
    page = new_context().new_page()
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": office.url}
            for name, value in office.desk.visitor.cookies.items()
        ]
    )
    return page


@pytest.fixture
def all_read(office: Office, page: Page) -> None:
    page.goto(office.url + office.list_path)
    wait_until_quiet(office.stub)


def count_of(page: Page) -> int:
    """Return how many secrets the page says are in."""
    found = re.search(r"[\d,]+", page.locator(".reading p").first.inner_text())
    assert found
    return int(found[0].replace(",", ""))


def test_the_first_page_is_there_and_can_be_left_while_all_the_rest_is_read(
    office: Office, page: Page
) -> None:
    office.stub.set_latency(SLOW)
    page.goto(office.url + office.list_path)
    expect(page.locator(".name")).to_have_count(50)
    reading = page.locator(".reading")
    expect(reading).to_contain_text(re.compile("Reading the secrets: [1-9]"))
    first = count_of(page)
    assert first < SIZE

    # What fits is there as far as it was read; the search goes on by itself.
    page.get_by_label("Search secrets").fill("aws")
    expect(page.locator("#found")).to_contain_text("secrets fit")
    expect(page.locator(".name").first).to_contain_text("aws")
    expect(reading).to_be_visible()
    so_far = page.locator("#found strong").inner_text()
    page.goto(f"{office.url}/connect/")
    page.go_back()
    expect(page.get_by_label("Search secrets")).to_have_value("aws")
    assert count_of(page) > first
    expect(reading).to_have_count(0)
    whole = page.locator("#found strong").inner_text()
    assert int(whole) > int(so_far) > 0
    expect(page.locator("#found")).to_contain_text("of 10000")
    expect(page.get_by_label("Search secrets")).to_have_value("aws")


def test_the_plain_list_stays_until_all_is_in_and_then_offers_every_filter(
    office: Office, page: Page
) -> None:
    office.stub.set_latency(SLOW / 2)
    page.goto(office.url + office.list_path)
    page.locator(".filters summary").click()
    expect(page.get_by_label("Created by")).to_have_count(0)
    more = page.locator(".name").first.evaluate_handle("name => name")
    expect(page.locator(".reading")).to_contain_text(re.compile("Reading the secrets: [1-9]"))
    assert more.evaluate("name => name.isConnected")
    assert_accessible(page)
    expect(page.locator("#found")).to_have_text("10000 secrets")
    page.get_by_label("Created by").select_option(index=1)
    expect(page.locator("#filter-count")).to_have_text("1")
    expect(page.locator("#found")).to_contain_text("of 10000 secrets fit")


def test_what_is_typed_while_the_page_asks_how_far_it_is(office: Office, page: Page) -> None:
    """The page's own question must not take the place of an answer that somebody waits for."""
    office.stub.set_latency(SLOW)
    page.goto(f"{office.url}{office.list_path}?q=aws")
    expect(page.locator(".reading")).to_be_visible()
    page.route(
        re.compile("q=payroll"), lambda route: (page.wait_for_timeout(1500), route.continue_())
    )
    page.get_by_label("Search secrets").fill("payroll")
    expect(page.locator(".name").first).to_contain_text(re.compile("payroll", re.IGNORECASE))
    expect(page).to_have_url(re.compile(r"\?q=payroll$"))
    expect(page.get_by_label("Search secrets")).to_be_focused()


@pytest.mark.usefixtures("all_read")
def test_ten_thousand_are_searched_as_one_types(office: Office, page: Page) -> None:
    page.goto(office.url + office.list_path)
    expect(page.locator("#found")).to_have_text("10000 secrets")
    search = page.get_by_label("Search secrets")
    for words in ("payroll sftp", "給与", "aws lambda"):
        search.fill("")
        search.press_sequentially(words, delay=60)
        expect(page.locator("#found")).to_contain_text("of 10000 secrets fit")
        for word in words.split():
            expect(page.locator(".secrets tbody tr").first).to_contain_text(
                re.compile(word, re.IGNORECASE)
            )
    page.keyboard.press("Control+k")
    page.keyboard.type("payroll sftp")
    first = page.get_by_role("dialog").locator("li").first
    expect(first).to_contain_text(re.compile("payroll.sftp", re.IGNORECASE))
    page.keyboard.press("Escape")
    expect(search).to_be_focused()
    expect(search).to_have_value(words)

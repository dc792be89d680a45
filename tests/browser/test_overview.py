"""The overview as somebody meets it: it completes itself, and everything on it leads somewhere."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections as databases
from playwright.sync_api import Browser, BrowserContext, Page, expect

from secrets_ui.catalog import background
from tests.browser.conftest import Tenant

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
]


class Gate:
    """Readings wait behind it until it is opened."""

    def __init__(self) -> None:
        self._works: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._is_open = False

    def start(self, work: Callable[[], None]) -> None:
        with self._lock:
            if not self._is_open:
                self._works.append(work)
                return
        work()

    def open(self) -> None:
        with self._lock:
            self._is_open = True
        for work in self._works:
            work()
        databases.close_all()


@pytest.fixture
def gate(catalog: None, monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(background, "start", gate.start)
    return gate


@pytest.fixture
def secrets(tenant: Tenant) -> None:
    tenant.create("expires_soon", expired_at=datetime.now(UTC) + timedelta(days=5))
    tenant.create("never_expires")


@pytest.fixture
def without_script(
    browser: Browser, browser_context_args: dict, session_cookie: dict
) -> Iterator[BrowserContext]:
    with browser.new_context(**browser_context_args, java_script_enabled=False) as context:
        context.add_cookies([session_cookie])
        yield context


def test_it_completes_itself_once_all_is_read(at_work: Page, secrets: None, gate: Gate) -> None:
    at_work.goto("/")
    expect(at_work.get_by_text("Reading the secrets")).to_be_visible()
    expect(at_work.locator(".figure")).to_have_count(0)
    gate.open()
    expect(at_work.get_by_role("heading", name="Needs care")).to_be_visible()
    expect(at_work.locator(".figure").first).to_contain_text("2")
    expect(at_work.get_by_text("Reading the secrets")).to_have_count(0)


def test_without_a_script_one_looks_again(
    without_script: BrowserContext, base_url: str, secrets: None, gate: Gate
) -> None:
    page = without_script.new_page()
    page.goto(f"{base_url}/")
    expect(page.get_by_text("Reading the secrets")).to_be_visible()
    gate.open()
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="Needs care")).to_be_visible()


@pytest.mark.usefixtures("catalog", "secrets")
@pytest.mark.parametrize("width", [1440, 390])
def test_a_bar_leads_to_its_secrets_by_keyboard_as_well(at_work: Page, width: int) -> None:
    at_work.set_viewport_size({"width": width, "height": 900})
    at_work.goto("/")
    at_work.reload()  # from now on the server knows the browser's time zone
    bar = at_work.get_by_role("link", name=re.compile(r"^[A-Z]\w+ 20\d\d: 1$"))
    expect(bar).to_have_count(1)
    bar.focus()
    at_work.keyboard.press("Enter")
    expect(at_work.get_by_role("link", name="expires_soon")).to_be_visible()
    expect(at_work.get_by_role("link", name="never_expires")).to_have_count(0)


@pytest.mark.usefixtures("catalog", "secrets")
@pytest.mark.parametrize("path", ["/", "/organizations/1410000000000/expiry/"])
@pytest.mark.parametrize("width", [390, 820, 1440])
def test_nothing_is_wider_than_the_screen(at_work: Page, path: str, width: int) -> None:
    at_work.set_viewport_size({"width": width, "height": 900})
    at_work.goto(path)
    expect(at_work.get_by_role("link", name="expires_soon").first).to_be_visible()
    assert at_work.evaluate("document.documentElement.scrollWidth <= innerWidth")

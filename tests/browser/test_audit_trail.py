"""The trail in a real browser: for everybody, at every width, there and back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import Person
from audit.models import Event, Outcome
from tests.audit.views.support import act
from tests.browser.conftest import Tenant
from tests.browser.test_accessibility import assert_accessible
from tests.browser.test_layout import LONG_NAME, MOVED_SIDEWAYS, WIDTHS, viewport

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
]


@pytest.fixture
def acts(person: Person) -> None:
    """One of each outcome, with texts as long as texts can be, and enough for a second page."""
    for number in range(26):
        act("person.signed_in", actor=f"visitor-{number}", secret_id="", secret_name="")
    for outcome in (*Outcome, None):
        if outcome != Outcome.ATTEMPTED:
            act(
                "value.revealed",
                outcome,
                actor="長い名前の人" * 25,
                actor_address="2001:db8:85a3:1234:5678:8a2e:370:7334",
                person_id=person.pk,
                secret_name=LONG_NAME,
                version_id="1" * 64,
                detail="d" * 255,
                reason="the-reason-why-" * 17,
            )
    act("version.added", version_id="31", secret_name=LONG_NAME, actor="長い名前の人" * 25)


def paths(person: Person) -> list[str]:
    return [
        "/audit/?per_page=25",
        "/audit/?act=nonsense&since=2026-12-40",
        "/audit/?person=nobody",
        f"/audit/people/{person.pk}/seen/",
    ]


def test_every_page_is_for_everybody(at_work: Page, person: Person, acts: None) -> None:
    for path in paths(person):
        at_work.goto(path)
        assert_accessible(at_work)
    at_work.goto("/audit/")
    at_work.get_by_text("Export", exact=True).click()
    assert_accessible(at_work)


def test_no_page_moves_sideways(at_work: Page, person: Person, acts: None) -> None:
    sideways = {}
    for path in paths(person):
        at_work.goto(path)
        for width in (*WIDTHS, 1024):
            at_work.set_viewport_size(viewport(width))
            sideways[path, width] = at_work.evaluate(MOVED_SIDEWAYS)
    assert sideways == dict.fromkeys(sideways, 0)


def test_rows_keep_their_height_on_a_wide_screen(at_work: Page, acts: None) -> None:
    at_work.goto("/audit/?per_page=25")
    heights = {
        box["height"] for row in at_work.locator("tbody tr").all() if (box := row.bounding_box())
    }
    assert max(heights) <= 58


def test_the_whole_reason_is_there_on_focus(at_work: Page, acts: None) -> None:
    at_work.goto("/audit/")
    reason = at_work.locator(".words").first
    cut = "words => words.scrollHeight > words.clientHeight"
    assert reason.evaluate(cut)
    reason.focus()
    assert not reason.evaluate(cut)


def test_back_and_forward_go_through_filters_and_pages(at_work: Page, acts: None) -> None:
    at_work.goto("/audit/?per_page=25")
    at_work.get_by_role("link", name="Older").click()
    expect(at_work.get_by_text("visitor-0", exact=True)).to_be_visible()
    older = at_work.url
    at_work.get_by_label("Person").fill("visitor-25")
    at_work.get_by_role("button", name="Filter").click()
    expect(at_work.locator("tbody tr")).to_have_count(1)
    at_work.go_back()
    expect(at_work.get_by_text("visitor-0", exact=True)).to_be_visible()
    assert at_work.url == older
    at_work.go_back()
    expect(at_work.locator("tbody tr")).to_have_count(25)
    expect(at_work.get_by_text("visitor-0", exact=True)).to_have_count(0)
    at_work.go_forward()
    expect(at_work.get_by_text("visitor-0", exact=True)).to_be_visible()
    at_work.get_by_role("link", name="Newer").click()
    expect(at_work.locator("tbody tr")).to_have_count(25)


def test_a_download_is_saved_and_the_page_stays(at_work: Page, acts: None, tmp_path: Path) -> None:
    at_work.goto("/audit/?person=visitor-7")
    at_work.get_by_text("Export", exact=True).click()
    with at_work.expect_download() as download:
        at_work.get_by_role("button", name="JSON Lines").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.suffix == ".jsonl"
    assert {json.loads(line)["actor"] for line in file.read_text().splitlines()} == {"visitor-7"}
    expect(at_work.get_by_role("heading", name="Audit trail")).to_be_visible()
    assert Event.objects.filter(action="trail.exported", outcome=Outcome.OK).count() == 1


def test_it_works_without_a_script(
    new_context: Callable[..., BrowserContext], session_cookie: dict[str, str], acts: None
) -> None:
    context = new_context(java_script_enabled=False)
    context.add_cookies([session_cookie])
    page = context.new_page()
    page.goto(f"{session_cookie['url']}/audit/?per_page=25")
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_text("visitor-0", exact=True)).to_be_visible()
    page.get_by_label("What was done").select_option("Everything about values")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    page.get_by_role("link", name="長い名前の人").first.click()
    expect(page.get_by_text("Replaced", exact=True)).to_be_visible()


def test_a_secrets_page_tells_its_history(at_work: Page, tenant: Tenant) -> None:
    secret = tenant.create("payment-api-key", "a value")
    at_work.goto(tenant.path_of(secret))
    at_work.get_by_role("button", name="Show for 30 s").click()
    expect(at_work.get_by_role("region", name="Value")).to_be_visible()
    at_work.reload()
    expect(at_work.locator(".history li")).to_contain_text("Showed the value · v1")
    at_work.get_by_role("link", name="All of it in the audit trail").click()
    expect(at_work.locator("tbody tr")).to_have_count(1)

"""Nothing sticks out, hides or covers what matters, however long the texts and narrow the screen."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from secret_manager import Secret
from tests.browser.conftest import Tenant

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
]
HEIGHT = 844
WIDTHS = [390, 820, 1440]
LONG_NAME = "a_name_as_long_as_a_name_can_be_" * 7 + "that_ends_with_this_end_of_name"
MOVED_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def viewport(width: int) -> ViewportSize:
    return {"width": width, "height": HEIGHT}


@pytest.fixture
def extreme(tenant: Tenant) -> Secret:
    """As much of everything as a secret can have."""
    assert len(LONG_NAME) == 255
    secret = tenant.create(
        LONG_NAME,
        "an-unbroken-value" * 300,
        description="長い説明" * 125 + "x" * 500,
        expired_at=datetime.now(UTC) + timedelta(days=3),
        integration_service_type="abeja-platform-labs",
        integration_service_ids=[f"99{number:011}" for number in range(30)],
    )
    for _ in range(59):
        tenant.api.create_secret_version(tenant.id, secret.id, "v")
    return secret


def test_no_page_of_a_secret_moves_sideways(at_work: Page, tenant: Tenant, extreme: Secret) -> None:
    paths = {
        "list": tenant.list_path,
        "detail": tenant.path_of(extreme),
        "edit": f"{tenant.path_of(extreme)}edit/",
        "new value": f"{tenant.path_of(extreme)}versions/new/",
        "delete": f"{tenant.path_of(extreme)}delete/",
        "create": f"{tenant.list_path}new/",
        "connect": "/connect/",
        "error": f"{tenant.list_path}999/",
    }
    sideways = {}
    for name, path in paths.items():
        at_work.goto(path)
        for width in WIDTHS:
            at_work.set_viewport_size(viewport(width))
            sideways[name, width] = at_work.evaluate(MOVED_SIDEWAYS)
    assert sideways == dict.fromkeys(sideways, 0)


@pytest.mark.usefixtures("catalog")
def test_no_search_and_no_palette_moves_sideways(
    extreme: Secret, at_work: Page, tenant: Tenant
) -> None:
    words, longest = "that_ends", "x" * 200
    found = f"{tenant.list_path}?q={words}&expiry=7&app=99{0:011}&sort=-changed&per_page=25"
    jump = tenant.list_path.replace("/secrets/", "/jump/")
    sideways = {}
    for path in (found, f"{tenant.list_path}?q={longest}&app={longest}", jump):
        at_work.goto(path)
        if path == jump:
            at_work.get_by_label("A secret, a page or an act").fill(words)
            expect(at_work.locator(".jump mark").first).to_be_visible()
        for width in WIDTHS:
            at_work.set_viewport_size(viewport(width))
            sideways[path, width] = at_work.evaluate(MOVED_SIDEWAYS)
    assert sideways == dict.fromkeys(sideways, 0)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_palette_stays_within_sight(
    extreme: Secret, at_work: Page, tenant: Tenant, width: int
) -> None:
    at_work.set_viewport_size(viewport(width))
    at_work.goto(tenant.list_path)
    at_work.keyboard.press("Control+k")
    last = at_work.get_by_role("dialog").get_by_role("link", name="People")
    expect(at_work.get_by_label("A secret, a page or an act")).to_be_in_viewport(ratio=1)
    expect(last).to_be_visible()
    at_work.keyboard.press("ArrowUp")
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport(ratio=1)
    assert is_within(at_work.locator("#jump-results"), at_work.get_by_role("dialog"))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_shown_value_stays_in_its_box(
    at_work: Page, tenant: Tenant, extreme: Secret, width: int
) -> None:
    first = min(tenant.api.iter_secret_versions(tenant.id, extreme.id), key=lambda v: v.version)
    tenant.api.update_secret_version(tenant.id, extreme.id, first.id, "active")
    at_work.set_viewport_size(viewport(width))
    at_work.goto(f"{tenant.path_of(extreme)}?page=3")
    at_work.get_by_role("button", name="Show v1", exact=True).click()
    dialog = at_work.get_by_role("dialog")
    expect(dialog.get_by_role("region", name="Value")).to_be_visible()
    assert at_work.evaluate(MOVED_SIDEWAYS) == 0
    assert is_within(dialog.locator(".value"), dialog)
    for act in dialog.locator(".actions > *").all():
        expect(act).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_name_keeps_its_room_in_the_list(
    at_work: Page, tenant: Tenant, extreme: Secret, width: int
) -> None:
    at_work.set_viewport_size(viewport(width))
    at_work.goto(tenant.list_path)
    name, badge = box(at_work.locator("a.name")), box(at_work.locator(".secrets .badge"))
    assert name["width"] >= 180
    beside = badge["x"] >= name["x"] + name["width"]
    below = badge["y"] >= name["y"] + name["height"]
    assert beside or below
    expect(at_work.locator("a.name span").last).to_have_text(LONG_NAME[-8:])
    expect(at_work.locator("a.name span").last).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_menu_of_the_last_row_opens_within_sight(
    at_work: Page, tenant: Tenant, width: int
) -> None:
    for number in range(25):
        tenant.create(f"key-{number:02}")
    at_work.set_viewport_size(viewport(width))
    at_work.goto(tenant.list_path)
    last = at_work.locator("tbody tr").last
    last.scroll_into_view_if_needed()
    before = at_work.evaluate("scrollY")
    last.locator("summary").click()
    expect(last.get_by_role("link", name="Open")).to_be_in_viewport(ratio=1)
    expect(last.get_by_role("link", name="Delete…")).to_be_in_viewport(ratio=1)
    assert at_work.evaluate("scrollY") == before


@pytest.mark.parametrize("path", ["", "new/"])
def test_a_note_leaves_the_primary_button_free_on_a_phone(
    at_work: Page, tenant: Tenant, path: str
) -> None:
    for number in range(12):
        tenant.create(f"key-{number:02}")
    at_work.set_viewport_size(viewport(390))
    at_work.goto(tenant.list_path + path)
    at_work.evaluate(
        "note('An error that is long enough for several lines on a phone. '.repeat(3), true)"
    )
    at_work.evaluate("scrollTo(0, document.body.scrollHeight)")
    note, button = at_work.locator(".toast"), at_work.locator(".primary")
    if not path:
        at_work.evaluate("scrollTo(0, 0)")
    expect(button).to_be_in_viewport(ratio=1)
    assert box(button)["y"] + box(button)["height"] <= box(note)["y"]


def test_the_side_bar_opens_and_closes_on_a_phone(at_work: Page, tenant: Tenant) -> None:
    at_work.set_viewport_size(viewport(390))
    at_work.goto(tenant.list_path)
    connections = at_work.get_by_role("link", name="Connections", exact=True)
    expect(connections).to_be_hidden()
    at_work.get_by_role("button", name="Menu").click()
    expect(connections).to_be_visible()
    at_work.keyboard.press("Escape")
    expect(connections).to_be_hidden()


def test_a_failed_act_is_told_in_front_of_the_dialog(
    at_work: Page, tenant: Tenant, extreme: Secret
) -> None:
    at_work.goto(f"{tenant.path_of(extreme)}?page=3")
    at_work.get_by_label("More: v1", exact=True).click()
    at_work.locator("details[open]").get_by_text("Delete…").click()
    expect(at_work.get_by_role("button", name="Delete version")).to_be_visible()
    tenant.api.delete_secret(tenant.id, extreme.id)
    at_work.get_by_role("button", name="Delete version").click()
    told = at_work.get_by_role("dialog").get_by_role("alert")
    expect(told).to_contain_text("This is not there any more")
    told.get_by_role("button", name="Dismiss").click()
    expect(told).to_have_count(0)


def test_a_page_that_was_restored_by_back_still_works(at_work: Page, tenant: Tenant) -> None:
    """htmx turned the list's page; Back must not leave the script with elements that are gone."""
    for number in range(26):
        tenant.create(f"key-{number:02}")
    at_work.goto(f"{tenant.list_path}?per_page=25")
    at_work.get_by_role("link", name="Next").click()
    expect(at_work.get_by_text("26 to 26")).to_be_visible()
    at_work.go_back()
    expect(at_work.get_by_text("1 to 25")).to_be_visible()
    at_work.locator("tbody tr").first.locator("summary").click()
    at_work.locator("details[open]").get_by_text("Delete…").click()
    expect(at_work.get_by_role("dialog")).to_be_visible()


def test_a_field_that_an_extension_styled_is_swapped_without_complaint(
    at_work: Page, tenant: Tenant
) -> None:
    """htmx would carry the style over as an attribute, which the policy refuses aloud."""
    at_work.goto(f"{tenant.list_path}new/")
    name = at_work.get_by_label("Name", exact=True)
    name.evaluate("field => field.style.backgroundColor = 'ivory'")
    name.fill("fine-name")
    at_work.get_by_role("button", name="Save secret").click()
    expect(at_work.get_by_text("Type or paste the value.")).to_be_visible()


def box(element: Locator) -> dict[str, float]:
    found = element.bounding_box()
    assert found is not None
    return dict(found)


def is_within(inner: Locator, outer: Locator) -> bool:
    one, other = box(inner), box(outer)
    return (
        one["x"] >= other["x"]
        and one["y"] >= other["y"]
        and one["x"] + one["width"] <= other["x"] + other["width"]
        and one["y"] + one["height"] <= other["y"] + other["height"]
    )

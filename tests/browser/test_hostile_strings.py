"""Whatever the API says is text: nothing of it runs, asks anybody, or becomes part of a page's build.

Every page is seen in a real Chromium with harmless texts in all fields of the API, and with hostile
ones: both times it has the same elements with the same attributes.

A new page is a line in VISITS, a new button in CLICKS, a new form in FORMS, a new file in EXPORTS.
"""

import csv
import dataclasses
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import Message
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.urls import URLResolver, get_resolver, resolve
from playwright.sync_api import Browser, BrowserContext, expect

from accounts.models import Person
from secret_manager import Secret, SecretVersion, Value
from secret_manager.rules import is_id
from secrets_ui import connection as connections
from secrets_ui.models import Intent, Note
from secrets_ui.subjects import recordable
from tests.browser.conftest import Tenant
from tests.browser.hostile import CALLED, HOST, TEXTS, arrived, as_read, bundles
from tests.browser.hostile.api import APP_ID, SECRET_ID, VERSION_ID, HostileApi, running, wire_value
from tests.browser.hostile.characters import HEADERS
from tests.browser.hostile.remembered import (
    NONCE,
    acts,
    catalog_unread,
    earlier_notes,
    labels,
    notes,
    people,
    saved_views,
    writes,
)
from tests.browser.hostile.tour import BUNDLES, EVERYTHING, MESSAGES, WRITES, Scene, Tour
from tests.browser.hostile.watch import Watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
]
State = Intent.State
AN_HOUR = timedelta(hours=1)

LIST = "{list}?per_page=100"
SECRET = f"{{list}}{SECRET_ID}/"
VERSION = f"{SECRET}versions/{VERSION_ID}/"
OUTCOME = f"/organizations/{{organization}}/writes/{NONCE}/"

ROWS = Scene(texts=TEXTS, rows=100, shows=("name", "description"))
ERRORS = Scene(texts=MESSAGES, shows=("words",), up_to=200, refused=EVERYTHING)
# A value that is not UTF-8, or has control characters, is not shown but downloaded.
SHOWABLE = [text for text in TEXTS if Value.from_wire(wire_value(text)).is_text]
VALUES = Scene(texts=bundles(SHOWABLE, longest=8000), shows=("name", "value"))

VISITS = [
    (LIST, ROWS),
    (SECRET, Scene(shows=("name", "description"))),
    (f"{SECRET}edit/", Scene(shows=("name", "description"))),
    (f"{SECRET}delete/", Scene()),
    (f"{SECRET}versions/new/", Scene()),
    (f"{VERSION}status/?to=off", Scene()),
    (f"{VERSION}delete/", Scene()),
    (SECRET, replace(ERRORS, texts=MESSAGES[::4])),
]

# What the dashboard keeps: writes without an answer, the audit trail, people.
WRITTEN = Scene(texts=TEXTS, rows=len(TEXTS), prepare=writes("version.added", State.UNKNOWN))
RECORDED = Scene(texts=MESSAGES, rows=25, shows=("secret_name",), up_to=100, prepare=acts())
ABOUT_ONE = replace(
    RECORDED, texts=MESSAGES[::2], rows=10, shows=("reason",), prepare=acts(on_one_secret=True)
)
NAMED = replace(RECORDED, shows=("person", "email"), prepare=people)
NOTED = Scene(shows=("owner", "how_to_renew"), prepare=notes)
# Earlier notes are offered to a secret whose name could be kept as it is.
LASTING = [text for text in TEXTS if recordable(arrived(text)) == text]
OFFERED = Scene(texts=LASTING[::24], shows=("owner",), prepare=earlier_notes)
# What fits into a filter.
TYPED = [text[:140] for text in TEXTS[::80] if "\0" not in text]
KEPT = [
    ("{list}", WRITTEN),
    ("{list}", Scene(rows=3, prepare=writes("version.deleted", State.SENT, seen=AN_HOUR))),
    (OUTCOME, Scene(prepare=writes("version.added", State.UNKNOWN))),
    (OUTCOME, Scene(prepare=writes("version.added", State.NOT_SAVED))),
    (OUTCOME, Scene(prepare=writes("secret.created", State.TAKEN))),
    (OUTCOME, Scene(prepare=writes("secret.created", State.UNSURE))),
    (OUTCOME, Scene(prepare=writes("version.added", State.UNSURE))),
    (OUTCOME, Scene(prepare=writes("secret.changed", State.UNSURE))),
    (OUTCOME, Scene(prepare=writes("secret.changed", State.SAVED))),
    (OUTCOME, Scene(prepare=writes("secret.deleted", State.SAVED))),
    ("/audit/?person={typed}", Scene(texts=TYPED, shows=("typed",))),
    (SECRET, ABOUT_ONE),
    ("/audit/?per_page=25", replace(RECORDED, shows=("actor", "secret_name", "reason"))),
    ("/audit/people/{person}/seen/", RECORDED),
    ("/accounts/people/", NAMED),
    ("/accounts/people/?q={typed}", Scene(shows=("typed",))),
    (SECRET, NOTED),
    (SECRET, OFFERED),
    (f"{SECRET}notes/", NOTED),
]

# What is told of all secrets together, each time from a catalog that was just read.
JUMP = "/organizations/{organization}/jump/"
FOUND = replace(ROWS, shows=("name",), prepare=catalog_unread)
NAMES = Scene(texts=BUNDLES[::3], prepare=catalog_unread)
ALL_SECRETS = [
    (f"{LIST}&expiry=none", replace(ROWS, prepare=catalog_unread)),
    ("{list}?status=off&q={typed}", Scene(texts=TYPED, shows=("typed",), prepare=catalog_unread)),
    (
        "{list}?status=off&app={typed}&creator={typed}&label={typed}",
        Scene(texts=TYPED, shows=("typed",), prepare=catalog_unread),
    ),
    ("{list}?sort=created", Scene(texts=LASTING[::24], prepare=labels)),
    ("{list}?sort=created", replace(NAMES, shows=("view",), prepare=saved_views)),
    (f"{JUMP}?q={SECRET_ID}", NAMES),
    (JUMP, replace(NAMES, shows=("view",), prepare=saved_views)),
    ("/", Scene(prepare=catalog_unread)),
    ("/organizations/{organization}/expiry/", Scene(prepare=catalog_unread)),
]

# Where, what is pressed there, and what is pressed to take away what came of it.
CLOSE = "#dialog [data-close]"
DELETE = f"a[hx-get$='/{SECRET_ID}/delete/']"
CLICKS = [
    (LIST, "[rel=next]", "", ROWS),
    (SECRET, DELETE, CLOSE, Scene()),
    (SECRET, f"a[hx-get$='/{VERSION_ID}/status/?to=off']", CLOSE, Scene()),
    (SECRET, f"a[hx-get$='/{VERSION_ID}/delete/']", CLOSE, Scene()),
    (SECRET, "[hx-target='#current-value'] button", "#current-value [data-hide]", VALUES),
    (SECRET, "[hx-target='#dialog'] button", "#dialog [data-hide]", VALUES),
    (SECRET, DELETE, ".toast button", ERRORS),
]

# Where, which form is sent without JavaScript, and what is typed into it before. Errors are shown by the
# same few lines of template, so each form shows a part of them.
CONNECT = {"organization_id": "1", "user_id": "2", "personal_access_token": "a harmless token"}
REFUSED_WRITES = replace(ERRORS, refused=WRITES)
FORMS = [
    (
        "{list}new/",
        "#secret-form",
        {"name": "another", "value": "another"},
        replace(REFUSED_WRITES, texts=MESSAGES[::16]),
    ),
    (
        f"{SECRET}versions/new/",
        "#version-form",
        {"value": "another"},
        replace(REFUSED_WRITES, texts=MESSAGES[2::8]),
    ),
    ("/connect/", "#connection-form", CONNECT, replace(ERRORS, texts=MESSAGES[4::8])),
]


# What is shown there was neither said by the API nor typed by somebody else; or a button in CLICKS, or a
# file in EXPORTS, leads there.
NOT_VISITED = {
    *(
        "livez",
        "readyz",
        "theme",
        "session",
        "confirm",
        "sign-in",
        "sign-out",
        "signed-out",
    ),
    *("password", "connection-forget", "person-add", "person-change"),
    *("version-reveal", "trail-export", "expiry-calendar"),
    *("favourite", "notes-adopt", "view-save", "view-delete"),
}


@pytest.fixture
def hostile_api(session_cookie: dict[str, str], settings: Any) -> Iterator[HostileApi]:
    """Takes the place of the Secret Manager, once somebody has connected."""
    settings.REVEALS_PER_HOUR = 10_000
    with running() as api:
        settings.SECRET_MANAGER_URL, settings.SECRET_MANAGER_ADAPTER = api.url, None
        connections.shared_transport.cache_clear()
        yield api
        connections.shared_transport().close()


@pytest.fixture
def chromium(
    browser: Browser,
    browser_context_args: dict[str, Any],
    session_cookie: dict[str, str],
    request: pytest.FixtureRequest,
) -> Iterator[BrowserContext]:
    options = getattr(request, "param", {})
    with browser.new_context(**browser_context_args, **options) as context:
        context.add_cookies([session_cookie])
        context.grant_permissions(["clipboard-write"])
        yield context


@pytest.fixture
def tour(
    chromium: BrowserContext,
    session_cookie: dict[str, str],
    hostile_api: HostileApi,
    tenant: Tenant,
    person: Person,
) -> Iterator[Tour]:
    """Somebody at work, and all that their browser does under watch."""
    watch = Watch(chromium, session_cookie["url"])
    places = {"list": tenant.list_path, "organization": tenant.id, "person": str(person.pk)}
    tour = Tour(page=chromium.new_page(), api=hostile_api, watch=watch, places=places)
    yield tour
    tour.page.wait_for_timeout(100)  # milliseconds: whatever the last page may still be up to
    assert watch.heard == []


def test_there_are_enough_texts() -> None:
    assert len(set(TEXTS)) == len(TEXTS) > 500
    assert all(any(word in text for word in ("hacked", "dekcah")) for text in TEXTS)
    assert not any(map(is_id, TEXTS)), "an id would be one on a page, too"


def test_no_page_is_forgotten() -> None:
    def names(resolver: URLResolver) -> Iterator[str]:
        for each in resolver.url_patterns:
            if isinstance(each, URLResolver):
                yield from names(each)
            elif each.name:
                yield each.name

    paths = [path for table in (VISITS, KEPT, ALL_SECRETS, FORMS) for path, *_ in table]
    places = {"list": "/organizations/1/secrets/", "organization": "1", "person": "1", "typed": ""}
    visited = {resolve(path.format(**places).partition("?")[0]).url_name for path in paths}
    assert visited | NOT_VISITED == set(names(get_resolver()))


def test_pages(tour: Tour) -> None:
    for path, scene in VISITS:
        tour.compare(path, scene, partial(tour.visit, path))
    for kind in (Secret, SecretVersion):
        for field in dataclasses.fields(kind):
            if field.name not in {"versions", "etag"}:
                assert tour.api.spoken[field.name] >= set(TEXTS), field.name


def test_pages_of_what_is_kept(tour: Tour) -> None:
    for path, scene in KEPT:
        tour.compare(path, scene, partial(tour.visit, path))


@pytest.mark.usefixtures("catalog")
def test_pages_of_all_secrets(tour: Tour) -> None:
    for path, scene in ALL_SECRETS:
        tour.compare(path, scene, partial(tour.visit, path))


@pytest.mark.usefixtures("catalog")
def test_what_is_found_as_one_types(tour: Tour) -> None:
    for path, field, words, scene in (
        (f"{LIST}&sort=created", "#q", APP_ID, FOUND),
        (JUMP, "#jump-q", str(SECRET_ID), replace(NAMES, texts=BUNDLES[1::3])),
    ):
        tour.api.play(["harmless"], rows=scene.rows)
        tour.visit(path)
        tour.compare(f"{words} in {path}", scene, partial(tour.search, field, words))


def test_parts_of_pages(tour: Tour) -> None:
    for path, pressed, undo, scene in CLICKS:
        tour.api.play(["harmless"], rows=scene.rows)
        tour.visit(path)
        tour.compare(
            f"{path} {pressed}",
            scene,
            partial(tour.press, pressed),
            partial(tour.click, undo) if undo else None,
        )


def test_forms_that_come_back_with_an_error(tour: Tour) -> None:
    for path, form, typed, scene in FORMS:
        tour.api.play(["harmless"])
        tour.visit(path)
        tour.compare(f"{path} {form}", scene, partial(tour.submit, form, **typed))


@pytest.mark.parametrize("chromium", [{"bypass_csp": True}], indirect=True, ids=["unprotected"])
def test_nothing_runs_without_the_policy_either(tour: Tour) -> None:
    """The Content-Security-Policy is the second line of defence, and has nothing to stop."""
    for path, scene in VISITS[:2]:
        tour.compare(path, scene, partial(tour.visit, path))


def test_an_edit_that_meets_another(tour: Tour) -> None:
    """What somebody else wrote stands beside what this person typed, line by line."""

    def collide() -> None:
        tour.visit(f"{SECRET}edit/")
        mine = "Mine\n" + tour.api.text("mine")[:2000].replace("\0", "")
        tour.page.get_by_label("Description").fill(mine)
        tour.api.move_on()
        tour.press("#secret-form button.primary")
        choices = tour.page.locator(".stacked").text_content() or ""
        assert as_read(mine) in as_read(choices)

    scene = Scene(shows=("description",), in_pairs=True)
    tour.compare("an edit that meets another", scene, collide)


def test_notes_that_meet_others(tour: Tour) -> None:
    def collide() -> None:
        Note.objects.all().delete()
        tour.visit(f"{SECRET}notes/")
        mine = "Mine\n" + tour.api.text("mine")[:2000].replace("\0", "")
        tour.page.get_by_label("How to renew it").fill(mine)
        notes(tour.api, 1)
        tour.press("#notes-form button.primary")
        choices = tour.page.locator(".stacked").text_content() or ""
        assert as_read(mine) in as_read(choices)

    scene = Scene(texts=BUNDLES[::2], shows=("how_to_renew",), in_pairs=True)
    tour.compare("notes that meet others", scene, collide)


def test_a_note_of_what_was_deleted(tour: Tour) -> None:
    def delete() -> None:
        tour.visit(f"{SECRET}delete/")
        tour.submit("#confirm", typed_name=tour.page.text_content("#confirm strong") or "")
        assert tour.page.url.endswith("/secrets/")

    # Only what stands on one line can be typed.
    texts = [" ".join(text.split()) for text in BUNDLES]
    tour.compare("a note of what was deleted", Scene(texts=texts), delete)


def test_what_people_call_their_connections(
    tour: Tour, session_cookie: dict[str, str], tenant: Tenant
) -> None:
    def visit() -> None:
        session = import_module(product.SESSION_ENGINE).SessionStore(session_cookie["value"])
        kept = session[connections.SESSION_FIELD][tenant.id]
        labels = [f"{row:03} {arrived(tour.api.text('label', row))}" for row in range(len(TEXTS))]
        others = {str(row): {**kept, "label": label} for row, label in enumerate(labels)}
        session[connections.SESSION_FIELD] = {tenant.id: kept, **others}
        session.save()
        tour.visit("/connect/")

    scene = Scene(texts=TEXTS, rows=len(TEXTS), shows=("label",))
    tour.compare("the names of connections", scene, visit)


def test_a_value_on_a_page_of_its_own(tour: Tour) -> None:
    def show() -> None:
        tour.visit(SECRET)
        tour.submit("form[hx-target='#current-value']")

    tour.compare("the page of a value", VALUES, show)


def test_a_copied_value_is_text(tour: Tour) -> None:
    texts = bundles(SHOWABLE, longest=20_000)
    for start in range(len(texts)):
        tour.api.play(texts, start)
        tour.visit(SECRET)
        tour.click("[data-copy]")
        expect(tour.page.locator(".toast.success")).to_be_visible()
        tour.visit(f"{SECRET}versions/new/")
        pasted = tour.page.get_by_label("Value", exact=True)
        pasted.press("Control+V")
        assert as_read(pasted.input_value()) == as_read(tour.api.text("value"))
        tour.watch.look(tour.page)


def test_the_words_of_a_refused_copy(tour: Tour) -> None:
    def copy() -> None:
        tour.click("[data-copy]")
        tour.page.wait_for_selector(".toast button", state="attached")

    tour.api.play(["harmless"])
    tour.visit(SECRET)
    scene = replace(ERRORS, texts=MESSAGES[6::8])
    tour.compare("a refused copy", scene, copy, lambda: tour.click(".toast button"))


@dataclass(frozen=True)
class Download:
    """A file as the browser saves it."""

    name: str
    headers: dict[str, str]
    content: str


def download(tour: Tour, button: str) -> Download:
    with (
        tour.page.expect_response(lambda one: one.request.method == "POST") as answer,
        tour.page.expect_download() as file,
    ):
        tour.click(button)
    headers = answer.value.headers
    given = Message()
    given["Content-Disposition"] = headers["content-disposition"]
    parts = [name for name, _ in given.get_params(header="Content-Disposition")]
    assert parts == ["attachment", "filename"]
    assert headers["x-content-type-options"] == "nosniff"
    content = Path(file.value.path()).read_bytes().decode("utf-8-sig")
    return Download(file.value.suggested_filename, headers, content)


def test_the_names_of_downloaded_files(tour: Tour) -> None:
    tour.api.play(["harmless"])
    tour.visit(SECRET)
    for start in range(len(HEADERS)):
        tour.api.play(HEADERS, start)
        name = download(tour, "button[value=download]").name
        assert re.fullmatch(rf"[^/\\:\x00-\x1f\u202e]+-{VERSION_ID}\.(txt|bin)", name), name
    tour.watch.look(tour.page)


def cells(text: str) -> list[str]:
    """Return what a spreadsheet reads, once no cell of it is a formula."""
    found = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    for cell in found:
        seen = "".join(char for char in cell if unicodedata.category(char)[0] not in "CZ")
        assert not unicodedata.normalize("NFKC", seen[:1]).startswith(("=", "+", "-", "@")), cell
    return [cell.removeprefix("'") for cell in found]


def json_lines(text: str) -> list[str]:
    return [
        fact for line in text.removesuffix("\n").split("\n") for fact in json.loads(line).values()
    ]


# Where, which button gives the file, and what is in it.
EXPORTS = [
    ("/audit/", "button[value=csv]", cells),
    ("/audit/", "button[value=jsonl]", json_lines),
]


def test_exported_files(tour: Tour) -> None:
    tour.api.play(TEXTS)
    acts()(tour.api, len(TEXTS))
    names = {recordable(arrived(text))[:255] for text in TEXTS}
    for path, button, read in EXPORTS:
        tour.visit(path)
        file = download(tour, button)
        assert names <= set(read(file.content)), button
        assert file.headers["content-type"].split(";")[0] in {"text/csv", "application/x-ndjson"}
    tour.watch.look(tour.page)


@pytest.mark.parametrize(
    ("address", "marker", "heard", "enough"),
    [("about:blank", CALLED, r"text \((\d+),", 60), ("/bare/", HOST, rf"(\d+)\.{HOST}", 20)],
)
def test_the_watch_hears_what_unescaped_texts_do(
    chromium: BrowserContext, base_url: str, address: str, marker: str, heard: str, enough: int
) -> None:
    watch, page = Watch(chromium, base_url), chromium.new_page()
    page.route("**", lambda route: route.abort())
    page.route("**/bare/", lambda route: route.fulfill(body="", content_type="text/html"))
    page.goto(address)
    page.evaluate(
        """(texts) => texts.forEach((text) => {
            document.body.append(Object.assign(document.createElement("iframe"), { srcdoc: text }));
        })""",
        [text for text in TEXTS if "<" in text and marker in text],
    )
    for _ in range(150):
        page.wait_for_timeout(100)
        if len(set(re.findall(heard, " ".join(watch.heard)))) >= enough:
            return
    pytest.fail(f"Only {len(watch.heard)} were heard.")

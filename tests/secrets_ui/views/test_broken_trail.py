"""However the trail breaks, nothing is revealed and nothing is changed, and the page says so.

The breaks are real ones, in the database or on the disk; the Secret Manager is the real emulator,
and what reaches it is watched at the adapter, the last place before it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.db import connection, connections
from django.http import HttpResponse
from django.test import Client

from accounts.models import Person
from audit.models import Event, Head, Outcome
from audit.trail import Actor, Subject, TrailUnavailable, noted
from dashboard.embedded import EmbeddedAdapter
from secret_manager import Credential, Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID, USER_ID
from tests.secrets_ui.views.support import LIST_URL, filled, text_of

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

VALUE, NEW_VALUE = "the first value", "a value that was typed"
NOT_RECORDED = "This cannot be recorded in the audit trail"
NOTHING_DONE = "Nothing was shown and nothing was changed."
ALREADY_DONE = "The Secret Manager had already acted"
Form = dict[str, str]


@dataclass(frozen=True)
class Act:
    """One act on the pages: where it is sent, and the page and id of its form, if it has one."""

    url: str
    page: str = ""
    form: str = ""
    typed: Form | None = None
    is_write: bool = True

    def fill(self, browser: Client) -> Form:
        typed = self.typed or {}
        return filled(browser.get(self.page), self.form, **typed) if self.page else typed


@pytest.fixture
def acts(
    secret: Secret, version_id: str, secret_url: str, credential: Credential
) -> dict[str, Act]:
    """Every act that fetches a value, writes or tries a credential, in an order in which all work."""
    version_url = f"{secret_url}versions/{version_id}/"
    connecting = {
        "organization_id": ORGANIZATION_ID,
        "label": "Again",
        "kind": "personal",
        "user_id": USER_ID,
        "personal_access_token": credential.as_dict()["personal_access_token"],
    }

    def reveal(purpose: str) -> Act:
        return Act(f"{version_url}reveal/", typed={"purpose": purpose}, is_write=False)

    def confirmed(url: str, query: str = "", **typed: str) -> Act:
        return Act(url, page=url + query, form="confirm", typed=typed)

    def form(url: str, form_id: str, **typed: str) -> Act:
        return Act(url, page=url, form=form_id, typed=typed)

    return {
        "connect": Act("/connect/", typed=connecting, is_write=False),
        "reveal": reveal("show"),
        "copy": reveal("copy"),
        "download": reveal("download"),
        "create": form(f"{LIST_URL}new/", "secret-form", name="brand_new", value=NEW_VALUE),
        "edit": form(f"{secret_url}edit/", "secret-form", description="Signs more"),
        "new version": form(f"{secret_url}versions/new/", "version-form", value=NEW_VALUE),
        "turn off": confirmed(f"{version_url}status/", "?to=off"),
        "turn on": confirmed(f"{version_url}status/", "?to=on"),
        "delete version": confirmed(f"{version_url}delete/"),
        "delete": confirmed(f"{secret_url}delete/", typed_name=secret.name),
    }


@dataclass
class Reached:
    """What reached the Secret Manager."""

    requests: list[requests.PreparedRequest]

    @property
    def writes(self) -> int:
        return sum(request.method != "GET" for request in self.requests)

    @property
    def values(self) -> int:
        return sum("return_secret_value=true" in (request.url or "") for request in self.requests)


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Reached:
    reached = Reached([])
    send = EmbeddedAdapter.send

    def watched(self: EmbeddedAdapter, request: requests.PreparedRequest, **how: Any) -> Any:
        reached.requests.append(request)
        return send(self, request, **how)

    monkeypatch.setattr(EmbeddedAdapter, "send", watched)
    return reached


def sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def pragma(name: str) -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute(f"PRAGMA {name}").fetchone()[0])


# The ways in which it breaks


def lose_the_table(**_: Any) -> None:
    sql("ALTER TABLE audit_event RENAME TO audit_event_away")


def lose_the_table_of_the_head(**_: Any) -> None:
    sql("ALTER TABLE audit_head RENAME TO audit_head_away")


def lose_the_head(**_: Any) -> None:
    Head.objects.all().delete()


def set_the_head_back(**_: Any) -> None:
    first = Event.objects.get(sequence=1)
    Head.objects.update(sequence=first.sequence, mac=first.mac)


def cut_off_the_end(**_: Any) -> None:
    sql("DELETE FROM audit_event WHERE sequence = (SELECT max(sequence) FROM audit_event)")


def lose_the_keys(settings: Any, **_: Any) -> None:
    settings.AUDIT_KEYS = []


def make_the_anchor_unwritable(settings: Any, tmp_path: Path, **_: Any) -> None:
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "missing" / "anchor.jsonl")


def fill_the_disk_of_the_anchor(settings: Any, **_: Any) -> None:
    settings.AUDIT_ANCHOR_FILE = "/dev/full"


def have_a_name_that_cannot_be_recorded(**_: Any) -> None:
    Person.objects.update(username="hana\u202eko")
    cache.clear()


def add_a_trigger_that_raises(**_: Any) -> None:
    sql(
        "CREATE TRIGGER no_more BEFORE INSERT ON audit_event"
        " BEGIN SELECT RAISE(ABORT, 'no more'); END"
    )


def add_a_trigger_that_holds_the_head(**_: Any) -> None:
    sql(
        "CREATE TRIGGER no_more BEFORE UPDATE ON audit_head"
        " BEGIN SELECT RAISE(ABORT, 'no more'); END"
    )


def make_it_read_only(**_: Any) -> None:
    sql("PRAGMA query_only = ON")


def fill_the_disk(**_: Any) -> None:
    """No page more for the database: what does not fit into the pages it has is refused."""
    sql("CREATE TABLE filling (bytes)", f"PRAGMA max_page_count = {pragma('page_count')}")
    # Earlier tests leave pages with nothing on them: too many to be filled line by line.
    unused = max(0, pragma("freelist_count") - 3) * (pragma("page_size") - 8)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO filling VALUES (zeroblob(%s))", [unused])
    refused = 0
    for _ in range(500):
        try:
            noted(
                action="x",
                outcome=Outcome.OK,
                actor=Actor(name="x", address=None),
                subject=Subject(),
            )
        except TrailUnavailable:
            refused += 1
        if refused == 5:
            return
    raise AssertionError("The disk did not fill.")


on_every_database = pytest.mark.storage
WAYS = [
    pytest.param(lose_the_table, marks=on_every_database),
    pytest.param(lose_the_table_of_the_head, marks=on_every_database),
    pytest.param(lose_the_head, marks=on_every_database),
    pytest.param(set_the_head_back, marks=on_every_database),
    pytest.param(cut_off_the_end, marks=on_every_database),
    pytest.param(lose_the_keys, marks=on_every_database),
    pytest.param(make_the_anchor_unwritable, marks=on_every_database),
    pytest.param(fill_the_disk_of_the_anchor, marks=on_every_database),
    pytest.param(have_a_name_that_cannot_be_recorded, marks=on_every_database),
    pytest.param(add_a_trigger_that_raises),
    pytest.param(add_a_trigger_that_holds_the_head),
    pytest.param(make_it_read_only),
    pytest.param(fill_the_disk),
]


@pytest.fixture(autouse=True)
def mended(db: None) -> Iterator[None]:
    """What outlives a transaction that is rolled back."""
    yield
    if connection.vendor == "sqlite":
        # Past Django, which takes no statement more in a transaction that failed.
        connection.connection.execute("PRAGMA query_only = OFF")
        connection.connection.execute("PRAGMA max_page_count = 1073741823")


ToSend = list[tuple[str, str, Form, dict[str, str]]]


def to_be_sent(browser: Client, acts: dict[str, Act]) -> ToSend:
    """Fill every form twice while all is well: to be sent as a plain form, and by htmx."""
    return [
        (name, act.url, act.fill(browser), headers)
        for headers in ({}, HTMX)
        for name, act in acts.items()
    ]


def send_in_vain(browser: Client, to_send: ToSend, reached: Reached) -> None:
    for name, url, form, headers in to_send:
        reached.requests.clear()
        insist_on_nothing(browser.post(url, form, headers=headers), NOTHING_DONE, name)
        assert (reached.writes, reached.values) == (0, 0), name
        assert name != "connect" or not reached.requests, "The credential was tried."


def insist_on_nothing(answer: HttpResponse, says: str, name: str) -> None:
    text = text_of(answer)
    assert answer.status_code == 503, name
    assert NOT_RECORDED in text, name
    assert says in text, name
    assert VALUE not in text, name
    assert NEW_VALUE not in text, name
    assert "Content-Disposition" not in answer.headers, name


@pytest.mark.parametrize("break_it", WAYS, ids=lambda way: re.sub("_", "-", way.__name__))
def test_nothing_gets_through(
    break_it: Callable[..., None],
    browser: Client,
    acts: dict[str, Act],
    reached: Reached,
    truth: SecretManagerClient,
    secret: Secret,
    settings: Any,
    tmp_path: Path,
) -> None:
    to_send = to_be_sent(browser, acts)
    before = truth.get_secret(ORGANIZATION_ID, secret.id)
    for _ in range(2):
        noted(
            action="connection.added",
            outcome=Outcome.OK,
            actor=Actor(name="hanako", address=None),
            subject=Subject(organization_id=ORGANIZATION_ID),
        )
    break_it(settings=settings, tmp_path=tmp_path)
    send_in_vain(browser, to_send, reached)
    assert len(to_send) == 2 * 11
    assert truth.get_secret(ORGANIZATION_ID, secret.id) == before


@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
@pytest.mark.usefixtures("served_databases")
def test_nothing_gets_through_while_somebody_else_holds_the_lock(
    browser: Client, acts: dict[str, Act], reached: Reached
) -> None:
    """For longer than anybody waits, which is 20 seconds elsewhere."""
    to_send = to_be_sent(browser, acts)
    with closing(connections["default"].copy()) as elsewhere, elsewhere.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        sql("PRAGMA busy_timeout = 20")
        send_in_vain(browser, to_send, reached)
        cursor.execute("ROLLBACK")


def test_all_of_it_gets_through_where_nothing_is_broken(
    browser: Client, acts: dict[str, Act], reached: Reached
) -> None:
    """Otherwise the tests above would be about nothing."""
    for name, act in acts.items():
        form = act.fill(browser)
        reached.requests.clear()
        answer = browser.post(act.url, form)
        assert answer.status_code in (200, 302), name
        assert reached.writes == (1 if act.is_write else 0), name
        assert reached.values == (1 if name in ("reveal", "copy", "download") else 0), name


# Where it breaks between the attempt and the outcome


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_what_was_done_before_it_broke_is_told_as_done(
    headers: dict[str, str], browser: Client, acts: dict[str, Act], reached: Reached
) -> None:
    sql(
        "CREATE TRIGGER no_outcome BEFORE INSERT ON audit_event WHEN NEW.outcome != 'attempted'"
        " BEGIN SELECT RAISE(ABORT, 'no outcome'); END"
    )
    for name, act in acts.items():
        form = act.fill(browser)
        reached.requests.clear()
        insist_on_nothing(browser.post(act.url, form, headers=headers), ALREADY_DONE, name)
        assert reached.writes == (1 if act.is_write else 0), name
        assert Event.objects.latest("sequence").outcome == "attempted", name

"""A secret's own history: the part of its page that says who did what with it."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from accounts.context import May
from accounts.roles import Capability
from audit.models import Outcome
from audit.queries import history_of
from audit.rows import HistoryRow
from secret_manager import Secret
from tests.audit.support import sql
from tests.audit.views.support import HOSTILE, ORGANIZATION, SECRET, act, many
from tests.audit.views.test_trail import plan_of

pytestmark = pytest.mark.django_db

NOON = datetime(2025, 12, 4, 12, tzinfo=UTC)


def history(limit: int = 10, **named: object) -> list[HistoryRow]:
    rows = history_of(ORGANIZATION, SECRET["secret_id"], limit, **named)  # type: ignore[arg-type]
    assert rows is not None
    return rows


def part(rows: list[HistoryRow] | None, *capabilities: Capability) -> str:
    secret = Secret(id="20", organization_id=ORGANIZATION, name="crm-webhook-signing")
    context = {"history": rows, "secret": secret, "may": May(frozenset(capabilities))}
    return render_to_string("audit/history.html", context)


@pytest.mark.storage
def test_it_tells_who_did_what_the_newest_first() -> None:
    act("secret.created", actor="hanako", at=NOON)
    act("version.added", actor="taro", version_id="31", reason="INC-4211", at=NOON)
    act("value.revealed", actor="佐藤", version_id="31", at=NOON)
    assert [(row.who, row.what) for row in history()] == [
        ("佐藤", "Showed the value · 31"),
        ("taro", "Put in a new value · 31"),
        ("hanako", "Created the secret"),
    ]
    page = part(history())
    assert "INC-4211" in page
    assert "Thu 4 Dec 2025 12:00 UTC" in page


def test_versions_go_by_what_the_page_calls_them() -> None:
    act(version_id="31")
    act(version_id="32")
    rows = history(version_labels={"31": "v4"})
    assert [row.what for row in rows] == ["Showed the value · 32", "Showed the value · v4"]


@pytest.mark.parametrize(
    ("outcome", "badge"),
    [
        (Outcome.OK, None),
        (Outcome.DENIED, "Refused"),
        (Outcome.UNKNOWN, "Not known"),
        (None, "No outcome recorded"),
    ],
)
def test_what_was_not_done_says_so(outcome: str | None, badge: str | None) -> None:
    act("secret.changed", outcome)
    (row,) = history()
    assert (row.badge.text if row.badge else None) == badge


def test_other_secrets_have_their_own() -> None:
    act(secret_id="21")
    act(organization_id="1420000000000")
    assert history() == []


def test_it_is_no_longer_than_asked() -> None:
    for _ in range(4):
        act()
    assert len(history(limit=3)) == 3


def test_a_secret_without_history_says_so() -> None:
    assert "Nothing was done with this secret" in part([])


@pytest.mark.storage
def test_a_trail_that_cannot_be_read_leaves_the_page_standing() -> None:
    sql("ALTER TABLE audit_event RENAME TO audit_event_gone")
    assert history_of(ORGANIZATION, "20", 10) is None
    assert "cannot be read just now" in part(None)


def test_those_who_may_see_the_trail_get_there() -> None:
    act()
    assert 'href="/audit/?secret=20"' in part(history(), Capability.TRAIL)
    assert "/audit/" not in part(history(), Capability.READ)


def test_what_others_typed_is_shown_as_text() -> None:
    texts = dict.fromkeys(("actor", "reason", "version_id"), HOSTILE)
    many(2, **{**texts, "secret_id": "20"})
    page = part(history())
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


@pytest.mark.storage
def test_it_is_one_query_along_an_index_however_much_was_done() -> None:
    many(1000)
    many(500, secret_id="20")
    with CaptureQueriesContext(connection) as queries:
        assert len(history()) == 10
    assert len(queries) == 1
    if connection.vendor == "sqlite":
        plan = plan_of(queries[0]["sql"])
        assert "SCAN" not in plan, plan
        assert "organization_id=? AND secret_id=?" in plan, plan

"""The accounts that docs/audit-trail.md describes can do what they should, and no more."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import Event
from audit.trail import Actor, Subject, TrailUnavailable, check, recorded
from tests.audit.support import add, run, sql
from tests.services.dashboard import PROJECT

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.storage,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no accounts"),
]


@pytest.fixture(autouse=True)
def accounts() -> None:
    """As the document makes them. They go with the transaction."""
    text = (PROJECT / "docs" / "audit-trail.md").read_text()
    for block in re.findall(r"```sql\n(.+?)```", text, flags=re.DOTALL):
        sql(block)
    add(3)


@contextmanager
def using(account: str) -> Iterator[None]:
    sql(f"SET ROLE {account}")
    try:
        yield
    finally:
        sql("RESET ROLE")


def record() -> None:
    actor = Actor(name="hanako", address=None, person_id=7)
    with recorded(action="value.revealed", actor=actor, subject=Subject()):
        pass


def test_the_dashboard_records_and_is_ready() -> None:
    with using("dashboard_app"):
        check()
        record()
        assert run("audit_verify").startswith("5 entries")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'taro'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "DROP TABLE audit_event",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head (sequence, mac) VALUES (0, '')",
        "INSERT INTO audit_checkpoint (sequence, mac, key_id, signature) VALUES (1, '', '', '')",
    ],
)
@pytest.mark.parametrize("account", ["dashboard_app", "audit_reader"])
def test_no_account_rewrites_the_trail(account: str, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        using(account),
        transaction.atomic(),
    ):
        sql(statement)
    assert Event.objects.count() == 3


def test_the_dashboard_cannot_remove_old_lines(tmp_path: Path) -> None:
    archive = tmp_path / "archive.jsonl"
    with (
        time_machine.travel(timezone.now() + timedelta(days=400), tick=True),
        pytest.raises(CommandError, match="The database did not remove all of them"),
        using("dashboard_app"),
    ):
        run("audit_prune", "--keep-days", 365, "--archive", archive)
    assert run("audit_verify", "--archive", archive).startswith("5 entries")


def test_whoever_verifies_only_reads() -> None:
    with using("audit_reader"):
        assert run("audit_verify").startswith("3 entries")
        with pytest.raises(TrailUnavailable):
            record()
    assert Event.objects.count() == 3

"""What only SQLite takes: a column of one kind that holds another. It is named like any other."""

import pytest
from django.core.management import CommandError

from tests.audit.support import add, run, sql

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("column", "junk"),
    [
        ("at", "the other day"),
        ("at", "2026-13-45 00:00:00"),
        ("act", "none"),
        ("act", 7),
        ("person_id", "seven"),
        ("actor", b"\xff\xfe"),
        ("mac", b"\xff\xfe"),
        ("previous", 7.5),
        ("key_id", b"\x00"),
        ("sequence", "three"),
        ("sequence", 2.5),
    ],
    ids=repr,
)
def test_a_row_that_holds_no_event_is_named_like_any_other(column: str, junk: object) -> None:
    add(4, person_id=7)
    sql("UPDATE audit_event SET column = %s WHERE sequence = 3".replace("column", column), junk)
    with pytest.raises(CommandError, match=r"Entry 3 (was|cannot|is|made)"):
        run("audit_verify")


@pytest.mark.parametrize("column", ["sequence", "mac"])
def test_a_head_that_holds_no_place_is_told(column: str) -> None:
    add(4)
    sql("UPDATE audit_head SET column = %s".replace("column", column), b"\xff")
    with pytest.raises(CommandError, match="Entry 4 is not what the head"):
        run("audit_verify")

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError
from pytest_django import DjangoAssertNumQueries

from audit import verification, walk
from audit.chain import mac_of
from audit.models import Checkpoint, Event, Head
from tests.audit.support import add, anchor_all, run, sql

pytestmark = [pytest.mark.django_db, pytest.mark.storage]


def cut(from_number: int) -> None:
    """Cut the end off and hide it: the head says that the line before was the last."""
    sql("DELETE FROM audit_event WHERE sequence >= %s", from_number)
    sql(
        "UPDATE audit_head SET sequence = %s,"
        " mac = (SELECT mac FROM audit_event WHERE sequence = %s)",
        from_number - 1,
        from_number - 1,
    )


def move(number: int, to: int) -> None:
    sql("UPDATE audit_event SET sequence = %s WHERE sequence = %s", to, number)


def swap(one: int, other: int) -> None:
    for number, to in ((one, 1_000_000), (other, one), (1_000_000, other)):
        move(number, to)


def test_a_whole_trail_is_told_with_its_length_its_time_and_its_head() -> None:
    with time_machine.travel(datetime(2026, 12, 4, 14, 59, tzinfo=UTC), tick=False):
        add()
    with time_machine.travel(datetime(2026, 12, 5, 8, 0, 30, tzinfo=UTC), tick=False):
        event = add(2)
    assert run("audit_verify") == (
        "3 entries, from 2026-12-04 14:59:00 to 2026-12-05 08:00:30 UTC,"
        f" head 3 {event.mac}: whole.\n"
    )


def test_an_empty_trail_is_whole() -> None:
    assert run("audit_verify") == "0 entries: whole.\n"


TAMPERINGS: dict[str, tuple[Callable[[], object], str]] = {
    "changed": (
        lambda: sql("UPDATE audit_event SET actor = 'taro' WHERE sequence = 3"),
        "Entry 3 was changed",
    ),
    "changed twice": (
        lambda: sql("UPDATE audit_event SET actor = 'taro' WHERE sequence IN (3, 5)"),
        "Entry 3 was changed",
    ),
    "code changed": (
        lambda: sql("UPDATE audit_event SET mac = %s WHERE sequence = 3", "0" * 64),
        "Entry 3 was changed",
    ),
    "removed": (
        lambda: sql("DELETE FROM audit_event WHERE sequence = 3"),
        "Entry 3 is missing",
    ),
    "first removed": (
        lambda: sql("DELETE FROM audit_event WHERE sequence <= 2"),
        "Entry 1 is missing",
    ),
    "removed and closed up": (
        lambda: (sql("DELETE FROM audit_event WHERE sequence = 3"), move(4, 3), move(5, 4)),
        "Entry 3 is out of order",
    ),
    "moved far away": (lambda: move(3, 300), "Entry 3 is missing"),
    "neighbours swapped": (lambda: swap(3, 4), "Entry 3 is out of order"),
    "others swapped": (lambda: swap(2, 5), "Entry 2 is out of order"),
    "inserted before the first": (
        lambda: move(5, 0),
        "Entry 0 was inserted",
    ),
    "unknown key": (
        lambda: sql("UPDATE audit_event SET key_id = %s WHERE sequence = 4", "0" * 16),
        "Entry 4 was made with a key that is not among AUDIT_KEYS",
    ),
    "end cut off": (
        lambda: sql("DELETE FROM audit_event WHERE sequence >= 4"),
        "Entry 4 is missing, and all after it: the end of the trail was cut off",
    ),
    "all cut off": (
        lambda: sql("DELETE FROM audit_event"),
        "Entry 1 is missing, and all after it",
    ),
    "head lost": (
        lambda: sql("DELETE FROM audit_head"),
        "Entry 5 should be the last, but the head of the trail is lost",
    ),
    "head behind": (
        lambda: sql("UPDATE audit_head SET sequence = 4"),
        "Entry 5 is not what the head of the trail says it is",
    ),
    "head with another code": (
        lambda: sql("UPDATE audit_head SET mac = %s", "0" * 64),
        "Entry 5 is not what the head of the trail says it is",
    ),
    "a checkpoint from nowhere": (
        lambda: (
            sql("DELETE FROM audit_event WHERE sequence <= 2"),
            Checkpoint.objects.create(
                id=1,
                sequence=2,
                mac=Event.objects.get(sequence=3).previous,
                key_id=Event.objects.get(sequence=3).key_id,
                signature="0" * 64,
            ),
        ),
        "Entry 2 is named by the checkpoint, which was changed or forged",
    ),
}


@pytest.mark.parametrize(
    ("tamper", "sentence"), TAMPERINGS.values(), ids=[name.replace(" ", "-") for name in TAMPERINGS]
)
def test_the_first_bad_entry_is_named(tamper: Callable[[], object], sentence: str) -> None:
    add(5, person_id=7)
    tamper()
    with pytest.raises(CommandError, match=re.escape(sentence)) as stopped:
        run("audit_verify")
    assert str(stopped.value).startswith("The audit trail is NOT whole. ")
    assert stopped.value.returncode == 1


def test_an_inserted_entry_is_told_from_a_changed_one() -> None:
    """It is put in with all the numbers after it moved on; its own code can only be guessed."""
    add(4)
    for number in (4, 3):
        move(number, number + 1)
    sql(
        "INSERT INTO audit_event (sequence, act, at, action, outcome, actor, organization_id,"
        " api_identity, secret_id, secret_name, version_id, detail, reason, previous, mac, key_id)"
        " SELECT 3, %s, at, action, outcome, actor, organization_id, api_identity, secret_id,"
        " secret_name, version_id, detail, reason, previous, %s, key_id"
        " FROM audit_event WHERE sequence = 4",
        "6f1c1c9e9b0c4b528a3e0d8f6f6f3d11",
        "5" * 64,
    )
    with pytest.raises(CommandError, match=r"Entry 3 was inserted\."):
        run("audit_verify")


def test_numbers_begin_with_one_whoever_has_the_key() -> None:
    event = add()
    event.sequence = 0
    sql("UPDATE audit_event SET sequence = 0, mac = %s", mac_of(event))
    sql("UPDATE audit_head SET sequence = 0, mac = %s", mac_of(event))
    with pytest.raises(CommandError, match=r"Entry 0 was inserted\."):
        run("audit_verify")


def test_a_key_that_was_taken_out_too_early_is_told(settings: Any) -> None:
    add(2)
    settings.AUDIT_KEYS = [b"n" * 32]
    with pytest.raises(CommandError, match="Entry 1 was made with a key that is not among"):
        run("audit_verify")


def test_a_trail_longer_than_a_batch_is_walked_batch_by_batch(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(walk, "AT_ONCE", 3)
    add(7)
    with django_assert_num_queries(8):  # checkpoint twice, three batches, one empty, head, its rest
        run("audit_verify")
    sql("UPDATE audit_event SET actor = 'taro' WHERE sequence = 7")
    with pytest.raises(CommandError, match="Entry 7 was changed"):
        run("audit_verify")


def test_people_go_on_while_the_trail_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is added behind the walk's back is no forgery."""
    add(3)
    find_head = Head.objects.filter

    def filter_after_one_more(**which: object) -> Any:
        monkeypatch.undo()
        add()
        return find_head(**which)

    monkeypatch.setattr(Head.objects, "filter", filter_after_one_more)
    assert run("audit_verify").startswith("4 entries")


# With the anchor


@pytest.fixture
def anchored(tmp_path: Path, settings: Any) -> Path:
    """Ten lines, each told to the anchor file that is set."""
    add(10)
    path = anchor_all(tmp_path / "anchor.jsonl")
    settings.AUDIT_ANCHOR_FILE = str(path)
    return path


def test_the_anchor_that_is_set_is_compared(anchored: Path) -> None:
    assert run("audit_verify").endswith("\n10 anchored entries: as they were anchored.\n")


def test_another_anchor_can_be_given(anchored: Path, settings: Any) -> None:
    settings.AUDIT_ANCHOR_FILE = ""
    assert "anchored" not in run("audit_verify")
    assert "10 anchored" in run("audit_verify", "--anchor", anchored)


def test_a_cut_that_the_table_hides_shows_in_the_anchor(anchored: Path, settings: Any) -> None:
    cut(from_number=8)
    with pytest.raises(CommandError, match="Entry 8 is missing, and all after it"):
        run("audit_verify")
    settings.AUDIT_ANCHOR_FILE = ""
    assert run("audit_verify").startswith("7 entries")


def test_an_emptied_trail_shows_in_the_anchor(anchored: Path) -> None:
    sql("DELETE FROM audit_event")
    sql("UPDATE audit_head SET sequence = 0, mac = %s", "0" * 64)
    with pytest.raises(CommandError, match="Entry 1 is missing, and all after it"):
        run("audit_verify")


def test_a_trail_that_went_on_after_a_cut_is_not_the_anchored_one(anchored: Path) -> None:
    cut(from_number=8)
    add(5)
    with pytest.raises(CommandError, match="Entry 8 is not the one that was anchored"):
        run("audit_verify")


def test_the_first_bad_entry_is_named_whoever_tells_of_it(anchored: Path) -> None:
    cut(from_number=8)
    sql("UPDATE audit_event SET actor = 'taro' WHERE sequence = 5")
    with pytest.raises(CommandError, match="Entry 5 was changed"):
        run("audit_verify")
    anchored.write_text('{"sequence": 3, "mac": "0"}\n' + anchored.read_text())
    with pytest.raises(CommandError, match="Entry 3 is not the one that was anchored"):
        run("audit_verify")


def test_anchor_lines_may_be_out_of_order_and_batches_apart(
    anchored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "ANCHORS_AT_ONCE", 3)
    lines = anchored.read_text().splitlines(keepends=True)
    anchored.write_text("".join([*lines[5:], *reversed(lines[:5])]))
    assert "10 anchored entries" in run("audit_verify")
    cut(from_number=8)
    with pytest.raises(CommandError, match="Entry 8 is missing"):
        run("audit_verify")


def test_a_damaged_anchor_line_is_counted(anchored: Path) -> None:
    anchored.write_text(anchored.read_text() + '{"sequ')
    assert run("audit_verify").endswith(
        "10 anchored entries: as they were anchored. 1 lines of the anchor file cannot be read.\n"
    )


def test_an_anchor_that_is_gone_is_told(anchored: Path) -> None:
    anchored.unlink()
    with pytest.raises(CommandError, match=r"anchor\.jsonl cannot be read: No such file"):
        run("audit_verify")


def test_what_another_trail_with_the_same_key_recorded_does_not_belong_here() -> None:
    """Say, from before a backup was put back: its code is right, but for another place."""
    add(3)
    sql("CREATE TEMPORARY TABLE other AS SELECT * FROM audit_event")
    sql("DELETE FROM audit_event")
    sql("UPDATE audit_head SET sequence = 0, mac = %s", "0" * 64)
    add(3, actor="taro")
    sql("DELETE FROM audit_event WHERE sequence = 2")
    sql("INSERT INTO audit_event SELECT * FROM other WHERE sequence = 2")
    with pytest.raises(CommandError, match="Entry 2 is out of order"):
        run("audit_verify")

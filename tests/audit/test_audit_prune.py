import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError
from django.utils import timezone

from audit import retention, verification
from audit.models import Checkpoint, Event
from tests.audit.support import add, anchor_all, run, sql

pytestmark = [pytest.mark.django_db, pytest.mark.storage]


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)


@pytest.fixture
def old_lines() -> None:
    """Seven lines of last year, then three of this week."""
    with time_machine.travel(timezone.now() - timedelta(days=400), tick=True):
        add(7, secret_name="請求書", person_id=7)
    with time_machine.travel(timezone.now() - timedelta(days=3), tick=True):
        add(3)


def prune(archive: Path, *, keep_days: int = 365) -> str:
    return run("audit_prune", "--keep-days", keep_days, "--archive", archive)


def numbers() -> list[int]:
    return list(Event.objects.order_by("sequence").values_list("sequence", flat=True))


@pytest.mark.usefixtures("old_lines")
def test_old_lines_go_into_the_archive_and_the_rest_stays_whole(tmp_path: Path) -> None:
    before = list(Event.objects.order_by("sequence").values())
    archive = tmp_path / "2025.jsonl"
    assert prune(archive) == f"7 entries went from the table into {archive}.\n"

    assert numbers() == [8, 9, 10, 11, 12]
    assert run("audit_verify").startswith("5 entries")
    archived = [json.loads(line) for line in archive.read_text().splitlines()]
    assert [line["sequence"] for line in archived] == [1, 2, 3, 4, 5, 6, 7]
    assert [line["mac"] for line in archived] == [row["mac"] for row in before[:7]]
    assert {line["secret_name"] for line in archived} == {"請求書"}
    assert archive.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("old_lines")
def test_the_removal_is_recorded_itself(tmp_path: Path) -> None:
    prune(tmp_path / "archive.jsonl")
    attempted, done = Event.objects.filter(action="trail.pruned").order_by("sequence")
    assert (attempted.outcome, done.outcome) == ("attempted", "ok")
    assert attempted.act == done.act
    assert {attempted.detail, done.detail} == {"1 to 7"}
    assert attempted.actor == "manage.py audit_prune"


@pytest.mark.usefixtures("old_lines")
def test_the_trail_goes_on_after_a_removal_and_can_be_pruned_again(tmp_path: Path) -> None:
    prune(tmp_path / "1.jsonl")
    add(2)
    with time_machine.travel(timezone.now() + timedelta(days=400), tick=True):
        prune(tmp_path / "2.jsonl")
    assert numbers() == [15, 16]
    assert run("audit_verify", "--archive", tmp_path / "2.jsonl", tmp_path / "1.jsonl").endswith(
        "Archived entries 1 to 14: whole, and they fit to the table.\n"
    )
    assert Checkpoint.objects.count() == 1


@pytest.mark.usefixtures("old_lines")
def test_anchored_lines_that_were_archived_are_counted(tmp_path: Path) -> None:
    anchor = anchor_all(tmp_path / "anchor.jsonl")
    prune(tmp_path / "archive.jsonl")
    assert run("audit_verify", "--anchor", anchor).endswith(
        "3 anchored entries: as they were anchored. 7 more are older than the table.\n"
    )


def test_where_nothing_is_old_nothing_is_removed_or_recorded(tmp_path: Path) -> None:
    add(3)
    archive = tmp_path / "archive.jsonl"
    assert prune(archive, keep_days=30) == "No entry is older than 30 days.\n"
    assert numbers() == [1, 2, 3]
    assert not archive.exists()


def test_an_empty_trail_has_nothing_to_remove(tmp_path: Path) -> None:
    assert prune(tmp_path / "archive.jsonl") == "No entry is older than 365 days.\n"


def test_a_trail_of_old_lines_only_keeps_the_record_of_their_removal(tmp_path: Path) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=400), tick=True):
        add(3)
    prune(tmp_path / "archive.jsonl")
    assert numbers() == [4, 5]
    assert run("audit_verify").startswith("2 entries")


def test_an_old_line_after_a_new_one_stays(tmp_path: Path) -> None:
    """A clock that was set back makes no hole in the chain."""
    with time_machine.travel(timezone.now() - timedelta(days=400), tick=True):
        add(2)
    add()
    with time_machine.travel(timezone.now() - timedelta(days=400), tick=True):
        add()
    prune(tmp_path / "archive.jsonl")
    assert numbers() == [3, 4, 5, 6]


@pytest.mark.usefixtures("old_lines")
@pytest.mark.parametrize("days", [29, 0, -1])
def test_the_last_month_always_stays(days: int, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="At least 30 days stay"):
        prune(tmp_path / "archive.jsonl", keep_days=days)
    assert len(numbers()) == 10


def test_more_days_than_there_were_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="further than time"):
        prune(tmp_path / "archive.jsonl", keep_days=10**8)


@pytest.mark.usefixtures("old_lines")
def test_a_bad_part_is_not_removed_but_told(tmp_path: Path) -> None:
    sql("UPDATE audit_event SET actor = 'taro' WHERE sequence = 5")
    archive = tmp_path / "archive.jsonl"
    with pytest.raises(CommandError, match=r"Nothing was removed\. Entry 5 was changed"):
        prune(archive)
    assert len(numbers()) == 10
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("old_lines")
def test_an_archive_is_never_written_over(tmp_path: Path) -> None:
    archive = tmp_path / "archive.jsonl"
    archive.write_text("precious")
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        prune(archive)
    assert archive.read_text() == "precious"
    assert len(numbers()) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["archive.jsonl"]


@pytest.mark.usefixtures("old_lines")
def test_without_a_place_for_the_archive_nothing_is_removed(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        prune(tmp_path / "missing" / "archive.jsonl")
    assert len(numbers()) == 10


@pytest.mark.usefixtures("old_lines")
def test_what_cannot_be_recorded_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.AUDIT_ANCHOR_FILE = str(tmp_path)
    with pytest.raises(CommandError, match="cannot be recorded"):
        prune(tmp_path / "archive.jsonl")
    assert len(numbers()) == 10


class Killed(BaseException):
    """What a process that is killed leaves behind is what was committed and on disk by then."""


@pytest.mark.usefixtures("old_lines")
@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_removal_that_was_killed_leaves_a_whole_trail_and_can_be_done_again(
    steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove, done = retention._remove_up_to, []

    def remove_until_killed(step: Any) -> None:
        if len(done) == steps:
            raise Killed
        done.append(step)
        remove(step)

    with monkeypatch.context() as patched:
        patched.setattr(retention, "_remove_up_to", remove_until_killed)
        with pytest.raises(Killed):
            prune(tmp_path / "1.jsonl")
    assert numbers()[0] == 1 + 2 * steps
    assert "whole" in run("audit_verify", "--archive", tmp_path / "1.jsonl")

    prune(tmp_path / "2.jsonl")
    assert numbers()[0] == 8
    assert "whole" in run("audit_verify", "--archive", tmp_path / "1.jsonl", tmp_path / "2.jsonl")
    assert "whole" in run("audit_verify", "--archive", tmp_path / "1.jsonl")


@pytest.mark.usefixtures("old_lines")
def test_a_line_that_is_changed_between_archive_and_removal_does_not_spoil_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint signs what was verified, whatever the table says by then."""
    write = retention.write_archive

    def write_and_tamper(events: Any, path: Path) -> None:
        write(events, path)
        sql("UPDATE audit_event SET mac = %s WHERE sequence = 7", "0" * 64)

    monkeypatch.setattr(retention, "write_archive", write_and_tamper)
    prune(tmp_path / "archive.jsonl")
    assert "whole" in run("audit_verify", "--archive", tmp_path / "archive.jsonl")


def test_two_removals_at_once_do_not_undo_each_other(tmp_path: Path) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=400), tick=True):
        add(4)
    prune(tmp_path / "archive.jsonl")
    retention._remove_up_to(retention.Link(2, "0" * 64))
    assert "whole" in run("audit_verify")


# What somebody without the key can do about archives and the checkpoint


@pytest.fixture
def archives(old_lines: None, tmp_path: Path) -> list[Path]:
    """Two archives with seven and five lines, and a table that goes on from there."""
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    prune(first)
    with time_machine.travel(timezone.now() + timedelta(days=400), tick=True):
        prune(second)
    assert "Archived entries 1 to 12: whole" in run("audit_verify", "--archive", first, second)
    return [first, second]


def edit(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    path.write_text("".join(change(path.read_text().splitlines(keepends=True))))


ARCHIVE_TAMPERINGS: dict[str, tuple[int, Callable[[list[str]], list[str]], str]] = {
    "changed": (
        0,
        lambda lines: [*lines[:2], lines[2].replace("hanako", "taro"), *lines[3:]],
        "Entry 3 was changed",
    ),
    "removed": (0, lambda lines: [*lines[:2], *lines[3:]], "Entry 3 is missing"),
    "end cut off": (0, lambda lines: lines[:-1], "Entry 7 is missing"),
    "last end cut off": (1, lambda lines: lines[:-1], "Entry 12 is missing"),
    "swapped": (0, lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "Entry 2 is missing"),
    "twice": (0, lambda lines: [lines[0], *lines], "Entry 1 was inserted"),
    "half a line": (
        0,
        lambda lines: [*lines[:-1], lines[-1][:50]],
        r"the end of .*1\.jsonl cannot be read",
    ),
    "no line": (1, lambda lines: [*lines[:2], "a line\n", *lines[2:]], "Entry 10 cannot be read"),
    "another fact": (
        0,
        lambda lines: [lines[0].replace('"act"', '"acd"'), *lines[1:]],
        "at the start or the end of",
    ),
    "nested without end": (
        0,
        lambda lines: [lines[0], "[" * 60_000 + "\n", *lines[2:]],
        "Entry 2 cannot be read",
    ),
    "endless line": (
        0,
        lambda lines: [lines[0], "x" * 200_000 + "\n", *lines[2:]],
        "Entry 2 cannot be read",
    ),
    "empty": (0, lambda lines: [], "at the start or the end of"),
    "numbers as texts": (
        0,
        lambda lines: [lines[0].replace('"sequence":1', '"sequence":[1]')],
        "at the start or the end of",
    ),
}


@pytest.mark.parametrize(
    ("which", "change", "sentence"),
    [pytest.param(*case, id=name.replace(" ", "-")) for name, case in ARCHIVE_TAMPERINGS.items()],
)
def test_a_tampered_archive_is_told(
    which: int, change: Callable[[list[str]], list[str]], sentence: str, archives: list[Path]
) -> None:
    edit(archives[which], change)
    with pytest.raises(CommandError, match=sentence):
        run("audit_verify", "--archive", *archives)


def test_the_last_archive_cannot_be_left_out(archives: list[Path]) -> None:
    with pytest.raises(CommandError, match="Entry 8 is missing"):
        run("audit_verify", "--archive", archives[0])


def test_what_is_in_no_archive_that_is_given_is_told(archives: list[Path]) -> None:
    assert run("audit_verify", "--archive", archives[1]).endswith(
        "Archived entries 8 to 12: whole, and they fit to the table."
        " Entries 1 to 7 are in none of these archives.\n"
    )
    edit(archives[0], lambda lines: lines[1:])
    assert "Entries 1 to 1 are in none" in run("audit_verify", "--archive", *archives)


def test_an_archive_of_another_trail_does_not_fit(archives: list[Path]) -> None:
    sql("DELETE FROM audit_event")
    sql("DELETE FROM audit_checkpoint")
    sql("UPDATE audit_head SET sequence = 0, mac = %s", "0" * 64)
    other = archives[0].with_name("other.jsonl")
    with time_machine.travel(timezone.now() - timedelta(days=400), tick=True):
        add(9)
    prune(other)
    with pytest.raises(CommandError, match="is not the one that an archive"):
        run("audit_verify", "--archive", archives[0], other)


def test_an_archive_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"gone\.jsonl cannot be read"):
        run("audit_verify", "--archive", tmp_path / "gone.jsonl")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sequence": 8}, "Entry 8 is named by the checkpoint"),
        ({"mac": "0" * 64}, "Entry 7 is named by the checkpoint"),
        ({"signature": "0" * 64}, "Entry 7 is named by the checkpoint"),
        ({"key_id": "0" * 16}, "Entry 7 was made with a key that is not among AUDIT_KEYS"),
    ],
    ids=lambda case: "-".join(case) if isinstance(case, dict) else "",
)
@pytest.mark.usefixtures("old_lines")
def test_a_forged_checkpoint_is_told(change: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    prune(tmp_path / "archive.jsonl")
    Checkpoint.objects.update(**change)
    with pytest.raises(CommandError, match=sentence):
        run("audit_verify")
    with pytest.raises(CommandError, match="Nothing was removed"):
        prune(tmp_path / "2.jsonl")


@pytest.mark.usefixtures("old_lines")
def test_a_checkpoint_that_is_gone_is_missed(tmp_path: Path) -> None:
    prune(tmp_path / "archive.jsonl")
    Checkpoint.objects.all().delete()
    with pytest.raises(CommandError, match="Entry 1 is missing"):
        run("audit_verify")


@pytest.mark.usefixtures("old_lines")
def test_an_old_checkpoint_does_not_hide_a_removal(tmp_path: Path) -> None:
    prune(tmp_path / "archive.jsonl")
    sql("DELETE FROM audit_event WHERE sequence <= 9")
    with pytest.raises(CommandError, match="Entry 8 is missing"):
        run("audit_verify")


@pytest.mark.usefixtures("old_lines")
def test_a_removal_under_way_is_no_tampering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the walk does not find any more was removed by us, after it had begun."""
    stored = verification.stored

    def stored_after_a_removal(**limits: int) -> Any:
        monkeypatch.setattr(verification, "stored", stored)
        prune(tmp_path / "archive.jsonl")
        return stored(**limits)

    monkeypatch.setattr(verification, "stored", stored_after_a_removal)
    assert run("audit_verify").startswith("5 entries")

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit import anchor, trail
from audit.chain import Link
from audit.models import Event, Outcome
from audit.trail import Actor, Subject, TrailUnavailable, noted, recorded
from secret_manager import NotAllowed
from tests.audit.support import add

pytestmark = pytest.mark.django_db

ACTOR = Actor(name="hanako", address="192.0.2.7", person_id=7)
SUBJECT = Subject(organization_id="1410000000000", secret_name="crm-webhook")


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    path = tmp_path / "anchor.jsonl"
    settings.AUDIT_ANCHOR_FILE = str(path)
    return path


def act(error: Exception | None = None, *, meanwhile: Callable[[], object] = object) -> None:
    with recorded(action="value.revealed", actor=ACTOR, subject=SUBJECT):
        meanwhile()
        if error:
            raise error


def note() -> None:
    noted(action="access.refused", outcome=Outcome.DENIED, actor=ACTOR, subject=Subject())


def places() -> list[dict[str, Any]]:
    return list(Event.objects.order_by("sequence").values("sequence", "mac"))


def outcomes() -> list[str]:
    return list(Event.objects.order_by("sequence").values_list("outcome", flat=True))


def test_every_line_is_told_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    act()
    note()
    told = [record for record in caplog.records if record.name == "audit.anchor"]
    assert [record.message for record in told] == ["audit.head"] * 3
    assert {record.levelname for record in told} == {"INFO"}
    found = [{"sequence": vars(each)["sequence"], "mac": vars(each)["mac"]} for each in told]
    assert found == places()


def test_the_anchor_names_nobody_and_nothing(caplog: pytest.LogCaptureFixture, file: Path) -> None:
    caplog.set_level(logging.INFO)
    act()
    told = "".join(repr(vars(record)) for record in caplog.records) + file.read_text()
    for fact in ("hanako", "192.0.2.7", "crm-webhook", "1410000000000"):
        assert fact not in told


def test_every_line_is_told_to_the_file(file: Path) -> None:
    act()
    note()
    assert [json.loads(line) for line in file.read_text().splitlines()] == places()
    assert list(anchor.read(file)) == [Link(**place) for place in places()]


def test_the_file_is_for_its_owner_only_and_is_only_added_to(file: Path) -> None:
    mask = os.umask(0)
    try:
        note()
    finally:
        os.umask(mask)
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_text()
    note()
    assert file.read_text().startswith(before)


def test_a_line_is_anchored_once_it_is_committed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the anchor would tell of a line that is rolled back later."""
    seen = []
    tell = anchor.tell
    monkeypatch.setattr(anchor, "tell", lambda event: (seen.append(outcomes()), tell(event)))
    with recorded(action="value.revealed", actor=ACTOR, subject=SUBJECT):
        assert seen == [["attempted"]]
    assert seen == [["attempted"], ["attempted", "ok"]]


def test_what_is_refused_is_not_anchored(file: Path) -> None:
    with pytest.raises(TrailUnavailable), recorded(action="a" * 41, actor=ACTOR, subject=SUBJECT):
        pass
    assert not file.exists() or not file.read_text()


@pytest.fixture(params=["folder missing", "a folder itself", "a loop"])
def unwritable(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Path:
    """An anchor file that cannot be opened, in ways that stop even an administrator."""
    path = tmp_path / "anchor.jsonl"
    match request.param:
        case "folder missing":
            path = tmp_path / "missing" / "anchor.jsonl"
        case "a folder itself":
            path.mkdir()
        case "a loop":
            path.symlink_to(path)
    settings.AUDIT_ANCHOR_FILE = str(path)
    return path


@pytest.mark.usefixtures("unwritable")
def test_where_nothing_can_be_anchored_nothing_is_attempted() -> None:
    acts: list[str] = []
    with pytest.raises(TrailUnavailable) as unavailable:
        act(meanwhile=lambda: acts.append("done"))
    assert acts == []
    assert not unavailable.value.act_was_done
    assert outcomes() == []


@pytest.mark.usefixtures("unwritable")
def test_where_nothing_can_be_anchored_it_is_not_ready() -> None:
    with pytest.raises(TrailUnavailable):
        trail.check()


def test_on_a_full_disk_nothing_is_done_and_the_trail_says_so(settings: Any) -> None:
    """A full disk shows only in writing, when the attempt is in the table already."""
    settings.AUDIT_ANCHOR_FILE = "/dev/full"
    acts: list[str] = []
    with pytest.raises(TrailUnavailable) as unavailable:
        act(meanwhile=lambda: acts.append("done"))
    assert acts == []
    assert not unavailable.value.act_was_done
    assert outcomes() == ["attempted", "failed"]


@pytest.mark.parametrize(
    ("error", "outcome", "was_done"),
    [(None, "ok", True), (ValueError(), "unknown", True), (NotAllowed(), "denied", False)],
    ids=str,
)
def test_an_outcome_that_cannot_be_anchored_is_kept_in_the_table_all_the_same(
    error: Exception | None, outcome: str, was_done: bool, file: Path, settings: Any
) -> None:
    """What was done stays recorded, but the person is shown nothing of it."""

    def lose_the_anchor() -> None:
        settings.AUDIT_ANCHOR_FILE = str(file.parent)

    with pytest.raises(TrailUnavailable) as unavailable:
        act(error, meanwhile=lose_the_anchor)
    assert unavailable.value.act_was_done is was_done
    assert outcomes() == ["attempted", outcome]


def test_a_line_that_was_written_in_part_is_no_line(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda handle, text: write(handle, text[:10]))
        with pytest.raises(TrailUnavailable):
            note()
    assert list(anchor.read(file)) == [None]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "audit.head",
        "[]",
        "{}",
        "null",
        '{"sequence": 1}',
        '{"sequence": "1", "mac": "00"}',
        '{"sequence": true, "mac": "00"}',
        '{"sequence": 0, "mac": "00"}',
        '{"sequence": 9223372036854775808, "mac": "00"}',
        '{"sequence": 1.0, "mac": "00"}',
        "[" * 1000,
        "\x00" * 3000,
    ],
    ids=lambda line: line[:20],
)
def test_a_line_that_tells_no_place_is_read_as_none(line: str, tmp_path: Path) -> None:
    path = tmp_path / "anchor.jsonl"
    path.write_bytes(line.encode() + b'\n{"sequence": 2, "mac": "00"}\n')
    *bad, good = anchor.read(path)
    assert set(bad) == {None}
    assert good == Link(2, "00")


def test_without_a_file_only_the_log_is_told(settings: Any, tmp_path: Path) -> None:
    assert settings.AUDIT_ANCHOR_FILE == ""
    anchor.check()
    anchor.tell(add())
    assert list(tmp_path.iterdir()) == []

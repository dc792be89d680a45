"""Many who record at the same moment: one after the other gets its line, and the chain never forks."""

import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from audit import chain
from audit.models import Event
from audit.trail import Actor, Subject, TrailUnavailable, recorded
from audit.verification import verify

HOLD_THE_LOCK = {
    "sqlite": ["BEGIN IMMEDIATE"],
    "postgresql": ["BEGIN", "SELECT * FROM audit_head FOR UPDATE"],
}

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
    pytest.mark.storage,
    pytest.mark.usefixtures("served_databases"),
]

THREADS, ACTS = 8, 15


def test_people_who_act_at_once_make_one_chain(tmp_path: Path, settings: Any) -> None:
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "anchor.jsonl")
    at_once = threading.Barrier(THREADS)
    troubles: list[BaseException] = []

    def act(number: int) -> None:
        actor = Actor(name=f"person-{number}", address=None, person_id=number)
        try:
            at_once.wait(timeout=30)
            for _ in range(ACTS):
                with recorded(action="value.revealed", actor=actor, subject=Subject()):
                    pass
        except BaseException as error:
            troubles.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not troubles

    total = THREADS * ACTS * 2
    numbers = Event.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(numbers) == list(range(1, total + 1))
    report = verify(anchor_file=tmp_path / "anchor.jsonl")
    assert (report.table.entries, report.anchored) == (total, total)
    assert len(set(Event.objects.values_list("act", flat=True))) == THREADS * ACTS


def test_who_waits_too_long_for_a_turn_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody hangs because somebody else does, and nothing is done unrecorded."""
    monkeypatch.setattr(chain, "LOCK_SECONDS", 0.05)  # on PostgreSQL
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout = 50")
    acts = []
    with closing(connections["default"].copy()) as elsewhere, elsewhere.cursor() as cursor:
        for statement in HOLD_THE_LOCK[connection.vendor]:
            cursor.execute(statement)
        actor = Actor(name="hanako", address=None)
        with (
            pytest.raises(TrailUnavailable) as unavailable,
            recorded(action="value.revealed", actor=actor, subject=Subject()),
        ):
            acts.append("done")
        cursor.execute("ROLLBACK")
    assert acts == []
    assert not unavailable.value.act_was_done
    assert not Event.objects.exists()

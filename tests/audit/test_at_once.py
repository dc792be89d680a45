"""Many who record at the same moment: one after the other gets its line, and the chain never forks."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from audit.models import Event
from audit.trail import Actor, Subject, recorded
from audit.verification import verify

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

"""The trail that there was before it became a chain is chained by the migration, and verifies."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from audit.models import Event
from audit.trail import Actor, Subject, recorded
from audit.verification import verify

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default"]),
    pytest.mark.storage,
]

BEFORE = ("audit", "0001_initial")


def go_back() -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate([BEFORE])
    return executor.loader.project_state([BEFORE]).apps.get_model("audit", "Event")


def migrate() -> None:
    call_command("migrate", "audit", verbosity=0)


@pytest.fixture
def old_event() -> Iterator[Any]:
    """The model as it was, in a database as it was."""
    yield go_back()
    migrate()


def remember(old_event: Any, number: int, **facts: Any) -> None:
    old_event.objects.create(
        **{
            "id": number,
            "act": uuid.uuid4(),
            "action": "value.revealed",
            "outcome": "attempted",
            "actor": "hanako",
            "organization_id": "1410000000000",
            "secret_name": f"secret-{number}",
            **facts,
        }
    )


def test_what_was_recorded_is_chained_in_its_order_without_gaps(old_event: Any) -> None:
    for number in (2, 3, 7, 1000, 1001):
        remember(old_event, number, actor_address="2001:db8::7" if number == 7 else None)
    times = list(old_event.objects.order_by("id").values_list("at", flat=True))
    migrate()
    events = list(Event.objects.order_by("sequence"))
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert [event.secret_name.partition("-")[2] for event in events] == [
        "2",
        "3",
        "7",
        "1000",
        "1001",
    ]
    assert [event.at for event in events] == times
    assert events[2].actor_address == "2001:db8::7"
    assert verify().table.entries == 5


def test_the_trail_goes_on_from_there(old_event: Any) -> None:
    remember(old_event, 4)
    migrate()
    actor = Actor(name="hanako", address=None, person_id=7)
    with recorded(action="value.revealed", actor=actor, subject=Subject()):
        pass
    assert verify().table.entries == 3


def test_more_than_a_batch_is_chained(old_event: Any) -> None:
    now = datetime.now(UTC)
    old_event.objects.bulk_create(
        old_event(
            id=2 * number,
            act=uuid.uuid4(),
            at=now,
            action="value.revealed",
            outcome="ok",
            actor="hanako",
            organization_id="1410000000000",
        )
        for number in range(1, 1203)
    )
    migrate()
    assert verify().table.entries == 1202


def test_an_empty_trail_begins_with_the_first_line(old_event: Any) -> None:
    migrate()
    assert verify().table.entries == 0
    with recorded(action="x", actor=Actor(name="hanako", address=None), subject=Subject()):
        pass
    assert verify().table.entries == 2


def test_the_migration_can_be_taken_back(old_event: Any) -> None:
    remember(old_event, 4)
    migrate()
    go_back()
    assert list(old_event.objects.values_list("id", "secret_name")) == [(1, "secret-4")]

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from audit import chain
from audit.models import Event, Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.storage]


def make_event(**facts: Any) -> Event:
    known = {
        "act": uuid.uuid4(),
        "action": "secret.created",
        "outcome": Outcome.ATTEMPTED,
        "actor": "hanako",
        "actor_address": "192.0.2.7",
        "organization_id": "1410000000000",
    }
    return chain.append(**{**known, **facts})


def test_an_event_reads_as_a_line() -> None:
    event = make_event()
    assert str(event) == f"{event.at:%Y-%m-%d %H:%M:%S} hanako secret.created attempted"


def _ended(coroutine: Coroutine[Any, Any, object]) -> object:
    """Wait in a thread of its own: where a browser is driven, this one has an event loop already."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, coroutine).result()


CHANGES: dict[str, Callable[[Event], object]] = {
    "save": lambda event: event.save(),
    "save again": lambda event: Event.objects.get().save(update_fields=["actor"]),
    "update": lambda event: Event.objects.update(actor="taro"),
    "update some": lambda event: Event.objects.filter(pk=event.pk).update(actor="taro"),
    "update related": lambda event: Event._base_manager.update(actor="taro"),
    "update later": lambda event: _ended(Event.objects.all().aupdate(actor="taro")),
    "bulk_update": lambda event: Event.objects.bulk_update([event], ["actor"]),
    "update_or_create": lambda event: Event.objects.update_or_create(
        pk=event.pk, defaults={"actor": "taro"}
    ),
    "delete": lambda event: event.delete(),
    "delete all": lambda event: Event.objects.all().delete(),
    "delete some": lambda event: Event.objects.filter(pk=event.pk).delete(),
    "delete related": lambda event: Event._base_manager.all().delete(),
    "delete later": lambda event: _ended(Event.objects.all().adelete()),
    "bulk_create": lambda event: Event.objects.bulk_create([event]),
    "bulk_create over": lambda event: Event.objects.bulk_create(
        [event], update_conflicts=True, update_fields=["actor"], unique_fields=["sequence"]
    ),
}


@pytest.mark.parametrize(
    "change", CHANGES.values(), ids=[name.replace(" ", "-") for name in CHANGES]
)
def test_an_event_is_neither_changed_nor_deleted(change: Callable[[Event], object]) -> None:
    event = make_event()
    event.actor = "taro"
    with pytest.raises(TypeError, match="The audit trail is"):
        change(event)
    assert Event.objects.get().actor == "hanako"


def test_a_number_that_is_taken_is_not_written_over() -> None:
    event = make_event()
    other = Event(**{**Event.objects.values().get(), "actor": "taro", "act": uuid.uuid4()})
    assert other.sequence == event.sequence
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()
    assert Event.objects.get().actor == "hanako"


def test_an_act_has_one_line_for_each_outcome() -> None:
    event = make_event()
    make_event(act=event.act, outcome=Outcome.OK)
    with pytest.raises(IntegrityError):
        make_event(act=event.act, outcome=Outcome.OK)


@pytest.mark.parametrize(
    "facts",
    [
        {"action": "a" * 41},
        {"actor": "a" * 151},
        {"organization_id": "1" * 65},
        {"api_identity": "u" * 81},
        {"secret_id": "1" * 65},
        {"secret_name": "n" * 256},
        {"version_id": "1" * 65},
        {"detail": "v" * 256},
        {"reason": "v" * 256},
        {"outcome": "done"},
    ],
)
def test_a_fact_longer_than_any_fact_is_refused_on_every_database(facts: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        make_event(**facts)
    assert not Event.objects.exists()


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", None])
def test_the_address_may_be_of_either_kind_or_unknown(address: str | None) -> None:
    make_event(actor_address=address)
    assert Event.objects.get().actor_address == address

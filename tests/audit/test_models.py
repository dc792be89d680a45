import uuid
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


def test_an_event_cannot_be_changed() -> None:
    event = make_event()
    event.actor = "taro"
    with pytest.raises(TypeError, match="append-only"):
        event.save()
    with pytest.raises(TypeError, match="append-only"):
        Event.objects.get().save(update_fields=["actor"])
    with pytest.raises(TypeError, match="append-only"):
        Event.objects.update(actor="taro")
    with pytest.raises(TypeError, match="append-only"):
        Event.objects.filter(actor="hanako").update(actor="taro")
    with pytest.raises(TypeError, match="append-only"), transaction.atomic():
        Event.objects.bulk_update([event], ["actor"])
    assert Event.objects.get().actor == "hanako"


def test_an_event_cannot_be_deleted() -> None:
    event = make_event()
    with pytest.raises(TypeError, match="append-only"):
        event.delete()
    with pytest.raises(TypeError, match="append-only"):
        Event.objects.all().delete()
    with pytest.raises(TypeError, match="append-only"):
        Event.objects.filter(pk=event.pk).delete()
    assert Event.objects.count() == 1


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

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings as product
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import chain
from audit.chain import GENESIS, ChainBroken, Link, append, mac_of
from audit.models import Event, Head, Outcome
from audit.verification import verify
from tests.audit.support import FACTS, add

pytestmark = [pytest.mark.django_db, pytest.mark.storage]

OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32


def head() -> Link:
    row = Head.objects.get()
    return Link(row.sequence, row.mac)


def test_lines_are_numbered_without_gaps_from_one() -> None:
    add(5)
    assert list(Event.objects.order_by("pk").values_list("sequence", flat=True)) == [1, 2, 3, 4, 5]


def test_each_line_names_the_code_of_the_one_before_it() -> None:
    add(3)
    first, second, third = Event.objects.order_by("sequence")
    assert [first.previous, second.previous, third.previous] == [
        GENESIS.mac,
        first.mac,
        second.mac,
    ]
    assert len({first.mac, second.mac, third.mac}) == 3


def test_the_head_is_the_last_line() -> None:
    assert head() == GENESIS
    event = add(2)
    assert head() == Link(2, event.mac)


def test_a_line_that_failed_leaves_no_gap() -> None:
    event = add()
    with pytest.raises(IntegrityError):
        add(act=event.act)
    assert add().sequence == 2
    assert verify().table.entries == 2


def test_the_code_is_what_the_document_says(settings: Any) -> None:
    """Somebody else's program can verify the trail, from what is written and the key alone."""
    settings.AUDIT_KEYS = [NEW_KEY]
    act = uuid.UUID("6f1c1c9e-9b0c-4b52-8a3e-0d8f6f6f3d11")
    with time_machine.travel(datetime(2026, 12, 4, 14, 59, 0, 7, tzinfo=UTC), tick=False):
        event = add(act=act, person_id=7, secret_name="請求書")
    canonical = (
        '{"act":"6f1c1c9e-9b0c-4b52-8a3e-0d8f6f6f3d11","action":"secret.created","actor":"hanako",'
        '"actor_address":"192.0.2.7","at":"2026-12-04T14:59:00.000007+00:00",'
        f'"key_id":"{event.key_id}","organization_id":"1410000000000","outcome":"attempted",'
        '"person_id":7,"secret_name":"請求書","sequence":1}'
    )
    message = f"event\n{'0' * 64}\n{canonical}".encode()
    assert event.mac == hmac.new(NEW_KEY, message, hashlib.sha256).hexdigest()
    assert event.key_id == hashlib.sha256(b"audit key id\n" + NEW_KEY).hexdigest()[:16]
    assert json.loads(canonical)["sequence"] == 1


@pytest.mark.parametrize(
    "name",
    [
        field.attname
        for field in Event._meta.concrete_fields
        if field.attname not in {"previous", "mac"}
    ],
)
def test_every_fact_is_in_the_code(name: str) -> None:
    event = add(person_id=7, detail="description")
    before = chain.facts_of(event)
    kinds: dict[type, Callable[[Any], Any]] = {
        int: lambda number: number + 1,
        datetime: lambda time: time.replace(microsecond=(time.microsecond + 1) % 1_000_000),
        uuid.UUID: lambda _: uuid.uuid4(),
    }
    fact = getattr(event, name)
    change = kinds.get(type(fact), lambda text: f"{text or ''}x")
    setattr(event, name, change(fact))
    assert chain.facts_of(event) != before


def test_an_empty_text_and_no_fact_at_all_are_not_the_same() -> None:
    """SQLite would keep an empty text where no address is known."""
    event = add(actor_address=None)
    event.actor_address = ""
    assert mac_of(event) != event.mac


def test_a_new_key_goes_on_where_the_old_one_ended(settings: Any) -> None:
    settings.AUDIT_KEYS = [OLD_KEY]
    old = add(2)
    settings.AUDIT_KEYS = [NEW_KEY, OLD_KEY]
    new = add(2)
    assert old.key_id != new.key_id
    assert verify().table.entries == 4


def test_without_a_key_nothing_is_added(settings: Any) -> None:
    settings.AUDIT_KEYS = []
    with pytest.raises(ChainBroken):
        add()
    assert not Event.objects.exists()


def test_no_key_is_stored() -> None:
    add()
    stored = repr([*Event.objects.values(), *Head.objects.values()])
    for key in product.AUDIT_KEYS:
        assert key.hex() not in stored
        assert repr(key) not in stored


@pytest.mark.parametrize("lines", [0, 3])
def test_a_lost_head_is_never_started_anew(lines: int) -> None:
    if lines:
        add(lines)
    Head.objects.all().delete()
    with pytest.raises(ChainBroken):
        add()
    assert Event.objects.count() == lines
    assert not Head.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"sequence": 2}, {"sequence": 4}, {"mac": "0" * 64}, {"sequence": 0, "mac": "0" * 64}],
    ids=repr,
)
def test_nothing_is_added_to_a_chain_whose_head_is_not_its_end(wrong: dict[str, Any]) -> None:
    add(3)
    Head.objects.update(**wrong)
    with pytest.raises(ChainBroken):
        add()
    assert Event.objects.count() == 3


def test_nothing_is_added_to_a_chain_that_was_emptied() -> None:
    add(3)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_event")
    with pytest.raises(ChainBroken):
        add()


@pytest.mark.django_db(transaction=True)
def test_a_line_has_a_transaction_of_its_own() -> None:
    """Whatever is rolled back later, what was recorded stays."""
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        add()
    assert not Event.objects.exists()


FORGERIES: list[dict[str, Any]] = [
    {"detail": "a\ud800b"},  # half a character
    {"secret_name": "a\x00b"},
    {"actor": "a\nb"},
    {"reason": "a\u202eb"},  # turns the direction of what follows
    {"api_identity": "a\x1b[2Jb"},
    {"actor_address": "somewhere"},
    {"person_id": "seven"},
    {"person_id": 2**63},
    {"act": "none"},
    {"action": ""},
    {"actor": ""},
]


@pytest.mark.parametrize("facts", FORGERIES, ids=ascii)
def test_what_is_no_fact_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, ValueError)):
        add(**facts)
    assert head() == GENESIS


@pytest.mark.parametrize("reason", ["", "for the audit of 2026", "監査の　ため", "e" * 255])
def test_a_reason_is_kept_as_it_was_given(reason: str) -> None:
    add(reason=reason)
    assert Event.objects.get().reason == reason


texts = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=64)
FACT_KINDS = {
    "actor": texts.filter(bool),
    "actor_address": st.none() | st.ip_addresses().map(str),
    "person_id": st.none() | st.integers(-(2**63), 2**63 - 1),
    "organization_id": texts,
    "api_identity": texts,
    "secret_id": texts,
    "secret_name": texts,
    "version_id": texts,
    "detail": texts,
    "reason": texts,
    "outcome": st.sampled_from(Outcome),
}


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(facts=st.fixed_dictionaries({}, optional=FACT_KINDS))
def test_what_was_recorded_is_what_is_read_again(db: None, facts: dict[str, Any]) -> None:
    """The code is made before the database has touched a fact: no fact may come back another."""
    sequence = append(**{**FACTS, "act": uuid.uuid4(), **facts}).sequence
    read = Event.objects.get(sequence=sequence)
    assert read.mac == mac_of(read)


@pytest.mark.parametrize(
    "address", ["2001:DB8::7", "2001:db8:0:0::7", "::ffff:192.0.2.7", "::1", "fe80::1"]
)
def test_an_address_may_be_spelled_in_many_ways(address: str) -> None:
    add(actor_address=address)
    assert verify().table.entries == 1


def test_who_waits_too_long_for_a_turn_gives_up() -> None:
    add()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == (f"{chain.LOCK_SECONDS}s",)
    else:
        assert product.DATABASES["default"]["OPTIONS"]["timeout"] == chain.LOCK_SECONDS

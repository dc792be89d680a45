from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.utils import timezone

from audit.models import Event, Outcome
from audit.trail import (
    Act,
    Actor,
    Refused,
    Subject,
    TrailUnavailable,
    check,
    count_of,
    denied_since,
    noted,
    outcome_of,
    recorded,
)
from secret_manager import (
    Conflict,
    ConnectFailed,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SecretManagerError,
    UpstreamFailed,
)

pytestmark = [pytest.mark.django_db, pytest.mark.storage]

ACTOR = Actor(name="hanako", address="192.0.2.7", person_id=7)
SUBJECT = Subject(
    organization_id="1410000000000",
    api_identity="user-1",
    secret_id="20",
    secret_name="crm-webhook",
    version_id="30",
    detail="description",
)
MAYBE = {"write_may_have_happened": True}
OUTCOMES: list[tuple[SecretManagerError, Outcome]] = [
    (NotAuthenticated(), Outcome.DENIED),
    (NotAllowed(), Outcome.DENIED),
    (ConnectFailed(), Outcome.FAILED),
    (NotReached(), Outcome.FAILED),
    (OutcomeUnknown(write_may_have_happened=False), Outcome.FAILED),
    (InvalidInput(), Outcome.FAILED),
    (NotFound(), Outcome.FAILED),
    (Conflict(), Outcome.FAILED),
    (RateLimited(), Outcome.FAILED),
    (Rejected(), Outcome.FAILED),
    (UpstreamFailed(), Outcome.FAILED),
    (OutcomeUnknown(), Outcome.UNKNOWN),
    (UpstreamFailed(**MAYBE), Outcome.UNKNOWN),
    (Conflict(**MAYBE), Outcome.UNKNOWN),
]


def lines() -> list[str]:
    return list(Event.objects.order_by("sequence").values_list("outcome", flat=True))


@contextmanager
def acting(subject: Subject = SUBJECT) -> Iterator[Act]:
    with recorded(action="secret.changed", actor=ACTOR, subject=subject) as act:
        yield act


def fail_to_write(monkeypatch: pytest.MonkeyPatch, *outcomes: Outcome) -> None:
    """Let the database refuse the lines with these outcomes."""
    create = Event.objects.create

    def refuse(**facts: Any) -> Event:
        if facts["outcome"] in outcomes:
            raise DatabaseError("disk full")
        return create(**facts)

    monkeypatch.setattr(Event.objects, "create", refuse)


def test_both_lines_say_who_did_what_to_what() -> None:
    with acting():
        pass
    attempted, done = Event.objects.order_by("sequence")
    assert (attempted.outcome, done.outcome) == ("attempted", "ok")
    for event in (attempted, done):
        assert event.action == "secret.changed"
        assert (event.actor, event.actor_address) == ("hanako", "192.0.2.7")
        assert event.person_id == 7
        assert (event.organization_id, event.api_identity) == ("1410000000000", "user-1")
        assert (event.secret_id, event.secret_name) == ("20", "crm-webhook")
        assert (event.version_id, event.detail) == ("30", "description")
    assert attempted.act == done.act


def test_each_act_has_a_number_of_its_own() -> None:
    for _ in range(2):
        with acting():
            pass
    assert len(set(Event.objects.values_list("act", flat=True))) == 2


def test_the_attempt_is_written_before_the_act_and_the_outcome_after() -> None:
    with acting():
        assert lines() == ["attempted"]
    assert lines() == ["attempted", "ok"]


@pytest.mark.django_db(transaction=True)
def test_the_attempt_is_committed_before_the_act() -> None:
    with acting():
        assert not connection.in_atomic_block
        elsewhere = connection.copy()
        try:
            with elsewhere.cursor() as cursor:
                cursor.execute("SELECT outcome FROM audit_event")
                seen_elsewhere = cursor.fetchall()
        finally:
            elsewhere.close()
        assert seen_elsewhere == [("attempted",)]


def test_what_was_learned_is_in_the_outcome_only() -> None:
    with acting(Subject(organization_id="1410000000000", secret_name="new")) as act:
        act.learned(secret_id="21")
    attempted, done = Event.objects.order_by("sequence")
    assert (attempted.secret_id, done.secret_id) == ("", "21")
    assert done.secret_name == "new"


@pytest.mark.parametrize(("error", "outcome"), OUTCOMES, ids=lambda one: type(one).__name__)
def test_each_error_of_the_api_has_its_outcome(error: SecretManagerError, outcome: Outcome) -> None:
    assert outcome_of(error) == outcome
    with pytest.raises(type(error)) as raised, acting():
        raise error
    assert raised.value is error
    assert lines() == ["attempted", outcome]


def test_a_refusal_of_ours_is_denied() -> None:
    with pytest.raises(Refused), acting():
        raise Refused
    assert lines() == ["attempted", "denied"]


def test_a_reason_stands_in_both_lines() -> None:
    with recorded(action="value.revealed", actor=ACTOR, subject=SUBJECT, reason="a new partner"):
        pass
    assert set(Event.objects.values_list("reason", flat=True)) == {"a new partner"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, RecursionError])
def test_an_error_of_ours_leaves_the_outcome_unknown(error: type[BaseException]) -> None:
    with pytest.raises(error), acting():
        raise error
    assert lines() == ["attempted", "unknown"]


def test_where_the_attempt_cannot_be_recorded_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail_to_write(monkeypatch, Outcome.ATTEMPTED)
    acts = []
    with pytest.raises(TrailUnavailable) as unavailable, acting():
        acts.append("done")
    assert acts == []
    assert not unavailable.value.act_was_done
    assert lines() == []


def test_where_the_outcome_cannot_be_recorded_the_act_was_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail_to_write(monkeypatch, Outcome.OK)
    with pytest.raises(TrailUnavailable) as unavailable, acting():
        pass
    assert unavailable.value.act_was_done
    assert lines() == ["attempted"]


@pytest.mark.parametrize(
    ("error", "was_done"),
    [(NotAllowed(), False), (NotFound(), False), (OutcomeUnknown(), True), (ValueError(), True)],
    ids=lambda one: type(one).__name__,
)
def test_nobody_is_told_that_nothing_was_done_where_something_may_have_been(
    error: Exception, was_done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_to_write(monkeypatch, Outcome.DENIED, Outcome.FAILED, Outcome.UNKNOWN)
    with pytest.raises(TrailUnavailable) as unavailable, acting():
        raise error
    assert unavailable.value.act_was_done is was_done


def test_a_real_failure_of_the_database_is_met_alike() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event RENAME TO audit_event_gone")
    acts = []
    with pytest.raises(TrailUnavailable), acting():
        acts.append("done")
    assert acts == []


@pytest.mark.parametrize(
    "facts",
    [
        {"secret_name": "a\ud800b"},
        {"secret_name": "a\x00b"},
        {"secret_name": "a\nb"},
        {"organization_id": "1\ud800"},
    ],
    ids=ascii,
)
def test_a_text_that_cannot_be_recorded_stops_the_act(facts: dict[str, str]) -> None:
    acts = []
    with pytest.raises(TrailUnavailable), acting(Subject(**facts)):
        acts.append("done")
    assert acts == []
    assert lines() == []


def test_the_log_tells_that_nothing_can_be_recorded_and_quotes_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_to_write(monkeypatch, Outcome.ATTEMPTED)
    with pytest.raises(TrailUnavailable), acting():
        pass
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (line.name, line.message) == ("audit.trail", "audit.unavailable")
    assert vars(line)["reason"] == "DatabaseError"
    assert "crm-webhook" not in repr(vars(line))
    assert "disk full" not in repr(vars(line))


def test_a_text_as_long_as_a_value_is_no_fact() -> None:
    value = "v" * 60_000
    acts = []
    with (
        pytest.raises(TrailUnavailable) as unavailable,
        acting(Subject(organization_id="1410000000000", detail=value)),
    ):
        acts.append("done")
    assert acts == []
    assert "vvvv" not in f"{unavailable.value!r}"
    assert lines() == []


def test_a_fact_that_only_the_api_knows_is_bounded_too() -> None:
    with pytest.raises(TrailUnavailable) as unavailable, acting() as act:
        act.learned(version_id="v" * 60_000)
    assert unavailable.value.act_was_done
    assert lines() == ["attempted"]


def test_nothing_but_the_known_facts_can_be_recorded() -> None:
    with pytest.raises(TypeError, match="value"):
        Subject(organization_id="1410000000000", value="a value")  # type: ignore[call-arg]
    with pytest.raises(TypeError), acting() as act:
        act.learned(value="a value")
    assert lines() == ["attempted", "unknown"]


def note(
    outcome: Outcome = Outcome.DENIED,
    *,
    name: str = "hanako",
    address: str = "192.0.2.7",
    person_id: int | None = None,
    **facts: Any,
) -> None:
    actor = Actor(name=name, address=address, person_id=person_id)
    noted(action="person.signed_in", outcome=outcome, actor=actor, subject=Subject(), **facts)


def test_what_is_over_when_it_is_known_has_one_line() -> None:
    noted(
        action="person.signed_out",
        outcome=Outcome.OK,
        actor=ACTOR,
        subject=Subject(detail="by choice"),
        reason="going home",
    )
    event = Event.objects.get()
    assert (event.action, event.outcome) == ("person.signed_out", "ok")
    assert (event.actor, event.person_id, event.organization_id) == ("hanako", 7, "")
    assert (event.detail, event.reason) == ("by choice", "going home")


@pytest.mark.parametrize(
    ("outcome", "was_done"), [(Outcome.DENIED, False), (Outcome.OK, True)], ids=str
)
def test_what_cannot_be_noted_is_told(
    outcome: Outcome, was_done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_to_write(monkeypatch, outcome)
    with pytest.raises(TrailUnavailable) as unavailable:
        note(outcome)
    assert unavailable.value.act_was_done is was_done


def test_an_address_is_recorded_without_the_interface_it_came_in_by() -> None:
    note(address="fe80::1%eth0")
    assert Event.objects.get().actor_address == "fe80::1"


# How often somebody did something


def reveal(error: Exception | None = None, *, person_id: int = 7, action: str = "revealed") -> None:
    actor = Actor(name="hanako", address=None, person_id=person_id)
    with (
        suppress(SecretManagerError, Refused),
        recorded(action=f"value.{action}", actor=actor, subject=SUBJECT),
    ):
        if error:
            raise error


def revealed(seconds: int = 60) -> int:
    return count_of(
        person_id=7,
        actions=["value.revealed", "value.copied"],
        since=timezone.now() - timedelta(seconds=seconds),
    )


def test_acts_are_counted_however_they_ended_unless_they_were_denied() -> None:
    reveal()
    reveal(action="copied")
    reveal(NotFound())
    reveal(OutcomeUnknown())
    assert revealed() == 4
    reveal(NotAllowed())
    reveal(Refused())
    assert revealed() == 4


def test_only_ones_own_acts_of_that_kind_are_counted() -> None:
    reveal(person_id=8)
    reveal(action="downloaded")
    assert revealed() == 0


def test_what_was_long_ago_is_not_counted() -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=1), tick=True):
        reveal()
    assert revealed(seconds=3000) == 0
    assert revealed(seconds=4000) == 1


def test_the_act_under_way_is_counted_too() -> None:
    """So of two at the same moment, the second one sees the first."""
    with recorded(action="value.revealed", actor=ACTOR, subject=SUBJECT):
        assert revealed() == 1


def test_an_attempt_that_was_denied_after_the_window_opened_is_not_counted() -> None:
    with time_machine.travel(timezone.now() - timedelta(seconds=100)) as clock:
        with suppress(Refused), acting():
            clock.shift(70)
            raise Refused
        counted = count_of(
            person_id=7,
            actions=["secret.changed"],
            since=timezone.now() - timedelta(seconds=60),
        )
    assert counted == 0


def test_refusals_are_counted_by_person_by_address_or_both() -> None:
    since = timezone.now() - timedelta(minutes=1)
    note(person_id=7, address="192.0.2.7")
    note(person_id=7, address="192.0.2.8")
    note(name="taro", person_id=8, address="192.0.2.8")
    note(Outcome.OK, person_id=7, address="192.0.2.8")

    def count(**whom: Any) -> int:
        return denied_since(action="person.signed_in", since=since, **whom)

    assert count() == 3
    assert count(person_id=7) == 2
    assert count(address="192.0.2.8") == 2
    assert count(actor="taro") == 1
    assert count(actor="taro", person_id=7) == 0
    assert count(person_id=7, address="192.0.2.8") == 1
    assert denied_since(action="person.confirmed", since=since) == 0
    assert denied_since(action="person.signed_in", since=timezone.now()) == 0


@pytest.mark.parametrize("ask", [revealed, lambda: denied_since(action="x", since=timezone.now())])
def test_where_nothing_can_be_counted_nothing_is_allowed(ask: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event RENAME TO audit_event_gone")
    with pytest.raises(TrailUnavailable) as unavailable:
        ask()
    assert not unavailable.value.act_was_done


# Is it there?


def test_a_trail_that_records_is_checked_without_a_trace() -> None:
    note()
    check()
    assert lines() == ["denied"]
    note()
    assert list(Event.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]


@pytest.mark.parametrize("table", ["audit_event", "audit_head"])
def test_a_trail_without_a_table_is_told(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO audit_gone")
    with pytest.raises(TrailUnavailable):
        check()

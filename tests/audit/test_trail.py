from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection

from audit.models import Event, Outcome
from audit.trail import Act, Actor, Subject, TrailUnavailable, outcome_of, recorded
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

ACTOR = Actor(name="hanako", address="192.0.2.7")
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

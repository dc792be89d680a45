from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from audit.trail import TrailUnavailable
from secrets_ui import decorators, journal
from secrets_ui.models import Intent
from secrets_ui.outcomes import TakenOver
from tests.emulator.threads import at_once
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.support import PERSON_ID, claimed, kept

pytestmark = [pytest.mark.django_db, pytest.mark.storage]
State = Intent.State
NONCE = "0123456789abcdef"
FOR_THE_FORM = {"nonce": NONCE, "person_id": PERSON_ID, "organization_id": ORGANIZATION_ID}


def noted(state: Intent.State) -> Intent:
    """Return an intent that was sent and ended in a state."""
    intent = claimed(NONCE)
    journal.sent(intent, action="secret.created", secret_name="bank-api")
    if state == State.UNKNOWN:
        journal.not_known(intent)
    elif state != State.SENT:
        journal.settled(intent, state)
    return intent


def left_open(**more: object) -> list[Intent]:
    who = {"person_id": PERSON_ID, "organization_id": ORGANIZATION_ID, "now": timezone.now()}
    return journal.left_open(**{**who, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("usable", ["0123456789abcdef", "a" * 64, "A-b_" * 8])
def test_a_usable_nonce_is_taken_as_it_is(usable: str) -> None:
    assert journal.nonce_of(usable) == usable


@pytest.mark.parametrize("bad", ["", "short", "a" * 65, "<script>alert(1)</script>", "秘密" * 10])
def test_any_other_nonce_is_replaced_by_one_that_nobody_has(bad: str) -> None:
    made = {journal.nonce_of(bad) for _ in range(3)}
    assert bad not in made
    assert len(made) == 3
    assert {journal.nonce_of(each) for each in made} == made


def test_the_second_arrival_of_a_form_is_a_repeat() -> None:
    first = journal.claim(**FOR_THE_FORM)
    second = journal.claim(**FOR_THE_FORM)
    assert (first.is_repeat, second.is_repeat) == (False, True)
    assert first.intent == second.intent


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN, State.SAVED, State.UNSURE], ids=str)
def test_what_was_sent_and_may_have_happened_is_never_claimed_again(state: Intent.State) -> None:
    intent = noted(state)
    with time_machine.travel(timezone.now() + timedelta(hours=23), tick=True):
        assert journal.claim(**FOR_THE_FORM).is_repeat
    assert kept(intent).state == state


@pytest.mark.parametrize("state", [State.NOT_SAVED, State.TAKEN], ids=str)
def test_what_ended_in_vain_is_claimed_again_by_one(state: Intent.State) -> None:
    noted(state)
    claims = [journal.claim(**FOR_THE_FORM) for _ in range(3)]
    assert [claim.is_repeat for claim in claims] == [False, True, True]
    assert claims[0].intent.sent_at, "what was lost before may still have happened"


def test_what_was_claimed_and_not_sent_is_given_back() -> None:
    journal.release(claimed(NONCE))
    assert not journal.claim(**FOR_THE_FORM).is_repeat


def test_what_was_lost_before_is_remembered_when_a_form_is_given_back() -> None:
    noted(State.NOT_SAVED)
    journal.release(claimed(NONCE))
    assert claimed(NONCE).sent_at


def test_what_was_refused_may_be_sent_anew_and_was_not_lost() -> None:
    intent = noted(State.SENT)
    journal.refused(intent, lost_at=None)
    again = journal.claim(**FOR_THE_FORM)
    assert (again.is_repeat, again.intent.sent_at) == (False, None)


def test_what_was_sent_is_not_given_back() -> None:
    intent = noted(State.SAVED)
    journal.release(intent)
    assert kept(intent).state == State.SAVED


def test_what_a_process_left_behind_unsent_can_be_claimed_after_a_while() -> None:
    claimed(NONCE)
    with time_machine.travel(timezone.now() + journal.IN_FLIGHT, tick=True):
        claims = [journal.claim(**FOR_THE_FORM) for _ in range(2)]
    assert [claim.is_repeat for claim in claims] == [False, True]


def test_another_replica_whose_clock_is_half_a_minute_ahead_does_not_act_on_it_too() -> None:
    claimed(NONCE)
    assert journal.IN_FLIGHT.total_seconds() >= decorators.WRITE_SECONDS + 30
    with time_machine.travel(timezone.now() + timedelta(seconds=45), tick=True):
        assert journal.claim(**FOR_THE_FORM).is_repeat


# A form that takes so long that its second arrival is acted on


@pytest.fixture
def slow_and_next() -> tuple[Intent, Intent]:
    """Return the intent as its slow arrival holds it, and as the one holds it that took over."""
    slow = claimed(NONCE)
    Intent.objects.update(working_since=timezone.now() - journal.IN_FLIGHT * 2)
    slow.refresh_from_db()
    return slow, claimed(NONCE)


def test_who_is_too_slow_is_told_before_anything_is_sent(
    slow_and_next: tuple[Intent, Intent],
) -> None:
    slow, following = slow_and_next
    with pytest.raises(TakenOver):
        journal.sent(slow, action="secret.created", secret_name="slow")
    assert (kept(slow).state, kept(slow).action, kept(slow).sent_at) == (State.CLAIMED, "", None)
    assert slow.state == State.CLAIMED
    journal.sent(following, action="secret.created", secret_name="bank-api")
    assert kept(following).secret_name == "bank-api"


def test_who_is_too_slow_does_not_give_anothers_claim_back(
    slow_and_next: tuple[Intent, Intent],
) -> None:
    journal.release(slow_and_next[0])
    assert journal.claim(**FOR_THE_FORM).is_repeat


@pytest.mark.parametrize("state", [State.SAVED, State.UNKNOWN, State.SENT], ids=str)
def test_who_is_too_slow_cannot_call_what_another_sent_refused(
    slow_and_next: tuple[Intent, Intent], state: Intent.State
) -> None:
    slow, following = slow_and_next
    journal.sent(following, action="version.added")
    if state == State.UNKNOWN:
        journal.not_known(following)
    elif state == State.SAVED:
        journal.settled(following, state)
    before = kept(slow).sent_at
    journal.refused(slow, lost_at=None)
    assert (kept(slow).state, kept(slow).sent_at) == (state, before)


# The order in which what is open is looked at


def test_what_was_not_looked_at_for_longest_comes_first_and_what_was_just_looked_at_rests() -> None:
    intents = [claimed(each * 16) for each in "abc"]
    for intent in intents:
        journal.sent(intent, action="secret.created")
    now = timezone.now() + journal.IN_FLIGHT + timedelta(seconds=1)
    with time_machine.travel(now, tick=True):
        journal.not_known(intents[0])
        assert left_open() == [intents[1], intents[2], intents[0]]
        due = [journal.is_due(intent, now=timezone.now()) for intent in left_open()]
        assert due == [True, True, False]
    with time_machine.travel(now + journal.IN_FLIGHT + timedelta(seconds=1), tick=True):
        assert all(journal.is_due(intent, now=timezone.now()) for intent in left_open())


def test_what_is_claimed_anew_is_being_worked_on_however_old_its_form_is() -> None:
    noted(State.NOT_SAVED)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):
        again = claimed(NONCE)
        assert journal.is_being_worked_on(again, now=timezone.now())


@pytest.mark.parametrize("other", [{"person_id": 8}, {"organization_id": "1420000000000"}])
def test_the_same_nonce_elsewhere_is_another_form(other: dict[str, object]) -> None:
    noted(State.SAVED)
    theirs = journal.claim(**{**FOR_THE_FORM, **other})  # type: ignore[arg-type]
    assert not theirs.is_repeat
    assert theirs.intent.secret_name == ""
    found = journal.find(**{**FOR_THE_FORM, **other})  # type: ignore[arg-type]
    assert found == theirs.intent


@pytest.mark.parametrize("other", [{"person_id": 8}, {"organization_id": "1420000000000"}])
def test_a_nonce_finds_nothing_elsewhere(other: dict[str, object]) -> None:
    intent = noted(State.UNKNOWN)
    assert journal.find(**FOR_THE_FORM) == intent
    assert journal.find(**{**FOR_THE_FORM, **other}) is None  # type: ignore[arg-type]
    assert left_open() == [intent]
    assert left_open(**other) == []


def test_the_key_for_the_secret_manager_is_not_the_nonce() -> None:
    intents = [claimed(NONCE, person_id=person_id) for person_id in (1, 2)]
    keys = {intent.idempotency_key.hex for intent in intents}
    assert len(keys) == 2
    assert NONCE not in keys


def test_the_first_word_on_how_it_ended_stands() -> None:
    intent = noted(State.SAVED)
    journal.settled(intent, State.NOT_SAVED, secret_id="another")
    journal.not_known(intent)
    assert (kept(intent).state, kept(intent).secret_id) == (State.SAVED, "")


@pytest.mark.parametrize(
    ("state", "seconds", "is_left"),
    [
        (State.SENT, 59, False),
        (State.SENT, 61, True),
        (State.UNKNOWN, 0, True),
        (State.SAVED, 61, False),
        (State.NOT_SAVED, 61, False),
        (State.UNSURE, 61, False),
    ],
    ids=str,
)
def test_only_what_nobody_works_on_and_nobody_knows_is_left_open(
    state: Intent.State, seconds: int, is_left: bool
) -> None:
    noted(state)
    assert bool(left_open(now=timezone.now() + timedelta(seconds=seconds))) == is_left


def test_that_nothing_is_left_open_is_remembered_until_something_is_sent(
    django_assert_num_queries: Callable[..., AbstractContextManager[object]],
) -> None:
    assert left_open() == []
    with django_assert_num_queries(0):
        assert left_open() == []
    intent = noted(State.UNKNOWN)
    assert left_open() == left_open() == [intent]


def test_what_is_known_is_kept_for_a_day_and_what_is_open_until_it_is_known() -> None:
    known, is_open = noted(State.SAVED), claimed("open" * 4)
    journal.sent(is_open, action="secret.created")
    with time_machine.travel(timezone.now() + journal.KEPT + timedelta(seconds=1), tick=True):
        claimed("another" * 4)
    assert not Intent.objects.filter(pk=known.pk).exists()
    assert kept(is_open).state == State.SENT


def _refuse(*_: object, **__: object) -> None:
    raise DatabaseError("disk full")


NOTES: dict[str, tuple[bool, Callable[[Intent], object]]] = {
    "sent": (False, lambda intent: journal.sent(intent, action="secret.created")),
    "refused": (False, lambda intent: journal.refused(intent, lost_at=None)),
    "settled": (True, lambda intent: journal.settled(intent, State.SAVED)),
    "not_known": (True, lambda intent: journal.not_known(intent)),
    "release": (False, lambda intent: journal.release(intent)),
}


@pytest.mark.parametrize("note", NOTES)
def test_a_journal_that_cannot_be_written_says_whether_anything_was_done(
    note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = claimed()
    monkeypatch.setattr("django.db.models.query.QuerySet.update", _refuse)
    monkeypatch.setattr(Intent, "save", _refuse)
    act_was_done, write = NOTES[note]
    with pytest.raises(TrailUnavailable) as unavailable:
        write(intent)
    assert unavailable.value.act_was_done == act_was_done


def test_a_form_that_cannot_be_claimed_is_not_acted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.models.query.QuerySet.get", _refuse)
    with pytest.raises(TrailUnavailable) as unavailable:
        journal.claim(**FOR_THE_FORM)
    assert not unavailable.value.act_was_done


def test_giving_back_what_was_sent_cannot_belie_it(monkeypatch: pytest.MonkeyPatch) -> None:
    intent = noted(State.SAVED)
    monkeypatch.setattr("django.db.models.query.QuerySet.update", _refuse)
    journal.release(intent)


def test_the_database_itself_takes_a_form_once() -> None:
    Intent.objects.create(**FOR_THE_FORM)
    with pytest.raises(IntegrityError), transaction.atomic():
        Intent.objects.create(**FOR_THE_FORM)


@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
@pytest.mark.usefixtures("served_databases")
def test_of_many_arrivals_at_one_moment_one_is_acted_on() -> None:
    claims = at_once(lambda number: journal.claim(**FOR_THE_FORM), callers=6)
    assert sorted(claim.is_repeat for claim in claims) == [False] + [True] * 5


@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
@pytest.mark.usefixtures("served_databases")
def test_of_many_that_are_sent_anew_at_one_moment_one_is_acted_on() -> None:
    noted(State.NOT_SAVED)
    claims = at_once(lambda number: journal.claim(**FOR_THE_FORM), callers=6)
    assert sorted(claim.is_repeat for claim in claims) == [False] + [True] * 5

"""Recording what people do: the attempt before the act, the outcome before the answer."""

import logging
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import Error as DatabaseError
from django.db import transaction

from audit import anchor, chain
from audit.models import Event, Outcome
from secret_manager import NotAllowed, NotAuthenticated, SecretManagerError

logger = logging.getLogger(__name__)

# What keeps a line from being recorded: the database, a fact that is none, a text that cannot be
# encoded, a chain without an end, an anchor file that cannot be written to.
CANNOT_RECORD = (DatabaseError, ValidationError, ValueError, chain.ChainBroken, OSError)


class TrailUnavailable(Exception):
    """The audit trail could not record, so nothing may be shown or changed.

    `act_was_done` is true where the attempt had been recorded and the API had already acted, or may
    have: whoever is told must look at how things stand now.
    """

    def __init__(self, *, act_was_done: bool) -> None:
        super().__init__("The audit trail cannot record.")
        self.act_was_done = act_was_done


class Refused(Exception):
    """We said no, not the API: raised inside `recorded`, it makes the outcome `denied`."""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: the signed-in person, and where from."""

    name: str
    address: str | None
    person_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is acted on: ids and names, never a value."""

    organization_id: str = ""
    api_identity: str = ""
    secret_id: str = ""
    secret_name: str = ""
    version_id: str = ""
    detail: str = ""


class Act:
    """An act under way. What only the API's answer tells (a new id) is added with `learned`."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def learned(self, **facts: str) -> None:
        self.subject = replace(self.subject, **facts)


@contextmanager
def recorded(*, action: str, actor: Actor, subject: Subject, reason: str = "") -> Iterator[Act]:
    """Record the attempt, let the caller act, record the outcome.

    `reason` is what the person gave as one, at most 255 printable characters.

    Raises:
        TrailUnavailable: an event could not be committed.
    """
    act_id = uuid.uuid4()
    act = Act(subject)

    def write(outcome: Outcome) -> None:
        _write(act_id, action, outcome, actor, act.subject, reason)

    write(Outcome.ATTEMPTED)
    try:
        yield act
    except SecretManagerError as error:
        write(outcome_of(error))
        raise
    except Refused:
        write(Outcome.DENIED)
        raise
    except TrailUnavailable as trouble:
        # Something else of the act could not be recorded, and whoever noticed knows more.
        write(Outcome.UNKNOWN if trouble.act_was_done else Outcome.FAILED)
        raise
    except BaseException:
        # Stopped half-way by something of our own: nobody knows what the API has done.
        write(Outcome.UNKNOWN)
        raise
    write(Outcome.OK)


def noted(
    *, action: str, outcome: Outcome, actor: Actor, subject: Subject, reason: str = ""
) -> None:
    """Record in one line what is over when it is known: a refusal, somebody signing out.

    Raises:
        TrailUnavailable: the event could not be committed.
    """
    _write(uuid.uuid4(), action, outcome, actor, subject, reason)


def outcome_of(error: SecretManagerError) -> Outcome:
    """Return what an API error says about the act that met it."""
    if isinstance(error, NotAllowed | NotAuthenticated):
        return Outcome.DENIED
    return Outcome.UNKNOWN if error.write_may_have_happened else Outcome.FAILED


def count_of(*, person_id: int, actions: Collection[str], since: datetime) -> int:
    """Return how often somebody attempted one of `actions` since then, refusals left out.

    Asked inside `recorded`, the act under way is counted too: of two at the same moment, the one
    that goes over a quota is noticed.

    Raises:
        TrailUnavailable: the trail cannot be read.
    """
    theirs = Event.objects.filter(person_id=person_id, action__in=actions, at__gte=since)
    denied = theirs.filter(outcome=Outcome.DENIED).values("act")
    with _readable():
        return theirs.filter(outcome=Outcome.ATTEMPTED).exclude(act__in=denied).count()


def denied_since(
    *,
    action: str,
    since: datetime,
    person_id: int | None = None,
    actor: str | None = None,
    address: str | None = None,
) -> int:
    """Return how often `action` was denied since then: to this person, by this name, from this address.

    Raises:
        TrailUnavailable: the trail cannot be read.
    """
    denied = Event.objects.filter(action=action, outcome=Outcome.DENIED, at__gte=since)
    if person_id is not None:
        denied = denied.filter(person_id=person_id)
    if actor is not None:
        denied = denied.filter(actor=actor)
    if address is not None:
        denied = denied.filter(actor_address=_recordable(address))
    with _readable():
        return denied.count()


def check() -> None:
    """Try whether a line could be added just now, and leave none.

    Raises:
        TrailUnavailable: it could not.
    """
    facts = _facts("health.checked", Actor(name="readyz", address=None), Subject(), reason="")
    try:
        anchor.check()
        with transaction.atomic():
            chain.link(act=uuid.uuid4(), outcome=Outcome.ATTEMPTED, **facts)
            transaction.set_rollback(True)
    except CANNOT_RECORD as error:
        raise _unavailable(error, act_was_done=False) from None


def _write(
    act_id: uuid.UUID, action: str, outcome: Outcome, actor: Actor, subject: Subject, reason: str
) -> None:
    facts = _facts(action, actor, subject, reason)
    try:
        if outcome == Outcome.ATTEMPTED:
            # Refused before it leaves a line. An outcome gets its line even where no anchor holds it.
            anchor.check()
        event = chain.append(act=act_id, outcome=outcome, **facts)
        try:
            anchor.tell(event)
        except OSError:
            if outcome == Outcome.ATTEMPTED:
                # The line is there already; nothing will be done about it.
                chain.append(act=act_id, outcome=Outcome.FAILED, **facts)
            raise
    except CANNOT_RECORD as error:
        done = outcome in {Outcome.OK, Outcome.UNKNOWN}
        raise _unavailable(error, act_was_done=done) from None


def _facts(action: str, actor: Actor, subject: Subject, reason: str) -> dict[str, object]:
    return {
        "action": action,
        "actor": actor.name,
        "actor_address": _recordable(actor.address),
        "person_id": actor.person_id,
        "reason": reason,
        **asdict(subject),
    }


def _recordable(address: str | None) -> str | None:
    """Return an address without the interface that it came in by (RFC 4007), which no column takes."""
    return address.partition("%")[0] if address else None


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise _unavailable(error, act_was_done=False) from None


def _unavailable(error: Exception, *, act_was_done: bool) -> TrailUnavailable:
    # The kind only: what a database says of a line may quote it.
    logger.error("audit.unavailable", extra={"reason": type(error).__name__})
    return TrailUnavailable(act_was_done=act_was_done)

"""Recording what people do: the attempt before the act, the outcome before the answer."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from django.core.exceptions import ValidationError
from django.db import Error as DatabaseError

from audit.models import Event, Outcome
from secret_manager import NotAllowed, NotAuthenticated, SecretManagerError


class TrailUnavailable(Exception):
    """The audit trail could not record, so nothing may be shown or changed.

    `act_was_done` is true where the attempt had been recorded and the API had already acted, or may
    have: whoever is told must look at how things stand now.
    """

    def __init__(self, *, act_was_done: bool) -> None:
        super().__init__("The audit trail cannot record.")
        self.act_was_done = act_was_done


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: the signed-in person, and where from."""

    name: str
    address: str | None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is acted on: ids and names, never a value."""

    organization_id: str
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
def recorded(*, action: str, actor: Actor, subject: Subject) -> Iterator[Act]:
    """Record the attempt, let the caller act, record the outcome.

    Raises:
        TrailUnavailable: an event could not be committed.
    """
    act_id = uuid.uuid4()
    act = Act(subject)

    def write(outcome: Outcome) -> None:
        try:
            Event.objects.create(
                act=act_id,
                action=action,
                outcome=outcome,
                actor=actor.name,
                actor_address=actor.address,
                **asdict(act.subject),
            )
        except (DatabaseError, ValidationError):
            done = outcome in {Outcome.OK, Outcome.UNKNOWN}
            raise TrailUnavailable(act_was_done=done) from None

    write(Outcome.ATTEMPTED)
    try:
        yield act
    except SecretManagerError as error:
        write(outcome_of(error))
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


def outcome_of(error: SecretManagerError) -> Outcome:
    """Return what an API error says about the act that met it."""
    if isinstance(error, NotAllowed | NotAuthenticated):
        return Outcome.DENIED
    return Outcome.UNKNOWN if error.write_may_have_happened else Outcome.FAILED

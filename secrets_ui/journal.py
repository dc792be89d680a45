"""The journal of writes: each is claimed once, noted before it is sent, and kept until it is settled."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import copies
from audit.trail import TrailUnavailable
from secrets_ui.models import Intent
from secrets_ui.outcomes import TakenOver

State = Intent.State
NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
KEPT = timedelta(hours=24)
# An act is over after this, one way or the other, with half a minute for replicas whose clocks differ:
# what is open for longer was left behind. What was looked up in vain rests as long.
IN_FLIGHT = timedelta(seconds=60)
OPEN = (State.SENT, State.UNKNOWN)
_NONE_OPEN = {"open": False}
# What ended like this may be corrected and sent anew.
ENDED_IN_VAIN = (State.NOT_SAVED, State.TAKEN)


@dataclass(frozen=True)
class Claim:
    """A form's right to be acted on; `is_repeat` where it arrived before."""

    intent: Intent
    is_repeat: bool


def nonce_of(text: str) -> str:
    """Return a form's nonce, or a new one where it has none that is usable."""
    return text if NONCE.fullmatch(text) else uuid.uuid4().hex


def claim(*, nonce: str, person_id: int, organization_id: str) -> Claim:
    """Claim a form. What ended in vain may be claimed again: the person sends it anew.

    So may what a process left behind before it had sent anything.

    Raises:
        TrailUnavailable: the journal cannot be written, so nothing may be sent.
    """
    with _written(act_was_done=False):
        _forget_old(person_id)
        intent, is_new = Intent.objects.get_or_create(
            person_id=person_id, organization_id=organization_id, nonce=nonce
        )
        if is_new:
            return Claim(intent, is_repeat=False)
        now = timezone.now()
        left_behind = Q(state=State.CLAIMED, working_since__lt=now - IN_FLIGHT)
        again = Intent.objects.filter(
            Q(state__in=ENDED_IN_VAIN) | left_behind, pk=intent.pk
        ).update(state=State.CLAIMED, working_since=now, settled_at=None)
        intent.refresh_from_db()
        return Claim(intent, is_repeat=not again)


def release(intent: Intent) -> None:
    """Give the form back where nothing was sent, so that it can be corrected and sent.

    Of what was sent there is nothing to write, so that no trouble can belie how it ended.
    """
    if intent.state != State.CLAIMED:
        return
    with _written(act_was_done=False):
        _own(intent).filter(state=State.CLAIMED).update(state=State.NOT_SAVED)


def sent(intent: Intent, *, action: str, **facts: Any) -> None:
    """Note what is about to be sent; from here on the outcome is open.

    `facts` are names and ids, what the fields were and should become, the versions that were there:
    no value.

    Raises:
        TakenOver: this arrival of the form took so long that another one is acted on.
    """
    noted = {"state": State.SENT, "action": action, "sent_at": timezone.now(), **facts}
    # Before it is there: a process that dies in between must not hide it.
    copies.invalidate(_open_place(intent.person_id, intent.organization_id))
    with _written(act_was_done=False):
        if not _own(intent).update(**noted):
            raise TakenOver
    for name, fact in noted.items():
        setattr(intent, name, fact)


def refused(intent: Intent, *, lost_at: datetime | None) -> None:
    """Note that the API refused, or was not reached: nothing happened, and it may be sent anew.

    `lost_at` is when the same form was sent before and got no answer: that may still have happened.
    """
    intent.state, intent.sent_at, intent.settled_at = State.NOT_SAVED, lost_at, timezone.now()
    with _written(act_was_done=False):
        _own(intent).update(
            state=intent.state, sent_at=intent.sent_at, settled_at=intent.settled_at
        )


def settled(
    intent: Intent, state: Intent.State, *, secret_id: str = "", version_id: str = ""
) -> None:
    """Note how it ended. Somebody may have settled it meanwhile; the first word stands."""
    intent.state, intent.settled_at = state, timezone.now()
    intent.secret_id = secret_id or intent.secret_id
    intent.version_id = version_id or intent.version_id
    with _written(act_was_done=True):
        Intent.objects.filter(pk=intent.pk, state__in=OPEN).update(
            state=intent.state,
            settled_at=intent.settled_at,
            secret_id=intent.secret_id,
            version_id=intent.version_id,
        )


def not_known(intent: Intent) -> None:
    """Note that it was looked up in vain; whoever comes back looks again."""
    intent.state = State.UNKNOWN
    with _written(act_was_done=True):
        Intent.objects.filter(pk=intent.pk, state__in=OPEN).update(
            state=State.UNKNOWN, working_since=timezone.now()
        )


def is_being_worked_on(intent: Intent, *, now: datetime) -> bool:
    """Tell whether the request that carries this write may still be running."""
    is_begun = intent.state in {State.CLAIMED, State.SENT}
    return is_begun and intent.working_since > now - IN_FLIGHT


def find(*, nonce: str, person_id: int, organization_id: str) -> Intent | None:
    """Return one intent of a person."""
    if not NONCE.fullmatch(nonce):
        return None
    return Intent.objects.filter(
        nonce=nonce, person_id=person_id, organization_id=organization_id
    ).first()


def left_open(*, person_id: int, organization_id: str, now: datetime) -> list[Intent]:
    """Return a person's intents whose outcome is open and that nobody works on any more.

    Those that were not looked at for longest come first. That there are none, which is usual, is
    remembered for a minute: every list asks.
    """
    place = _open_place(person_id, organization_id)
    if copies.find(place) == _NONE_OPEN:
        return []
    found = list(
        Intent.objects.filter(
            person_id=person_id, organization_id=organization_id, state__in=OPEN
        ).order_by("working_since")
    )
    if not found:
        copies.fill(place, _NONE_OPEN)
    return [intent for intent in found if not is_being_worked_on(intent, now=now)]


def is_due(intent: Intent, *, now: datetime) -> bool:
    """Tell whether it is time to look an open intent up by itself."""
    return intent.state == State.SENT or intent.working_since < now - IN_FLIGHT


def _open_place(person_id: int, organization_id: str) -> str:
    return f"none-open:{person_id}:{organization_id}"


def _own(intent: Intent) -> QuerySet[Intent]:
    """The row, as long as this arrival of the form is the one that is acted on."""
    return Intent.objects.filter(pk=intent.pk, working_since=intent.working_since)


def _forget_old(person_id: int) -> None:
    old = Intent.objects.filter(person_id=person_id, claimed_at__lt=timezone.now() - KEPT)
    old.exclude(state__in=OPEN).delete()


@contextmanager
def _written(*, act_was_done: bool) -> Iterator[None]:
    try:
        yield
    except DatabaseError:
        raise TrailUnavailable(act_was_done=act_was_done) from None

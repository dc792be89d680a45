"""How often somebody may try a password. The audit trail is what counts: it is shared and kept."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.trail import Actor, denied_since

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 10, 30


class TooManyAttempts(Exception):
    """So many sign-ins failed lately that this one is not even looked at."""


def insist_on_few_failures(actor: Actor) -> None:
    """Refuse an attempt after too many failed ones.

    Raises:
        TooManyAttempts: for this person, or from where they are.
    """
    if actor.address and _failed(address=actor.address) >= PER_ADDRESS:
        raise TooManyAttempts
    if actor.person_id is not None and is_closed(actor):
        raise TooManyAttempts


def is_closed(actor: Actor) -> bool:
    """Tell whether so many attempts failed for an account that for now no password is right.

    Those that came while it was closed are recorded without a name, and keep it closed no longer.
    """
    return _failed(actor=actor.name, person_id=actor.person_id) >= PER_ACCOUNT


def _failed(**whose: Any) -> int:
    since = timezone.now() - WINDOW
    return denied_since(action="person.signed_in", since=since, **whose)

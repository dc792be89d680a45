"""How often somebody may try a password. The audit trail is what counts: it is shared and kept."""

from datetime import timedelta

from django.utils import timezone

from audit.trail import denied_since

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 10, 30


class TooManyAttempts(Exception):
    """So many sign-ins failed lately that this one is not even looked at."""


def insist_on_few_failures(*, account: str = "", address: str | None) -> None:
    """Refuse an attempt after too many failed ones.

    Raises:
        TooManyAttempts: for this account, or from this address.
    """
    if address and _failed(address=address) >= PER_ADDRESS:
        raise TooManyAttempts
    if account and is_closed(account):
        raise TooManyAttempts


def is_closed(account: str) -> bool:
    """Tell whether so many attempts failed for an account that for now no password is right."""
    return _failed(actor=account) >= PER_ACCOUNT


def _failed(**whose: str) -> int:
    since = timezone.now() - WINDOW
    return denied_since(action="person.signed_in", since=since, **whose)

"""How often somebody may try a password. The audit trail is what counts: it is shared and kept."""

from datetime import timedelta

from django.utils import timezone

from audit.trail import denied_since

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 10, 30


class TooManyAttempts(Exception):
    """So many sign-ins failed lately that this one is not even looked at."""


def insist_on_few_failures(*, account: str, address: str | None) -> None:
    """Refuse an attempt after too many failed ones.

    Raises:
        TooManyAttempts: for this account, or from this address.
    """
    since = timezone.now() - WINDOW
    action = "person.signed_in"
    if account and denied_since(action=action, since=since, actor=account) >= PER_ACCOUNT:
        raise TooManyAttempts
    if address and denied_since(action=action, since=since, address=address) >= PER_ADDRESS:
        raise TooManyAttempts

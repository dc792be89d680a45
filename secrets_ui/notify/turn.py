"""One run at a time, also from several machines: a lease that is renewed before each digest."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction
from django.utils import timezone

from secrets_ui.models import Lease

# In the place of a secret's id: leases of secrets are for edits (`secrets_ui.leases`).
NAME = "notify_expiring"
# Longer than reading all secrets, and than the slowest server takes one digest. It only matters where
# a run was stopped while it had its turn.
LASTS = timedelta(minutes=5)


class AnotherRun(Exception):
    """Another run has its turn, or had it less than LASTS ago and was stopped."""


class Turn:
    """The right to send, until it runs out."""

    def __init__(self, owner: uuid.UUID) -> None:
        self._owner = owner

    def renew(self) -> None:
        """Have it for another while.

        Raises:
            AnotherRun: it ran out, and somebody else has it.
        """
        until = timezone.now() + LASTS
        if not Lease.objects.filter(owner=self._owner).update(until=until):
            raise AnotherRun


@contextmanager
def turn_for(organization_id: str) -> Iterator[Turn]:
    """Have the turn while the block runs.

    Raises:
        AnotherRun: it is not free.
    """
    owner = uuid.uuid4()
    _take(organization_id, owner)
    try:
        yield Turn(owner)
    finally:
        # One that cannot be given back runs out by itself.
        with suppress(DatabaseError):
            Lease.objects.filter(owner=owner).delete()


def _take(organization_id: str, owner: uuid.UUID) -> None:
    now = timezone.now()
    key = {"organization_id": organization_id, "secret_id": NAME}
    left_behind = Lease.objects.filter(**key, until__lt=now)
    if left_behind.update(owner=owner, until=now + LASTS):
        return
    try:
        with transaction.atomic():
            Lease.objects.create(**key, owner=owner, until=now + LASTS)
    except IntegrityError:
        raise AnotherRun from None

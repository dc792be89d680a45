"""Edits of one secret go one after the other, also from several replicas of the dashboard."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.trail import TrailUnavailable
from secrets_ui.models import Lease
from secrets_ui.outcomes import StillBeingEdited

# Longer than any act may take, with half a minute for replicas whose clocks differ. It only matters
# where a process died while holding one.
LASTS = timedelta(seconds=60)
WAIT_SECONDS = 5.0
PAUSE_SECONDS = 0.05


@contextmanager
def held(*, organization_id: str, secret_id: str) -> Iterator[None]:
    """Hold the lease on a secret while the block runs.

    Raises:
        StillBeingEdited: it was not free within WAIT_SECONDS.
        TrailUnavailable: it cannot be written down.
    """
    owner = uuid.uuid4()
    give_up_at = time.monotonic() + WAIT_SECONDS
    while not _taken(organization_id, secret_id, owner):
        if time.monotonic() >= give_up_at:
            raise StillBeingEdited
        time.sleep(PAUSE_SECONDS)
    try:
        yield
    finally:
        # A lease that cannot be given back runs out by itself; the edit has ended as it has.
        with suppress(DatabaseError):
            Lease.objects.filter(owner=owner).delete()


def _taken(organization_id: str, secret_id: str, owner: uuid.UUID) -> bool:
    now = timezone.now()
    key = {"organization_id": organization_id, "secret_id": secret_id}
    left_behind = Lease.objects.filter(**key, until__lt=now)
    try:
        if left_behind.update(owner=owner, until=now + LASTS):
            return True
        with transaction.atomic():
            Lease.objects.create(**key, owner=owner, until=now + LASTS)
    except IntegrityError:
        return False
    except DatabaseError:
        raise TrailUnavailable(act_was_done=False) from None
    return True

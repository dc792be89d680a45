"""What somebody saw at their last visit, to tell them what is different since.

A visit ends after an hour without a look. What they saw last becomes the baseline at the first look of
the next one. Only complete catalogs count, and each reading of one is written down at most once.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError
from django.db.models import BinaryField, F
from django.db.models.functions import Substr
from django.utils import timezone

from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.models import Visit
from secrets_ui.since import HEAD, Differences, differences, pack, read_at_of, unpack

PAUSE = timedelta(hours=1)

logger = logging.getLogger(__name__)

# Comparing tens of thousands of secrets takes a moment, and one state is looked at more than once.
_compared: WeakKeyDictionary[Snapshot, dict[tuple[Any, ...], Differences]] = WeakKeyDictionary()


@dataclass(frozen=True, kw_only=True)
class LastVisit:
    """What is different since somebody was here. at: their last look. read_at: when that was read."""

    at: datetime
    read_at: datetime
    found: Differences


def look(*, person_id: int, organization_id: str, snapshot: Snapshot) -> LastVisit | None:
    """Note that somebody looks at a complete catalog; return what is different since their last visit.

    None at the first visit, and where what they saw cannot be read.
    """
    try:
        visit = _noted(person_id, organization_id, snapshot)
    except DatabaseError:
        logger.exception("a visit could not be noted")
        return None
    if visit.baseline is None or visit.baseline_at is None:
        return None
    baseline = bytes(visit.baseline)
    return LastVisit(
        at=visit.baseline_at,
        read_at=datetime.fromtimestamp(read_at_of(baseline), UTC),
        found=_differences(visit, baseline, snapshot),
    )


def _noted(person_id: int, organization_id: str, snapshot: Snapshot) -> Visit:
    """Return the visit as it stands once this look is written down."""
    now = timezone.now()
    theirs = Visit.objects.filter(person_id=person_id, organization_id=organization_id)
    head = Substr("latest", 1, HEAD.size, output_field=BinaryField())
    visit = theirs.defer("latest").annotate(head=head).first()
    if visit is None:
        latest = pack(snapshot.entries, read_at=snapshot.read_at)
        return Visit.objects.get_or_create(
            person_id=person_id,
            organization_id=organization_id,
            defaults={"latest_at": now, "latest": latest},
        )[0]
    changes: dict[str, Any] = {"latest_at": now}
    if now - visit.latest_at > PAUSE:
        changes |= {"baseline": F("latest"), "baseline_at": F("latest_at")}
    if read_at_of(bytes(visit.head)) < snapshot.read_at:
        changes["latest"] = pack(snapshot.entries, read_at=snapshot.read_at)
    # Of two looks at the same moment one begins the visit: a second would make its own the baseline.
    theirs.filter(latest_at=visit.latest_at).update(**changes)
    if "baseline" in changes:
        visit.refresh_from_db(fields=["baseline", "baseline_at"])
    return visit


def _differences(visit: Visit, baseline: bytes, snapshot: Snapshot) -> Differences:
    known = _compared.setdefault(snapshot, {})
    key = visit.pk, visit.baseline_at
    if key not in known:
        known[key] = differences(unpack(baseline), snapshot.entries)
    return known[key]

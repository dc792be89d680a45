"""What was told already: each notice is claimed before it is sent and marked once it was taken.

A claim that is not marked was left by a run that was stopped, or whose digest may have arrived: it is
sent again as it was, under the same id. Rows are never cleared of what was sent.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from secrets_ui.models import Notice
from secrets_ui.notify.recipients import Item, Recipient, Share
from secrets_ui.notify.turn import AnotherRun

ID_LENGTH = 32
QUERY_SIZE = 500  # ids in one query, well below what any database takes


@dataclass(frozen=True)
class Digest:
    """One message. id: the same whenever it is sent again."""

    id: str
    recipient: Recipient
    items: tuple[Item, ...]
    is_repeat: bool = False


class _Told(NamedTuple):
    days: int
    digest: str
    is_sent: bool


def untold(share: Share, *, organization_id: str) -> list[Digest]:
    """Return what a recipient was not told yet: digests that were left open, then a new one."""
    told = _told(share, organization_id)
    left_open: dict[str, list[Item]] = {}
    fresh: list[Item] = []
    for item in share.items:
        due = item.due
        before = told.get((due.secret_id, due.expired_at), [])
        if any(each.is_sent and each.days <= due.days for each in before):
            continue
        claimed = next((each.digest for each in before if each.days == due.days), None)
        (left_open.setdefault(claimed, []) if claimed else fresh).append(item)
    digests = [
        Digest(digest, share.recipient, tuple(items), is_repeat=True)
        for digest, items in left_open.items()
    ]
    if fresh:
        digests.append(Digest(_id_of(share.recipient, fresh), share.recipient, tuple(fresh)))
    return digests


def claim(digest: Digest, *, organization_id: str) -> None:
    """Note that a digest is about to be sent.

    Raises:
        AnotherRun: somebody else has claimed one of its notices.
    """
    try:
        with transaction.atomic():
            if digest.is_repeat:
                _drop_what_is_left_out(digest, organization_id)
            else:
                Notice.objects.bulk_create(_rows(digest, organization_id))
    except IntegrityError:
        raise AnotherRun from None


def mark(digest: Digest, *, organization_id: str) -> None:
    """Note that a digest was taken: its notices are never sent again."""
    _claimed(digest, organization_id).update(sent_at=timezone.now())


def release(digest: Digest, *, organization_id: str) -> None:
    """Give a claim back where the digest was certainly not taken: it may go out in another one."""
    _claimed(digest, organization_id).delete()


def _told(share: Share, organization_id: str) -> dict[tuple[str, datetime], list[_Told]]:
    ids = [item.due.secret_id for item in share.items]
    found: dict[tuple[str, datetime], list[_Told]] = {}
    for start in range(0, len(ids), QUERY_SIZE):
        rows = Notice.objects.filter(
            organization_id=organization_id,
            secret_id__in=ids[start : start + QUERY_SIZE],
            channel=share.recipient.channel,
        ).values_list("secret_id", "expired_at", "days", "digest", "sent_at")
        for secret_id, expired_at, days, digest, sent_at in rows:
            told = _Told(days, digest, is_sent=sent_at is not None)
            found.setdefault((secret_id, expired_at), []).append(told)
    return found


def _id_of(recipient: Recipient, items: Sequence[Item]) -> str:
    keys = [f"{due.secret_id} {due.expired_at.isoformat()} {due.days}" for due, _owner in items]
    text = "\n".join([recipient.channel, *sorted(keys)])
    return hashlib.sha256(text.encode()).hexdigest()[:ID_LENGTH]


def _rows(digest: Digest, organization_id: str) -> list[Notice]:
    return [
        Notice(
            organization_id=organization_id,
            secret_id=due.secret_id,
            expired_at=due.expired_at,
            days=due.days,
            channel=digest.recipient.channel,
            digest=digest.id,
        )
        for due, _owner in digest.items
    ]


def _claimed(digest: Digest, organization_id: str) -> QuerySet[Notice]:
    return Notice.objects.filter(
        organization_id=organization_id,
        channel=digest.recipient.channel,
        digest=digest.id,
        sent_at=None,
    )


def _drop_what_is_left_out(digest: Digest, organization_id: str) -> None:
    """What changed since the claim is not in the message any more, so it must not count as told."""
    kept = {(due.secret_id, due.expired_at, due.days) for due, _owner in digest.items}
    gone = [
        row.pk
        for row in _claimed(digest, organization_id)
        if (row.secret_id, row.expired_at, row.days) not in kept
    ]
    for start in range(0, len(gone), QUERY_SIZE):
        Notice.objects.filter(pk__in=gone[start : start + QUERY_SIZE]).delete()

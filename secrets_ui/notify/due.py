"""What is due: secrets whose expiry has come as near as one of the thresholds."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from secret_manager import Summary
from secrets_ui.dates import local


class Due(NamedTuple):
    """A secret that somebody is told of. days: the nearest threshold that has passed."""

    secret_id: str
    name: str
    expired_at: datetime
    days: int


def what_is_due(
    summaries: Iterable[Summary], *, thresholds: Sequence[int], now: datetime
) -> list[Due]:
    """Return all secrets for which a threshold has passed, the oldest date first.

    Where several have passed, the nearest one counts for all of them.
    """
    found = []
    for each in summaries:
        if each.expired_at is None:
            continue
        expired_at = datetime.fromtimestamp(each.expired_at, UTC)
        passed = [days for days in thresholds if _has_passed(expired_at, days, now)]
        if passed:
            found.append(Due(each.id, each.name, expired_at, min(passed)))
    return sorted(found, key=lambda due: (due.expired_at, due.name, due.secret_id))


def _has_passed(expired_at: datetime, days: int, now: datetime) -> bool:
    """Days are those of the calendar, as people count them: the notice of "1 day" says "tomorrow"."""
    if days == 0:
        return expired_at <= now
    return (local(expired_at).date() - local(now).date()).days <= days

"""Moments in an answer's headers, and what they tell about the server's clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_LONGEST_DATE = 64
_LARGEST_OFFSET = timedelta(days=366)
_PRECISION = timedelta(seconds=1)


def utc_now() -> datetime:
    """This machine's own moment."""
    return datetime.now(UTC)


def http_date(text: str) -> datetime | None:
    """Read an HTTP date (RFC 9110 §5.6.7); None where it is missing, too long or not one."""
    if len(text) > _LONGEST_DATE:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    # "-0000" parses as naive; such a date has no zone to compare by.
    return moment if moment.tzinfo is not None else None


def clock_offset(
    headers: Mapping[str, str], *, sent: datetime, received: datetime
) -> timedelta | None:
    """How far the server's clock is ahead of ours; None where its Date is missing or not sane.

    A Date has whole seconds and was written at some time between sending and receiving, so many
    offsets explain it. This is the smallest: zero for a clock that may well be right.
    headers: names in lower case.
    """
    date = http_date(headers.get("date", ""))
    if date is None:
        return None
    least, most = date - received, date - sent + _PRECISION
    offset = max(least, min(most, timedelta(0)))
    return offset if abs(offset) <= _LARGEST_OFFSET else None

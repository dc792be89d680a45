"""One field of an API document at a time. Liberal: what is not as expected is None, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .rules import is_id


def identifier(value: Any) -> str | None:
    """Return an id that can stand in an address, also where it came as a number."""
    if type(value) is int and 0 <= value < 10**20:
        value = str(value)
    return value if is_id(value) else None


def identifiers(value: Any) -> tuple[str, ...]:
    """Return the usable ids of a list, which some clients send as one text with commas."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return ()
    found = (identifier(one.strip() if isinstance(one, str) else one) for one in value)
    return tuple(one for one in found if one is not None)


def text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def whole_number(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 2**53 else None


def moment(value: Any) -> datetime | None:
    """An ISO 8601 moment in UTC; without an offset it is taken as UTC; anything else gives None."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

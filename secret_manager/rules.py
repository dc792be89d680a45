"""What may be sent. Each rule is here once; forms use the same ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

NAME_PATTERN = r"[A-Za-z0-9_-]+"
"""Match in full (`re.fullmatch`): a bare `$` would let a trailing newline through."""

NAME_SUFFIX_PATTERN = r"-.{6}$"
"""What a name must not end with, as the API document and the official SDK have it: a hyphen and any
six characters. AWS Secrets Manager ends its ARNs like that."""

NAME_MAX_LENGTH = 255
"""Ours: the API document states none. AWS Secrets Manager, which is behind it, stops at 512."""

MAX_VALUE_BYTES = 65_536
"""AWS Secrets Manager's limit for one value, which is where the platform keeps it."""

MAX_LIMIT = 100
STATUSES = ("active", "inactive")

ID_MAX_LENGTH = 64
_ID_PATTERN = re.compile(rf"[A-Za-z0-9_-]{{1,{ID_MAX_LENGTH}}}")


class InvalidArgument(ValueError):
    """Refused before anything was sent. `field` names the argument; the text never repeats it."""

    def __init__(self, message: str, field: str = "") -> None:
        self.message = message
        self.field = field
        super().__init__(message)


def is_id(value: object) -> bool:
    """Whether this can stand as one step of a path without changing the path."""
    if not isinstance(value, str) or len(value) > ID_MAX_LENGTH:
        return False
    # Nearly all are digits, and ten thousand of them stand in a list.
    return (value.isascii() and value.isalnum()) or _ID_PATTERN.fullmatch(value) is not None


def check_id(value: str, field: str = "id") -> str:
    """Return the identifier; raise InvalidArgument unless it is 1 to 64 of `A-Z a-z 0-9 _ -`."""
    if not is_id(value):
        raise InvalidArgument("This is not a valid identifier.", field)
    return value


def check_name(name: str) -> str:
    """Return the secret's name; raise InvalidArgument where the API document forbids it."""
    if not isinstance(name, str) or not name:
        raise InvalidArgument("A name is needed.", "name")
    if re.fullmatch(NAME_PATTERN, name) is None:
        raise InvalidArgument(
            "Use only the letters A to Z, digits, underscores and hyphens.", "name"
        )
    if len(name) > NAME_MAX_LENGTH:
        raise InvalidArgument(f"Use at most {NAME_MAX_LENGTH} characters.", "name")
    if re.search(NAME_SUFFIX_PATTERN, name):
        raise InvalidArgument("A name cannot end with a hyphen followed by six characters.", "name")
    return name


def check_value(value: str | bytes) -> bytes:
    """Return the value's bytes (text as UTF-8); raise InvalidArgument if empty or too large."""
    if isinstance(value, str):
        # Looked for beforehand: a UnicodeEncodeError would carry the whole value along.
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidArgument("This value holds characters that cannot be stored.", "value")
        value = value.encode()
    if not isinstance(value, bytes):
        raise InvalidArgument("A value is text or bytes.", "value")
    if not value:
        raise InvalidArgument("A value is needed.", "value")
    if len(value) > MAX_VALUE_BYTES:
        raise InvalidArgument(f"A value can have at most {MAX_VALUE_BYTES} bytes.", "value")
    return value


def check_page(offset: int, limit: int) -> None:
    """Raise InvalidArgument unless offset >= 0 and 1 <= limit <= 100."""
    if not _is_int(offset) or offset < 0:
        raise InvalidArgument("The offset is a whole number from 0.", "offset")
    if not _is_int(limit) or not 1 <= limit <= MAX_LIMIT:
        raise InvalidArgument(f"The limit is a whole number from 1 to {MAX_LIMIT}.", "limit")


def check_status(status: str) -> str:
    """Return the status; raise InvalidArgument unless it is `active` or `inactive`."""
    if status not in STATUSES:
        raise InvalidArgument("The status is active or inactive.", "status")
    return status


def check_text(text: str, field: str) -> str:
    """Return the text; raise InvalidArgument for what JSON in UTF-8 cannot carry."""
    if not isinstance(text, str) or any("\ud800" <= c <= "\udfff" for c in text):
        raise InvalidArgument("This is not valid text.", field)
    return text


def check_expiry(moment: datetime | str) -> str:
    """Return ISO 8601 with an offset, as the API wants it; raise InvalidArgument without one."""
    parsed = _parse(moment) if isinstance(moment, str) else moment
    if not isinstance(parsed, datetime) or parsed.utcoffset() is None:
        raise InvalidArgument("An expiry is a date and time with its time zone.", "expired_at")
    return parsed.isoformat()


def check_ids(ids: Iterable[str], field: str) -> list[str]:
    """Return the identifiers as a list; raise InvalidArgument if one is not valid."""
    if isinstance(ids, str):
        raise InvalidArgument("Give the identifiers as a list.", field)
    return [check_id(value, field) for value in ids]


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _parse(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None

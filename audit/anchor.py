"""Where the chain ends, told outside its table, so that a table whose end was cut off shows."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from audit.chain import Link
from audit.models import Event

logger = logging.getLogger(__name__)

# Far above the longest line there can be, so that no file fills the memory.
LONGEST_LINE = 1024
HIGHEST_NUMBER = 2**63 - 1


def check() -> None:
    """Make sure that the anchor file, where there is one, can be written to.

    Raises:
        OSError: it cannot.
    """
    if settings.AUDIT_ANCHOR_FILE:
        os.close(_opened())


def tell(event: Event) -> None:
    """Write the new end of the chain to the log and, where one is set, to the anchor file.

    Raises:
        OSError: the anchor file cannot be written to.
    """
    head = {"sequence": event.sequence, "mac": event.mac}
    logger.info("audit.head", extra=head)
    if not settings.AUDIT_ANCHOR_FILE:
        return
    line = json.dumps(head).encode() + b"\n"
    file = _opened()
    try:
        # One write of one short line: lines of several processes never mix.
        if os.write(file, line) < len(line):
            raise OSError("The anchor file takes no whole line.")
    finally:
        os.close(file)


def read(path: Path) -> Iterator[Link | None]:
    """Yield the place that each line of an anchor file tells; None for a line that tells none.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        while line := file.readline(LONGEST_LINE):
            yield _place(line)


def _place(line: str) -> Link | None:
    try:
        told = json.loads(line)
        place = Link(told["sequence"], told["mac"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    is_number = type(place.sequence) is int and 0 < place.sequence <= HIGHEST_NUMBER
    return place if is_number else None


def _opened() -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    return os.open(settings.AUDIT_ANCHOR_FILE, flags, 0o600)

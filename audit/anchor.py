"""Where the chain ends, told outside its table, so that a table whose end was cut off shows."""

import json
import logging
import os

from django.conf import settings

from audit.models import Event

logger = logging.getLogger(__name__)


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


def _opened() -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    return os.open(settings.AUDIT_ANCHOR_FILE, flags, 0o600)

"""Reading a catalog anew, beside whoever asked: one reading at a time for each, over all processes."""

import logging
from dataclasses import replace
from threading import BoundedSemaphore

from django.conf import settings

from secret_manager import (
    Deadline,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotReached,
    RateLimited,
    SecretManagerError,
    SummaryPage,
)
from secrets_ui.catalog import background, memory
from secrets_ui.catalog.index import index_of
from secrets_ui.catalog.reading import PAGE, SECONDS, Reading
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.catalog.store import Shelf
from secrets_ui.connection import THREADS_KEPT_FREE, Connection

logger = logging.getLogger(__name__)

# Why the secrets could not be read, for the pages to put into words.
NOT_LET_IN, NOT_ANSWERED, TOO_MANY, FAILED = "not-let-in", "not-answered", "too-many", "failed"

# Each has threads of its own, though all of them together ask for no more pages than one may.
MOST_READINGS = 8

_readings: dict[str, Reading] = {}
# Of the calls that may wait for the API at once, so many are left to what people do themselves.
CALLS_LEFT = 4
WIDTH = min(settings.CATALOG_WIDTH, max(1, settings.THREADS - THREADS_KEPT_FREE - CALLS_LEFT))
# All readings of this process together ask for no more pages at once than one may.
_places = BoundedSemaphore(WIDTH)


def under_way(shelf: Shelf) -> Reading | None:
    """Return the reading that this process has under way."""
    return _readings.get(shelf.key)


def is_busy() -> bool:
    """Tell whether this process reads as many catalogs as it may: others wait for their turn."""
    return len(_readings) >= MOST_READINGS


def begin(shelf: Shelf, connection: Connection, *, expected: int) -> bool:
    """Let a reading begin where none is under way. True where it is over already.

    expected: how many secrets there were last time; 0 where that is not known.
    """
    if is_busy() or not shelf.begin():
        return False
    _stamp, last_change, _problem = shelf.state()
    # The pages' own deadline is not the reading's.
    client = replace(connection, deadline=Deadline.after(SECONDS)).client

    def fetch(offset: int, limit: int) -> SummaryPage:
        with _places:
            page = client.get_summaries(connection.organization_id, offset, limit)
        if not reading.is_over.is_set():
            shelf.tell_progress(reading.count)
        return page

    # Of one that is known, no more pages are asked for ahead than it had.
    width = min(WIDTH, expected // PAGE + 1) if expected else WIDTH
    reading = Reading(fetch, width=width)
    _readings[shelf.key] = reading
    try:
        background.start(lambda: _read(shelf, reading, last_change))
    except RuntimeError:
        logger.exception("no thread could be had to read a catalog")
        _end(shelf, FAILED)
    return reading.is_over.is_set()


def _read(shelf: Shelf, reading: Reading, changes: int) -> None:
    problem = FAILED
    try:
        reading.run()
        if reading.error is None:
            _keep(shelf, reading, changes)
        problem = _problem_of(reading.error)
        if problem == NOT_LET_IN:
            shelf.drop()
    finally:
        _end(shelf, problem)


def _keep(shelf: Shelf, reading: Reading, changes: int) -> None:
    entries = reading.so_far()
    is_complete = reading.is_complete and not reading.dropped
    stamp = shelf.save(
        entries, is_complete=is_complete, read_at=reading.started_at, changes=changes
    )
    snapshot = Snapshot(entries, is_complete=is_complete, read_at=reading.started_at)
    memory.remember(shelf.key, stamp.name, changes, snapshot)
    index_of(snapshot)  # made here, the first search after a reading need not wait for it


def _end(shelf: Shelf, problem: str) -> None:
    try:
        shelf.end(problem)
    finally:
        _readings.pop(shelf.key, None)


def _problem_of(error: SecretManagerError | None) -> str:
    match error:
        case None:
            return ""
        case NotAuthenticated() | NotAllowed() | NotFound():
            return NOT_LET_IN
        case RateLimited():
            return TOO_MANY
        case NotReached():
            return NOT_ANSWERED
    return FAILED

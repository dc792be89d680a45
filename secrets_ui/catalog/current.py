"""What the pages ask: how an organization's secrets stand now, as one person's credential sees them.

Fresh for a minute, then still shown while it is read again; nobody waits for that. What is changed
through this dashboard is there at once.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from secret_manager import Deadline, NotFound, Secret, SecretManagerError, Summary, summary_of
from secrets_ui.catalog import memory, refreshing
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.catalog.store import Change, Shelf, Stamp
from secrets_ui.connection import Connection

logger = logging.getLogger(__name__)

FRESH = 60.0
# Nobody has the API read for them more often than this.
JUST_NOW = 2.0
# So many secrets that were just written are looked up before a list is shown, for no longer than
# that; for the others, and where the API does not answer, all are read again.
MOST_LOOKED_UP, LOOK_UP_SECONDS = 5, 3.0
_PAUSE = 0.05


@dataclass(frozen=True, kw_only=True)
class View:
    """What is known of an organization's secrets.

    snapshot: what can be searched now, maybe not all and maybe nothing.
    count: how many secrets are in. is_complete: whether that is all there is.
    is_reading: whether they are being read just now. problem: why they could not be, lately.
    """

    snapshot: Snapshot
    count: int
    is_complete: bool
    is_reading: bool
    problem: str = ""

    @property
    def is_there(self) -> bool:
        """Tell whether a whole reading stands behind this, so that a list can be made of it."""
        return self.snapshot.read_at > 0

    @property
    def read_at(self) -> datetime:
        """When the reading began that stands behind this."""
        return datetime.fromtimestamp(self.snapshot.read_at, UTC)


def look(connection: Connection, *, begin: bool = True) -> View:
    """Return what is known, at once. Where that is nothing, or old, a reading begins beside it.

    begin: False for a page that has something of its own to ask of the API first.
    """
    shelf = Shelf(connection)
    stamp, last_change, problem = shelf.state()
    snapshot = _snapshot(shelf, connection, stamp, last_change) if stamp else None
    is_fresh = snapshot is not None and _is_fresh(snapshot)
    if begin and not is_fresh and not problem:
        is_over = refreshing.begin(shelf, connection, expected=len(snapshot or ()))
        # Where nothing is known, another one may just have ended.
        if is_over or snapshot is None:
            stamp, last_change, problem = shelf.state()
            read = _snapshot(shelf, connection, stamp, last_change) if stamp else None
            if read is not None:
                snapshot, is_fresh = read, True
    if snapshot is not None:
        return View(
            snapshot=snapshot,
            count=len(snapshot),
            is_complete=snapshot.is_complete,
            is_reading=False if is_fresh else shelf.is_being_read(),
            problem=problem,
        )
    return _under_way(shelf, problem)


def await_complete(connection: Connection, seconds: float) -> View:
    """Return what is known once it is complete, or after so many seconds: small ones are read by then."""
    give_up_at = time.monotonic() + seconds
    view = look(connection)
    while not view.is_there and view.is_reading and time.monotonic() < give_up_at:
        time.sleep(_PAUSE)
        view = look(connection)
    return view


def read_again(connection: Connection, seconds: float) -> View:
    """Return how things stand now, for somebody who asks; after so many seconds, how they stood."""
    give_up_at = time.monotonic() + seconds
    shelf, view = Shelf(connection), look(connection)
    if view.is_there and not view.problem and time.time() - view.snapshot.read_at > JUST_NOW:
        shelf.state()
        refreshing.begin(shelf, connection, expected=view.count)
    while shelf.is_being_read() and time.monotonic() < give_up_at:
        time.sleep(_PAUSE)
    return look(connection)


def saw(connection: Connection, secret: Secret) -> None:
    """Take over how a secret stands, as it was just read by itself."""
    shelf, snapshot = _known(connection)
    if snapshot is None:
        return
    place, summary = snapshot.position_of.get(secret.id), summary_of(secret)
    if place is None or snapshot.entries[place] != summary:
        shelf.add(Change(secret.id, summary))


def gone(connection: Connection, secret_id: str) -> None:
    """Take a secret out that is known to be deleted."""
    shelf, snapshot = _known(connection)
    if snapshot is not None and secret_id in snapshot.position_of:
        shelf.add(Change(secret_id, None))


def touched(connection: Connection, secret_id: str) -> None:
    """Look a secret up before it is listed again: something was, or may have been, written to it."""
    if secret_id:
        Shelf(connection).add(Change(secret_id, None, is_known=False))


def _known(connection: Connection) -> tuple[Shelf, Snapshot | None]:
    shelf = Shelf(connection)
    stamp, last_change, _problem = shelf.state()
    return shelf, _snapshot(shelf, connection, stamp, last_change) if stamp else None


def _is_fresh(snapshot: Snapshot) -> bool:
    return not snapshot.is_behind and time.time() - snapshot.read_at < FRESH


def _under_way(shelf: Shelf, problem: str) -> View:
    """Return what a first reading has brought so far."""
    reading = refreshing.under_way(shelf)
    entries = reading.so_far() if reading else []
    return View(
        snapshot=Snapshot(entries, is_complete=False),
        count=len(entries) or shelf.progress(),
        is_complete=False,
        is_reading=reading is not None or shelf.is_being_read() or refreshing.is_busy(),
        problem=problem,
    )


def _snapshot(
    shelf: Shelf, connection: Connection, stamp: Stamp, last_change: int
) -> Snapshot | None:
    """Return what is kept with what was changed since; None where some of it is gone."""
    kept = memory.recall(shelf.key, stamp.name)
    if kept and kept[0] == last_change:
        return kept[1]
    if kept:
        known, snapshot = kept
    else:
        loaded = shelf.load(stamp)
        if loaded is None:
            return None
        known = stamp.changes
        snapshot = Snapshot(loaded, is_complete=stamp.is_complete, read_at=stamp.read_at)
    changes = shelf.changes(known, last_change)
    if changes is None:
        return None
    if changes:
        changes = _looked_up(shelf, changes, connection)
        snapshot = _with(snapshot, changes)
    memory.remember(shelf.key, stamp.name, last_change, snapshot)
    return snapshot


def _looked_up(shelf: Shelf, changes: Sequence[Change], connection: Connection) -> list[Change]:
    """Return the last change of each secret, looked up where it was not known and can be now."""
    last = {change.secret_id: change for change in changes}
    unknown = [change for change in last.values() if not change.is_known]
    seconds = connection.deadline.left() if connection.deadline else LOOK_UP_SECONDS
    deadline = Deadline.after(min(LOOK_UP_SECONDS, seconds))
    client = replace(connection, deadline=deadline).client
    for change in unknown[-MOST_LOOKED_UP:]:
        summary = None
        try:
            secret = client.get_secret(connection.organization_id, change.secret_id)
            summary = summary_of(secret)
        except NotFound:
            pass
        except SecretManagerError:
            # The next reading shows it.
            logger.info("a written secret could not be looked up")
            break
        shelf.learn(change, summary)
        last[change.secret_id] = replace(change, summary=summary, is_known=True)
    return list(last.values())


def _with(snapshot: Snapshot, changes: Sequence[Change]) -> Snapshot:
    """Return the snapshot with changes laid over it; new secrets stand first, as the API lists them."""
    entries = list(snapshot.entries)
    new: list[Summary] = []
    gone: set[str] = set()
    places = snapshot.position_of
    for change in changes:
        place = places.get(change.secret_id)
        if change.summary is None:
            gone |= {change.secret_id} if change.is_known else set()
        elif place is None:
            new.append(change.summary)
        else:
            entries[place] = change.summary
    return Snapshot(
        [*reversed(new), *(entry for entry in entries if entry.id not in gone)],
        is_complete=snapshot.is_complete,
        read_at=snapshot.read_at,
        is_behind=snapshot.is_behind or not all(change.is_known for change in changes),
    )

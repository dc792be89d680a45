"""Catalogs in Django's cache, one for each organization and credential; neither can be told from it.

A catalog is kept in parts of a thousand secrets, below a small stamp that says which parts and how old.
What is changed through this dashboard is added to a numbered log beside it, so that no two changes at
once lose each other; it is laid over the parts when they are read.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from secret_manager import Summary
from secrets_ui.catalog import packing
from secrets_ui.connection import Connection

PART = 1000
# Older than this it is no longer shown, seconds: a credential may have lost its rights since.
KEPT = 15 * 60
# A reading that died with its process stops others for no longer than this.
LOCKED = 150
# The API is left alone for so long after it refused or failed.
REST = 15
# A new log begins once a day, and what was read under the one before is read again.
LOG_KEPT = 24 * 60 * 60
# So many changes are laid over what was read; with more, it is read again.
MOST_CHANGES = 1000


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What is kept: how many parts below which name, since when, and up to which change.

    read_at: seconds since 1970 when the reading began. changes: the number of the last change then.
    """

    name: str
    parts: int
    count: int
    is_complete: bool
    read_at: float
    changes: int


@dataclass(frozen=True)
class Change:
    """What became of one secret: its new summary, None where it is gone, or not known yet.

    number: its place in the log.
    """

    secret_id: str
    summary: Summary | None
    is_known: bool = True
    number: int = 0


class Shelf:
    """The place of one catalog in the cache."""

    def __init__(self, connection: Connection) -> None:
        credential = connection.credential
        seen_as = f"{connection.organization_id}\n{credential.authorization}"
        mark = salted_hmac("secrets_ui.catalog", seen_as, algorithm="sha256").hexdigest()[:32]
        self.key = f"catalog:{packing.VERSION}:{mark}"
        self._seen: object = None

    def state(self) -> tuple[Stamp | None, int, str]:
        """Return what is kept, the number of the last change, and why it could not be read lately."""
        keys = self._stamp, self._last, self._problem
        found = cache.get_many(keys)
        stamp = self._seen = found.get(self._stamp)
        return (
            Stamp(**stamp) if stamp else None,
            int(found.get(self._last, 0)),
            found.get(self._problem, ""),
        )

    def load(self, stamp: Stamp) -> list[Summary] | None:
        """Return what was read; None where a part of it is gone."""
        keys = [self._part(stamp.name, number) for number in range(stamp.parts)]
        found = cache.get_many(keys)
        if len(found) < len(keys):
            return None
        return [entry for key in keys for entry in packing.unpacked(found[key])]

    def save(
        self, entries: Sequence[Summary], *, is_complete: bool, read_at: float, changes: int
    ) -> Stamp:
        """Keep what was read, in place of what was kept before."""
        name = secrets.token_hex(8)
        parts = {
            self._part(name, number): packing.packed(entries[start : start + PART])
            for number, start in enumerate(range(0, len(entries), PART))
        }
        stamp = Stamp(
            name=name,
            parts=len(parts),
            count=len(entries),
            is_complete=is_complete,
            read_at=read_at,
            changes=changes,
        )
        before = cache.get(self._stamp)
        # It is as old as the reading's beginning.
        timeout = max(1, int(KEPT - (time.time() - read_at)))
        cache.set_many(parts, timeout=timeout)
        cache.set(self._stamp, asdict(stamp), timeout=timeout)
        if before:
            cache.delete_many(self._part(before["name"], n) for n in range(before["parts"]))
        return stamp

    def drop(self) -> None:
        """Forget what was read: the credential no longer opens it."""
        cache.delete(self._stamp)

    def begin(self) -> bool:
        """Take the one place there is for reading; False where somebody reads, or just has."""
        if not cache.add(self._lock, True, timeout=LOCKED):
            return False
        found = cache.get_many([self._stamp, self._problem])
        if found.get(self._problem) or found.get(self._stamp) != self._seen:
            cache.delete(self._lock)
            return False
        self._begin_log()
        return True

    def end(self, problem: str = "") -> None:
        """Give the place back. With a problem, the API is left alone for a while."""
        if problem:
            cache.set(self._problem, problem, timeout=REST)
        cache.delete_many([self._lock, self._progress])

    def is_being_read(self) -> bool:
        return bool(cache.get(self._lock))

    def tell_progress(self, count: int) -> None:
        """Say how many secrets are in, for the other workers."""
        cache.set(self._progress, count, timeout=LOCKED)

    def progress(self) -> int:
        return int(cache.get(self._progress) or 0)

    def add(self, change: Change) -> None:
        """Note what became of one secret. Each change has a number of its own, also from two at once."""
        self._begin_log()
        try:
            number = cache.incr(self._last)
        except ValueError:
            # Lost since: whoever reads what was kept finds that changes are missing.
            return
        self._put(replace(change, number=number or 0))

    def learn(self, change: Change, summary: Summary | None) -> None:
        """Put what was found out about a change in its place, for the other processes."""
        self._put(replace(change, summary=summary, is_known=True))

    def changes(self, after: int, up_to: int) -> list[Change] | None:
        """Return the changes with these numbers, oldest first; None where not all can be had."""
        if not 0 <= up_to - after <= MOST_CHANGES:
            return None
        keys = {number: self._change(number) for number in range(after + 1, up_to + 1)}
        found = cache.get_many(keys.values())
        if len(found) < len(keys):
            return None
        return [_change_of(number, found[key]) for number, key in keys.items()]

    def _begin_log(self) -> None:
        # From a number that no log had before: one that got lost must not seem to go on.
        cache.add(self._last, time.time_ns() // 1_000_000, timeout=LOG_KEPT)

    def _put(self, change: Change) -> None:
        kept = [change.secret_id, change.summary, change.is_known]
        cache.set(self._change(change.number), kept, timeout=2 * KEPT)

    @property
    def _stamp(self) -> str:
        return f"{self.key}:stamp"

    @property
    def _last(self) -> str:
        return f"{self.key}:last"

    @property
    def _problem(self) -> str:
        return f"{self.key}:problem"

    @property
    def _lock(self) -> str:
        return f"{self.key}:lock"

    @property
    def _progress(self) -> str:
        return f"{self.key}:progress"

    def _part(self, name: str, number: int) -> str:
        return f"{self.key}:{name}:{number}"

    def _change(self, number: int) -> str:
        return f"{self.key}:change:{number}"


def _change_of(number: int, kept: list[object]) -> Change:
    secret_id, row, is_known = kept
    summary = packing.summary_of_row(row) if row else None
    return Change(str(secret_id), summary, bool(is_known), number)

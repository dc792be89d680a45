"""Sessions: kept in the database, copied to the cache for speed, and usable only with the cookie.

The row and the cached copy are named by a hash of the cookie's value. Whoever reads the database or
the cache therefore finds no cookie to use, and what is encrypted for a session (the person's API
credentials, `secrets_ui/connection.py`) stays closed to them, because the cookie's value is part of
what unlocks it.

A session ends `SESSION_COOKIE_AGE` after it began, at sign-in, however much it is used, and
`SESSION_IDLE_SECONDS` after its person last did something. Both times are kept inside it.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import DatabaseError, router, transaction
from django.dispatch import Signal
from django.utils import timezone

from accounts import copies

BEGAN_AT, SEEN_AT = "began_at", "seen_at"  # seconds since 1970
# What a person does is noted at most this often, seconds: a session may end so much early.
NOTED_EVERY = 30

# Sent with the session, and the cookie's value before, once it has a new one.
renamed = Signal()


class SessionStore(DatabaseSessions):
    # As it was when this request came to know it; None where it never looked.
    _base: dict[str, Any] | None = None

    def load(self) -> dict[str, Any]:
        name = _cache_name(_stored_name(self.session_key))
        data = copies.find(name)
        if data is None:
            data = super().load()
            if data:
                copies.fill(name, data)
        if data and _is_over(data):
            self.delete()
            self._session_key = None
            data = {}
        self._base = deepcopy(data)
        return data

    def create(self) -> None:
        self._session_key = None  # or the next lines would look for what is stored there
        now = int(time.time())
        self.setdefault(BEGAN_AT, now)
        self.setdefault(SEEN_AT, now)
        super().create()

    def begin(self) -> None:
        """Start counting: somebody has just signed in."""
        self[BEGAN_AT] = self[SEEN_AT] = int(time.time())

    def cycle_key(self) -> None:
        """Give the session a new cookie; it ends when it would have ended.

        What other requests saved meanwhile comes along.

        Raises UpdateError where the session is over: a sign-out is never undone.
        """
        mine = dict(self.items())
        before = self.session_key
        if before is None:
            super().cycle_key()
        else:
            try:
                with self._held_row() as row:
                    self._session_cache = self._merged_with(row, mine)
                    super().cycle_key()
            except DatabaseError:
                self._session_key, self._session_cache = before, mine
                raise
        renamed.send(SessionStore, session=self, before=before)

    def ends_in(self, *, if_noted: bool = False) -> int:
        """Return how many seconds are left if nobody does anything, or anything after `note`."""
        data = dict(self.items())
        if if_noted:
            data[SEEN_AT] = int(time.time())
        return max(0, int(_end_of(data) - time.time()))

    def last_chance_in(self) -> int:
        """Return how many seconds are left whatever anybody does."""
        return max(0, int(self.get(BEGAN_AT, 0) + settings.SESSION_COOKIE_AGE - time.time()))

    @property
    def is_to_be_noted(self) -> bool:
        """Tell whether it is time to note that its person does something."""
        return time.time() - self.get(SEEN_AT, 0) >= NOTED_EVERY

    def note(self) -> None:
        """Keep the session for another `SESSION_IDLE_SECONDS`."""
        self[SEEN_AT] = int(time.time())

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
        elif must_create:
            super().save(must_create=True)
            self._base = deepcopy(dict(self.items()))
            copies.replace(_cache_name(_stored_name(self.session_key)), self._base)
        else:
            self._update()

    def _update(self) -> None:
        """Write this request's changes, and the copy while the row is held.

        What other requests saved meanwhile stays, and a sign-out comes wholly before or after.

        Raises UpdateError where the session is over.
        """
        mine = dict(self.items())
        copy = _cache_name(_stored_name(self.session_key))
        try:
            with self._held_row() as row:
                data = self._merged_with(row, mine)
                row.session_data = self.encode(data)
                row.save(update_fields=["session_data"])
                copies.replace(copy, data)
        except DatabaseError:
            copies.invalidate(copy)
            raise
        self._session_cache, self._base = data, deepcopy(data)

    @contextmanager
    def _held_row(self) -> Iterator[AbstractBaseSession]:
        """Keep everybody else from this session's row until the block is done, and committed.

        Raises UpdateError where there is none any more.
        """
        database = router.db_for_write(self.model)
        rows = self.model.objects.using(database).select_for_update()
        stored = _stored_name(self.session_key)
        with transaction.atomic(using=database):
            row = rows.filter(session_key=stored, expire_date__gt=timezone.now()).first()
            if row is None:
                raise UpdateError
            yield row

    def _merged_with(self, row: AbstractBaseSession, mine: dict[str, Any]) -> dict[str, Any]:
        theirs = self.decode(row.session_data)
        return merged(theirs if self._base is None else self._base, mine, theirs)

    def exists(self, session_key: str) -> bool:
        return super().exists(_stored_name(session_key))

    def delete(self, session_key: str | None = None) -> None:
        session_key = session_key or self.session_key
        if session_key is None:
            return
        stored = _stored_name(session_key)
        super().delete(stored)
        copies.invalidate(_cache_name(stored))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = _stored_name(row.session_key)
        return row

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        row = self.model.objects.filter(
            session_key=_stored_name(self.session_key), expire_date__gt=timezone.now()
        ).first()
        if row is None:
            self._session_key = None
        return row


def _is_over(data: dict[str, Any]) -> bool:
    return time.time() >= _end_of(data)


def _end_of(data: dict[str, Any]) -> float:
    return min(
        data.get(BEGAN_AT, 0) + settings.SESSION_COOKIE_AGE,
        data.get(SEEN_AT, 0) + settings.SESSION_IDLE_SECONDS,
    )


def merged(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Return `theirs` with every change from `base` to `mine`.

    Each entry is taken whole, and where it is a dictionary each of its entries: two requests may
    add, replace and remove different connections; nothing of one is mixed into another.
    """
    result = _with_changes(base, mine, theirs)
    for name in result.keys() & mine.keys():
        parts = [each.get(name, {}) for each in (base, mine, theirs)]
        if all(isinstance(part, dict) for part in parts):
            result[name] = _with_changes(*parts)
    return result


def _with_changes(
    base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> dict[str, Any]:
    kept = {name: theirs[name] for name in theirs if name in mine or name not in base}
    changed = {name: mine[name] for name in mine if name not in base or mine[name] != base[name]}
    return {**kept, **changed}


def _stored_name(session_key: str | None) -> str:
    """The column takes 40 characters: 160 bits of SHA-256."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()[:40]


def _cache_name(stored: str) -> str:
    return f"accounts.session.{stored}"

"""Stops asking an API that is down, so that everybody is told at once and it can recover."""

from __future__ import annotations

import contextlib
import enum
import threading
import time
from collections import deque
from collections.abc import Iterator

from .errors import ConnectFailed
from .timeouts import Clock


class Health(enum.Enum):
    """What one call says about the API. NOTHING: it was cut short or held back by ourselves."""

    WORKS = enum.auto()
    FAILS = enum.auto()
    UNREACHABLE = enum.auto()
    NOTHING = enum.auto()


class Call:
    """One admitted call; whoever makes it writes down what it says about the API."""

    def __init__(self, era: int) -> None:
        self.era = era
        self.health = Health.NOTHING


class Breaker:
    """Closed: everybody may call. Open: nobody, for a while. Then one call is let through to probe.

    Opens when at least half of the latest calls failed, or a few in a row did not even connect. A
    probe that works closes it, one that fails keeps it open; one that does not come back in time is
    followed by another. Shared by all threads.

    window, minimum, share: opens at this share of failures among the last `window` calls, once
        there were `minimum`. unreachable: or at so many calls in a row that did not connect.
    pause: seconds it stays open before a probe, and that a probe has before the next.
    """

    def __init__(
        self,
        *,
        window: int = 20,
        minimum: int = 10,
        share: float = 0.5,
        unreachable: int = 5,
        pause: float = 10.0,
        clock: Clock = time.monotonic,
    ) -> None:
        if not 1 <= minimum <= window or not 0 < share <= 1 or unreachable < 1 or not pause > 0:
            raise ValueError("These numbers would never open or never close the breaker.")
        self._minimum = minimum
        self._share = share
        self._unreachable = unreachable
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: deque[bool] = deque(maxlen=window)
        self._unreachable_in_a_row = 0
        self._open_until: float | None = None
        # Moves on with each opening, closing and probe, so that a call which began before says
        # nothing about what is now.
        self._era = 0

    @contextlib.contextmanager
    def call(self) -> Iterator[Call]:
        """Admit one call and take in what it says at its end. Raises ConnectFailed("breaker_open")."""
        call = self._admit()
        if isinstance(call, ConnectFailed):
            raise call
        try:
            yield call
        finally:
            self._take_in(call)

    def _admit(self) -> Call | ConnectFailed:
        with self._lock:
            if self._open_until is not None:
                now = self._clock()
                if now < self._open_until:
                    return ConnectFailed(
                        "The Secret Manager has not been answering, so nothing was sent.",
                        code="breaker_open",
                        retry_after=self._open_until - now,
                    )
                self._open(now)
            return Call(self._era)

    def _take_in(self, call: Call) -> None:
        with self._lock:
            if call.era != self._era:
                return
            if self._open_until is None:
                self._count(call.health)
            else:
                self._judge_probe(call.health)

    def _count(self, health: Health) -> None:
        if health is Health.NOTHING:
            return
        self._failures.append(health is not Health.WORKS)
        is_unreachable = health is Health.UNREACHABLE
        self._unreachable_in_a_row = self._unreachable_in_a_row + 1 if is_unreachable else 0
        calls = len(self._failures)
        if self._unreachable_in_a_row >= self._unreachable or (
            calls >= self._minimum and sum(self._failures) >= self._share * calls
        ):
            self._open(self._clock())

    def _judge_probe(self, health: Health) -> None:
        if health is Health.WORKS:
            self._era += 1
            self._open_until = None
            self._failures.clear()
            self._unreachable_in_a_row = 0
        elif health is Health.NOTHING:
            # It never got as far as the API: the next one may try at once.
            self._open_until = self._clock()
        else:
            self._open(self._clock())

    def _open(self, now: float) -> None:
        """Close the door for the pause, also behind a probe."""
        self._era += 1
        self._open_until = now + self._pause

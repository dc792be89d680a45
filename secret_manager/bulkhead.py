"""Keeps a hung API from holding every thread: only so many calls at once."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from .errors import ConnectFailed
from .timeouts import Clock


class Bulkhead:
    """Places for calls, shared by all threads.

    max_concurrent: calls at once; fewer than there are worker threads.
    max_wait: seconds to wait for a place. Only while calls come and go: once nothing has moved for
        so long, those who ask are refused at once, or the waiting would hold the other threads.
    retry_in: seconds after which a refused caller is told to come back.
    """

    def __init__(
        self,
        max_concurrent: int = 24,
        *,
        max_wait: float = 1.0,
        retry_in: float = 5.0,
        clock: Clock = time.monotonic,
    ) -> None:
        if max_concurrent < 1 or not 0 <= max_wait <= 3600:
            raise ValueError("There is at least one place, and a wait of 0 to 3600 seconds.")
        self._places = threading.BoundedSemaphore(max_concurrent)
        self._max_wait = max_wait
        self._retry_in = retry_in
        self._clock = clock
        self._last_move = clock()

    @contextlib.contextmanager
    def place(self, time_left: float) -> Iterator[None]:
        """Hold a place while the block runs.

        time_left: seconds of the caller's deadline, which bounds the wait. Raises
        ConnectFailed("busy").
        """
        if not self._places.acquire(timeout=self._patience(time_left)):
            raise ConnectFailed(
                "Too many requests are waiting for the Secret Manager, so nothing was sent.",
                code="busy",
                retry_after=self._retry_in,
            )
        try:
            self._last_move = self._clock()
            yield
        finally:
            self._last_move = self._clock()
            self._places.release()

    def _patience(self, time_left: float) -> float:
        has_moved = self._clock() - self._last_move < self._max_wait
        return max(0.0, min(self._max_wait, time_left)) if has_moved else 0.0

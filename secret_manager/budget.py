"""Keeps retries from making an outage worse: in the long run one for every ten calls."""

from __future__ import annotations

import threading


class RetryBudget:
    """A token bucket shared by all threads. It counts calls, not time, so it needs no clock.

    Without it, a service that fails for everybody gets three times its usual load just then.

    share: retries granted per call, 0 to 1. burst: the most that can be saved up, and what it starts
        with; 0 turns retries off.
    """

    def __init__(self, *, share: float = 0.1, burst: int = 10) -> None:
        if not 0 <= share <= 1 or burst < 0:
            raise ValueError("The share is 0 to 1 and the burst is 0 or more.")
        self._share = share
        self._burst = burst
        self._tokens = float(burst)
        self._lock = threading.Lock()

    def deposit(self) -> None:
        """Count a call that begins; never above the burst."""
        with self._lock:
            self._tokens = min(self._burst, self._tokens + self._share)

    def withdraw(self) -> bool:
        """Take one retry; False where none is left."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

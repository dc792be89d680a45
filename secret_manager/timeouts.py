"""How long things may take. All durations are seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """connect: for one connection. read: longest silence. total: one operation with its retries.

    The name lookup before connecting is the operating system's and keeps its own time limit.
    """

    connect: float = 2.0
    read: float = 5.0
    total: float = 10.0

    def __post_init__(self) -> None:
        # Written so that NaN fails too; infinity would be no limit at all.
        if not all(0 < seconds <= 3600 for seconds in (self.connect, self.read, self.total)):
            raise ValueError("A timeout is more than 0 and at most 3600 seconds.")


class Deadline:
    """The moment one operation must be over, however its time was spent."""

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Seconds left; 0 or less when time is up."""
        return self._end - self._clock()

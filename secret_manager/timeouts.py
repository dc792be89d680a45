"""How long things may take. All durations are seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """connect: for one connection. read: longest silence. total: one operation with its retries.

    The name lookup before connecting (getaddrinfo) is the operating system's: it cannot be cut
    short and keeps its own time limit.
    """

    connect: float = 2.0
    read: float = 5.0
    total: float = 10.0

    def __post_init__(self) -> None:
        # Written so that NaN fails too; infinity would be no limit at all.
        if not all(0 < seconds <= 3600 for seconds in (self.connect, self.read, self.total)):
            raise ValueError("A timeout is more than 0 and at most 3600 seconds.")


class Deadline:
    """The moment something must be over, however its time was spent: an operation, or a whole page.

    What `Timeouts` says of the name lookup holds here too.
    """

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        # NaN would be a moment that never comes.
        if not seconds <= 3600:
            raise ValueError("A deadline is at most 3600 seconds away.")
        self._clock = clock
        self._end = clock() + seconds

    @classmethod
    def after(cls, seconds: float, clock: Clock = time.monotonic) -> Deadline:
        """The moment so many seconds from now."""
        return cls(seconds, clock)

    def left(self) -> float:
        """Seconds left; 0 or less when time is up."""
        return self._end - self._clock()

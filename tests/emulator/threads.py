"""Several callers at the same moment, for tests."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

CALLERS = 4


def at_once(act: Callable[[int], object], *, callers: int = CALLERS) -> list:
    """Run `act(number)` in as many threads, all starting together."""
    start = Barrier(callers, timeout=20)

    def run(number: int) -> object:
        try:
            start.wait()
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(run, range(callers)))

"""Work that nobody waits for. It has threads of its own, and gives back what Django opened in them."""

import threading
from collections.abc import Callable

from django.db import connections as databases

Work = Callable[[], None]


def start(work: Work) -> None:
    """Let `work` begin now, beside whoever asked. It ends with the process, finished or not."""
    _thread(work).start()


def together(works: list[Work]) -> None:
    """Do all of it at once and return when all is done."""
    threads = [_thread(work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _thread(work: Work) -> threading.Thread:
    def with_own_databases() -> None:
        try:
            work()
        finally:
            databases.close_all()

    return threading.Thread(target=with_own_databases, name="catalog", daemon=True)

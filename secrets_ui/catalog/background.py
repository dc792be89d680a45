"""Work that nobody waits for. It has threads of its own, and gives back what Django opened in them."""

import threading
from collections.abc import Callable

from django.db import connections as databases

Work = Callable[[], None]


def start(work: Work) -> None:
    """Let `work` begin now, beside whoever asked. It ends with the process, finished or not."""

    def with_own_databases() -> None:
        try:
            work()
        finally:
            databases.close_all()

    threading.Thread(target=with_own_databases, name="catalog", daemon=True).start()

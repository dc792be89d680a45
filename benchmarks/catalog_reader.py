"""Reads whole organizations into catalogs that were never read, as a worker of the dashboard does it.

Each line on stdin is an order and an organization's id, answered with one line of JSON. `time` tells
in seconds when all secrets were `read` and when their catalog was `kept` in the cache; `weigh` what
a catalog takes: `cache_bytes` in the cache, and `worker_bytes` in the process once it was searched,
filtered and sorted. CATALOG_WIDTH and SECRET_MANAGER_URL come from the environment.
"""

import gc
import json
import os
import sys
import time
import tracemalloc
import uuid
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
django.setup()

from dashboard import garbage  # noqa: E402
from django.core.cache import cache  # noqa: E402
from secret_manager import Credential  # noqa: E402
from secrets_ui import connection as connections  # noqa: E402
from secrets_ui.catalog import current, memory, refreshing  # noqa: E402
from secrets_ui.catalog.current import View  # noqa: E402
from secrets_ui.catalog.reading import Reading  # noqa: E402
from secrets_ui.connection import Connection  # noqa: E402

from benchmarks.scan import ask_everything  # noqa: E402

# Longer than any latency here: pages that were asked for past the end are answered by then.
REST = 0.25


def timed(organization_id: str) -> dict[str, Any]:
    """Read with a credential and connections that nobody used before."""
    _forget_everything()
    read_after = 0.0
    run = Reading.run

    def timed_run(reading: Reading) -> None:
        nonlocal read_after
        run(reading)
        read_after = time.perf_counter() - started

    started = time.perf_counter()
    with patch.object(Reading, "run", timed_run):
        view = _look(organization_id)
    return {"read": read_after, "kept": time.perf_counter() - started, "count": view.count}


def weighed(organization_id: str) -> dict[str, Any]:
    _forget_everything()
    _look(organization_id)  # so that whatever is loaded once is not counted
    _forget_everything()
    gc.collect()
    tracemalloc.start()
    view = _look(organization_id)
    ask_everything(view.snapshot)
    cache_bytes = _cache_bytes()
    cache.clear()
    gc.collect()
    worker_bytes, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"cache_bytes": cache_bytes, "worker_bytes": worker_bytes, "count": view.count}


def _look(organization_id: str) -> View:
    credential = Credential.personal("user-1410000000001", uuid.uuid4().hex)
    asked = Connection(organization_id=organization_id, label="", credential=credential)
    # In the thread that asks, so that its end is seen at once.
    at_once = SimpleNamespace(start=lambda work: work())
    with patch.object(refreshing, "background", at_once):
        view = current.look(asked)
    if not view.is_complete:
        raise RuntimeError(f"The catalog of {organization_id} is not complete: {view.problem}")
    return view


def _forget_everything() -> None:
    time.sleep(REST)
    cache.clear()
    memory.forget_all()
    connections.shared_transport.cache_clear()
    gc.collect()


def _cache_bytes() -> int:
    """Return how much the cache in this process's memory holds, keys included."""
    kept: dict[str, bytes] = cache._cache  # type: ignore[attr-defined]
    return sum(len(key) + len(value) for key, value in kept.items())


if __name__ == "__main__":
    garbage.settle()  # as each worker does
    for line in sys.stdin:
        order, organization_id = line.split()
        done = {"time": timed, "weigh": weighed}[order](organization_id)
        print(json.dumps(done), flush=True)

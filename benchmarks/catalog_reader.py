"""Reads whole organizations into catalogs that were never read, as a worker does it.

Each line on stdin is an organization's id, answered with one JSON line: the `seconds` from the first
question to the catalog, the `count` of secrets, and the `cache_bytes` it takes in the cache.
CATALOG_WIDTH and SECRET_MANAGER_URL come from the environment.
"""

import json
import os
import sys
import time
import uuid
from types import SimpleNamespace
from unittest.mock import patch

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
django.setup()

from django.core.cache import cache  # noqa: E402
from secret_manager import Credential  # noqa: E402
from secrets_ui import connection as connections  # noqa: E402
from secrets_ui.catalog import current, memory, refreshing  # noqa: E402
from secrets_ui.connection import Connection  # noqa: E402


def read(organization_id: str) -> dict[str, float]:
    """Read with a credential and connections that nobody used before."""
    cache.clear()
    memory.forget_all()
    connections.shared_transport.cache_clear()
    credential = Credential.personal("user-1410000000001", uuid.uuid4().hex)
    asked = Connection(organization_id=organization_id, label="", credential=credential)
    started = time.perf_counter()
    # In the thread that asks, so that its end is seen at once.
    at_once = SimpleNamespace(start=lambda work: work())
    with patch.object(refreshing, "background", at_once):
        view = current.look(asked)
    seconds = time.perf_counter() - started
    if not view.is_complete:
        raise RuntimeError(f"The catalog of {organization_id} is not complete: {view.problem}")
    return {"seconds": seconds, "count": view.count, "cache_bytes": _cache_bytes()}


def _cache_bytes() -> int:
    """Return how much the cache in this process's memory holds, keys included."""
    kept: dict[str, bytes] = cache._cache  # type: ignore[attr-defined]
    return sum(len(key) + len(value) for key, value in kept.items())


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(read(line.strip())), flush=True)

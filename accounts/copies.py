"""Copies of rows in the cache that no race can bring back after the row changed or went.

Whoever reads a row may be overtaken by whoever changes it, and come to the cache last with what is
no longer true. So a reader only fills an empty place, and a change leaves a mark there, which says
"ask the database" for as long as such a reader may take.
"""

from typing import Any

from django.core.cache import cache

# What went while the cache was unreachable is refused after this.
CACHED_SECONDS = 60
ASK_THE_DATABASE = "ask the database"


def find(name: str) -> dict[str, Any] | None:
    """Return the copy; None where the database has to be asked."""
    found = cache.get(name)
    return None if found == ASK_THE_DATABASE else found


def fill(name: str, copy: dict[str, Any]) -> None:
    """Keep what was read, unless somebody was faster: they know something newer."""
    cache.add(name, copy, CACHED_SECONDS)


def replace(name: str, copy: dict[str, Any]) -> None:
    """Keep what is being written. Only for who holds the row: nobody can be faster."""
    cache.set(name, copy, CACHED_SECONDS)


def invalidate(name: str) -> None:
    """Drop the copy of a row that changed or went, after the fact."""
    cache.set(name, ASK_THE_DATABASE, CACHED_SECONDS)

"""The catalogs that this process keeps ready for questions, as many as a setting allows."""

from collections import OrderedDict
from threading import Lock

from django.conf import settings

from secrets_ui.catalog.snapshot import Snapshot

_kept: OrderedDict[str, tuple[str, int, Snapshot]] = OrderedDict()
_lock = Lock()


def recall(key: str, name: str) -> tuple[int, Snapshot] | None:
    """Return the snapshot of this name and the number of the last change in it, if it is still there."""
    with _lock:
        kept = _kept.get(key)
        if kept is None or kept[0] != name:
            return None
        _kept.move_to_end(key)
        return kept[1], kept[2]


def remember(key: str, name: str, changes: int, snapshot: Snapshot) -> None:
    """Keep a snapshot; those that were not asked for the longest make room for it."""
    with _lock:
        _kept[key] = name, changes, snapshot
        _kept.move_to_end(key)
        while sum(len(kept[2]) for kept in _kept.values()) > settings.CATALOG_IN_MEMORY:
            _kept.popitem(last=False)


def forget_all() -> None:
    """Keep nothing ready, for example for the next test."""
    with _lock:
        _kept.clear()

"""What a process keeps ready is bounded by a setting, and never taken for something else."""

from typing import Any

import pytest

from secrets_ui.catalog import memory
from secrets_ui.catalog.snapshot import Snapshot
from tests.secrets_ui.catalog.support import summaries


def keep(key: str, count: int) -> Snapshot:
    snapshot = Snapshot(summaries(count))
    memory.remember(key, "name", 0, snapshot)
    return snapshot


def kept(*keys: str) -> list[str]:
    return [key for key in keys if memory.recall(key, "name")]


def test_a_snapshot_is_there_again_with_the_number_of_its_last_change() -> None:
    snapshot = Snapshot(summaries(3))
    memory.remember("one", "name", 7, snapshot)
    assert memory.recall("one", "name") == (7, snapshot)


def test_what_was_read_since_is_another() -> None:
    keep("one", 3)
    assert memory.recall("one", "another name") is None
    assert memory.recall("another", "name") is None


def test_those_not_asked_for_the_longest_make_room(settings: Any) -> None:
    settings.CATALOG_IN_MEMORY = 10
    keep("one", 4)
    keep("two", 4)
    assert kept("one")
    keep("three", 4)
    assert kept("one", "two", "three") == ["one", "three"]


def test_the_same_catalog_counts_once(settings: Any) -> None:
    settings.CATALOG_IN_MEMORY = 10
    keep("one", 4)
    for _ in range(5):
        keep("two", 6)
    assert kept("one", "two") == ["one", "two"]


@pytest.mark.parametrize("most", [0, 3])
def test_what_is_larger_than_all_there_is_room_for_is_not_kept(settings: Any, most: int) -> None:
    settings.CATALOG_IN_MEMORY = most
    keep("one", 4)
    assert not kept("one")

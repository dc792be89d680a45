from datetime import UTC, datetime

import pytest

from benchmarks.scan import QUERIES, SIEVES, snapshot_of
from secrets_ui.catalog import search, sifting
from secrets_ui.catalog.snapshot import Snapshot

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return snapshot_of(1_000, now=NOW)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_each_usual_query_finds_something(snapshot: Snapshot, query: str) -> None:
    assert search.find(snapshot, query)


@pytest.mark.parametrize("name", SIEVES)
def test_each_filter_leaves_some_and_takes_some(snapshot: Snapshot, name: str) -> None:
    everything = range(len(snapshot))
    left = sifting.sift(snapshot, everything, SIEVES[name], now=NOW.timestamp())
    assert 0 < len(left) < len(snapshot)

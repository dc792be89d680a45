"""What `make bench` measures goes through the catalog as it is now, and ends as it should."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.processes import Reader, running_catalog_reader, running_stub
from benchmarks.stub import organization_of

SIZE = 230


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    state_dir: Path = tmp_path_factory.mktemp("catalog-reader")
    with (
        running_stub([SIZE]) as stub,
        running_catalog_reader(stub.url, state_dir, width=2) as reader,
    ):
        yield reader


def test_a_whole_organization_is_read_and_kept(reader: Reader) -> None:
    done = reader.ask(f"time {organization_of(SIZE)}")
    assert done["count"] == SIZE
    assert 0 < done["read"] < done["kept"]


def test_a_catalog_is_weighed_in_the_cache_and_in_the_process(reader: Reader) -> None:
    done = reader.ask(f"weigh {organization_of(SIZE)}")
    assert done["count"] == SIZE
    assert 0 < done["cache_bytes"] < done["worker_bytes"]

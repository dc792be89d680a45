"""(d) What a catalog takes of memory: in the cache, in a worker, and as the system counts a worker."""

import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.desk import Desk, desk_at
from benchmarks.processes import Stub, dashboard_of, running_catalog_reader
from benchmarks.report import Goal, Section
from benchmarks.stub import organization_of

GOAL_SIZE = 10_000


def weights(stub: Stub, sizes: Sequence[int], folder: Path) -> Section:
    stub.set_latency(0)
    with running_catalog_reader(stub.url, folder / "weighed", width=8) as reader:
        weighed = {size: reader.ask(f"weigh {organization_of(size)}") for size in sizes}
    rows = [["bare worker, nobody signed in", "", "", f"{_bare_rss(stub, folder):.0f}"]]
    for size, found in weighed.items():
        in_cache, in_worker = found["cache_bytes"] / size, found["worker_bytes"] / size
        rss = f"{_rss_with(size, stub, folder):.0f}"
        rows.append([f"{size:,} secrets", f"{in_cache:,.0f}", f"{in_worker:,.0f}", rss])
    goals = [
        Goal(
            "A secret in the cache",
            1_000,
            weighed[size]["cache_bytes"] / size,
            unit="bytes",
        )
        for size in sizes
        if size == GOAL_SIZE
    ]
    note = (
        "*In the cache*: keys and all, as kept for 15 minutes. *In a worker*: ready to search, with the"
        " orders and indexes that questions made; `CATALOG_IN_MEMORY` bounds how many are."
        " *Worker*: the resident set of a fresh gunicorn worker after it has read the catalog and"
        " searched it, its in-process cache included. The first rows divide fixed costs by few secrets."
    )
    header = ["", "bytes a secret in the cache", "bytes a secret in a worker", "worker, MB"]
    return Section("Memory", note, header, rows, goals)


def _bare_rss(stub: Stub, folder: Path) -> float:
    with dashboard_of(stub.url, folder / "bare") as dashboard:
        return worker_rss(dashboard.pid)


def _rss_with(size: int, stub: Stub, folder: Path) -> float:
    with (
        dashboard_of(stub.url, folder / f"worker-{size}") as dashboard,
        desk_at(dashboard) as desk,
    ):
        desk.open_warm([size], stub)
        _search(desk, size)
        return worker_rss(dashboard.pid)


def _search(desk: Desk, size: int) -> None:
    for query in ("q=backup", "q=bakcup", "sort=expiry", "expiry=30"):
        desk.visitor.get(f"{desk.list_path(size)}?{query}")
    time.sleep(0.2)


def worker_rss(master_pid: int) -> float:
    """Return the resident set of gunicorn's one worker, in MB (proc(5), VmRSS)."""
    (worker,) = Path(f"/proc/{master_pid}/task/{master_pid}/children").read_text().split()
    status = Path(f"/proc/{worker}/status").read_text()
    (kilobytes,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1000

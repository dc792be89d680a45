"""(a) The list right after connecting, when nobody has read the catalog yet."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.desk import Desk, desk_at, wait_until_quiet
from benchmarks.processes import Stub, dashboard_of
from benchmarks.report import Section, ms
from benchmarks.visitor import Served

LATENCIES = (20, 100)  # milliseconds
ROUNDS = 3


def first_pages(stub: Stub, sizes: Sequence[int], folder: Path) -> Section:
    rows = []
    with dashboard_of(stub.url, folder / "first") as dashboard, desk_at(dashboard) as desk:
        stub.set_latency(0)
        desk.open_warm([min(sizes)], stub)
        for size in sizes:
            row = [f"{size:,}"]
            for latency in LATENCIES:
                stub.set_latency(latency)
                served = [_first_page(desk, size, stub) for _ in range(ROUNDS)]
                last = median(one.last_byte for one in served)
                row += [ms(median(one.first_byte for one in served)), ms(last)]
                row.append(ms(last - latency / 1000))
            rows.append(row)
    header = ["secrets"]
    for latency in LATENCIES:
        header += [f"{latency} ms: first byte", "last byte", "over the latency"]
    note = (
        "Milliseconds until the first page of the list is there, for somebody who has just connected"
        " to an organization whose catalog nobody has read. It never waits for the catalog, whose"
        " reading begins at the same moment."
    )
    return Section("First list page", note, header, rows)


def _first_page(desk: Desk, size: int, stub: Stub) -> Served:
    desk.connect(size)
    served = desk.visitor.get(desk.list_path(size))
    wait_until_quiet(stub)
    return served

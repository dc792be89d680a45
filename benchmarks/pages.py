"""(a, c) What a person waits for: pages of a real server, from the request to the last byte."""

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import quote

from tests.services.dashboard import PROJECT, RunningDashboard

from benchmarks.processes import Stub, dashboard_of, running_admin
from benchmarks.report import Goal, Section, ms
from benchmarks.scan import QUERIES, scan_times
from benchmarks.stub import organization_of
from benchmarks.visitor import HTMX, Served, Visitor

ROUNDS = 20
COLD_ROUNDS = 3
LATENCIES = (20, 100)  # milliseconds
GOAL_SIZE = 10_000
SMALL_SIZE = 100
FILTER, SORT = "expiry=30", "sort=expiry"
ADMIN_LIST = "/admin/peer/secret/"


@dataclass(frozen=True)
class Desk:
    """A signed-in person and the pages in front of them."""

    visitor: Visitor

    def list_path(self, size: int) -> str:
        return f"/organizations/{organization_of(size)}/secrets/"

    def connect(self, size: int) -> None:
        """Connect with a credential that nobody has used: no catalog is there for it."""
        self.visitor.connect(organization_of(size), secrets.token_hex(16))

    def open_warm(self, sizes: Sequence[int], stub: Stub) -> None:
        """Connect to each, and return when their catalogs are read."""
        for size in sizes:
            self.connect(size)
            self.visitor.get(self.list_path(size))
            wait_until_quiet(stub)
            self.visitor.get(self.list_path(size))


@contextmanager
def desk_at(dashboard: RunningDashboard) -> Iterator[Desk]:
    """Make a person at this dashboard, and sign them in."""
    password = secrets.token_urlsafe(16)
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--noinput"],
        cwd=PROJECT,
        env={
            **dashboard.environment,
            "DJANGO_SUPERUSER_USERNAME": "hanako",
            "DJANGO_SUPERUSER_EMAIL": "hanako@example.com",
            "DJANGO_SUPERUSER_PASSWORD": password,
        },
        check=True,
        capture_output=True,
    )
    visitor = Visitor(dashboard.url)
    try:
        visitor.sign_in("hanako", password)
        yield Desk(visitor)
    finally:
        visitor.close()


def wait_until_quiet(stub: Stub) -> None:
    """Return when the API has not been asked anything for a while: no reading is under way."""
    before = -1
    deadline = time.monotonic() + 60
    while (asked := stub.requests()) != before:
        if time.monotonic() > deadline:
            raise TimeoutError("A catalog is still being read.")
        before = asked
        time.sleep(0.4)


def first_pages(stub: Stub, sizes: Sequence[int], folder: Path) -> Section:
    """The list right after connecting, while the first reading of the catalog begins beside it."""
    rows = []
    with dashboard_of(stub.url, folder / "first") as dashboard, desk_at(dashboard) as desk:
        stub.set_latency(0)
        desk.open_warm([min(sizes)], stub)
        for size in sizes:
            row = [f"{size:,}"]
            for latency in LATENCIES:
                stub.set_latency(latency)
                served = [_first_page(desk, size, stub) for _ in range(COLD_ROUNDS)]
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


def scans(sizes: Sequence[int]) -> Section:
    """What questions take of a warm catalog, without a page."""
    times = {size: scan_times(size) for size in sizes}
    questions = times[sizes[0]]
    rows = [[name, *(ms(times[size][name]) for size in sizes)] for name in questions]
    goals = [
        Goal(
            f"The slowest usual search of a warm catalog of {GOAL_SIZE:,}",
            2,
            max(times[GOAL_SIZE][f"search: {name}"] for name in QUERIES) * 1000,
            unit="ms",
        )
        for size in sizes
        if size == GOAL_SIZE
    ]
    note = "Milliseconds for the question alone, in one thread; medians."
    header = ["", *(f"{size:,} secrets" for size in sizes)]
    return Section("Warm catalog: the scan", note, header, rows, goals)


def warm_pages(stub: Stub, sizes: Sequence[int], folder: Path) -> Section:
    """Lists, searches, filters and orders as they are served, beside those of Django's admin."""
    stub.set_latency(0)
    peer_size = min(GOAL_SIZE, max(sizes))
    with (
        dashboard_of(stub.url, folder / "warm") as dashboard,
        running_admin(peer_size, folder / "admin") as admin,
        desk_at(dashboard) as desk,
    ):
        desk.open_warm(sizes, stub)
        peer = Visitor(admin.url)
        peer.take_cookie("sessionid", admin.session_cookie)
        asked = {
            (what, size): ask
            for size in sizes
            for what, ask in _pages(desk.visitor, desk.list_path(size)).items()
        }
        asked |= {
            (f"Django admin: {what}", peer_size): ask for what, ask in _peer_pages(peer).items()
        }
        served = _in_turns(asked)
        peer.close()
    return _warm_section(served, sizes, peer_size)


Ask = Callable[[int], Served]
"""Ask for a page; the number of the round chooses among several queries."""
Key = tuple[str, int]


def _pages(visitor: Visitor, path: str) -> dict[str, Ask]:
    queries = [quote(query) for query in QUERIES.values()]

    def page(address: str, headers: Mapping[str, str] | None = None) -> Ask:
        return lambda number: visitor.get(path + address, headers=headers)

    def search(headers: Mapping[str, str] | None = None) -> Ask:
        return lambda number: visitor.get(
            f"{path}?q={queries[number % len(queries)]}", headers=headers
        )

    return {
        "list": page("?sort=name"),
        "search": search(),
        "search, the part": search(HTMX),
        "filter": page(f"?{FILTER}"),
        "filter, the part": page(f"?{FILTER}", HTMX),
        "sort": page(f"?{SORT}"),
        "sort, the part": page(f"?{SORT}", HTMX),
    }


def _peer_pages(visitor: Visitor) -> dict[str, Ask]:
    queries = [quote(query) for query in QUERIES.values()]
    return {
        "list": lambda number: visitor.get(ADMIN_LIST),
        "search": lambda number: visitor.get(f"{ADMIN_LIST}?q={queries[number % len(queries)]}"),
    }


def _in_turns(asked: Mapping[Key, Ask]) -> dict[Key, list[Served]]:
    served: dict[Key, list[Served]] = {key: [] for key in asked}
    for number in range(-1, ROUNDS):
        for key, ask in asked.items():
            one = ask(max(number, 0))
            if number >= 0:  # the round before the first one warms up
                served[key].append(one)
    return served


def _warm_section(
    served: Mapping[Key, list[Served]], sizes: Sequence[int], peer_size: int
) -> Section:
    first = {key: median(one.first_byte for one in each) for key, each in served.items()}
    last = {key: median(one.last_byte for one in each) for key, each in served.items()}
    kilobytes = {key: median(len(one.body) for one in each) / 1000 for key, each in served.items()}

    def cell(key: Key) -> str:
        return f"{ms(first[key])} / {ms(last[key])}" if key in last else ""

    names = list(dict.fromkeys(name for name, _size in served))
    biggest = {name: max(size for each, size in served if each == name) for name in names}
    rows = [
        [
            name,
            *(cell((name, size)) for size in sizes),
            f"{kilobytes[name, biggest[name]]:.0f}",
        ]
        for name in names
    ]
    note = (
        "Milliseconds from sending a request to the first and to the last byte of its answer: one"
        " browser, kept-alive loopback, the API 0 ms away, 50 rows a page; medians of"
        f" {ROUNDS} rounds in which all pages take turns. *The part* is what htmx puts into the page."
        f" Searches take turns among {', '.join(f'`{query}`' for query in QUERIES.values())}. Django's"
        f" admin has the same {peer_size:,} secrets in SQLite and the same server, and no filters."
    )
    header = ["", *(f"{size:,} secrets" for size in sizes), "kB"]
    goals = []
    if GOAL_SIZE in sizes and SMALL_SIZE in sizes:
        peer_search = last["Django admin: search", peer_size]
        goals = [
            Goal(
                f"Django admin's search in searches of {GOAL_SIZE:,}, the whole page",
                30,
                peer_search / last["search", GOAL_SIZE],
                bound="least",
            ),
            Goal(
                f"Django admin's search in searches of {GOAL_SIZE:,}, as one types (the part)",
                30,
                peer_search / last["search, the part", GOAL_SIZE],
                bound="least",
            ),
            Goal(
                f"A list page at {GOAL_SIZE:,} in list pages at {SMALL_SIZE}",
                1.15,
                last["list", GOAL_SIZE] / last["list", SMALL_SIZE],
            ),
        ]
    return Section("Warm catalog: pages as they are felt", note, header, rows, goals)

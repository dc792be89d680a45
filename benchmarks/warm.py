"""(c) What a person waits for: pages of a real server, from the request to the last byte."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from urllib.parse import quote

from benchmarks.desk import desk_at
from benchmarks.processes import Stub, dashboard_of, running_admin
from benchmarks.report import Goal, Section, ms
from benchmarks.scan import QUERIES
from benchmarks.visitor import HTMX, Served, Visitor

ROUNDS = 20
GOAL_SIZE = 10_000
SMALL_SIZE = 100
FILTER, SORT = "expiry=30", "sort=expiry"
ADMIN_LISTS = {"": "/admin/peer/secret/", ", one table": "/admin/peer/flatsecret/"}


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

    def page(address: str) -> Ask:
        return lambda number: visitor.get(address)

    def search(address: str) -> Ask:
        return lambda number: visitor.get(f"{address}?q={queries[number % len(queries)]}")

    lists = {f"list{name}": page(address) for name, address in ADMIN_LISTS.items()}
    return lists | {f"search{name}": search(address) for name, address in ADMIN_LISTS.items()}


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
        f" admin has the same {peer_size:,} secrets in SQLite and the same server. It searches what the"
        " dashboard searches and has filters for the same, with versions, apps and notes in tables of"
        " their own; *one table* is the least it could be: all of a secret in one row, no notes, no"
        " filters."
    )
    header = ["", *(f"{size:,} secrets" for size in sizes), "kB"]
    goals = []
    if GOAL_SIZE in sizes and SMALL_SIZE in sizes:
        goals = [
            Goal(
                f"Django admin's search{peer} in searches of {GOAL_SIZE:,}, {what}",
                30,
                last[f"Django admin: search{peer}", peer_size] / last[ours, GOAL_SIZE],
                bound="least",
            )
            for peer in ADMIN_LISTS
            for ours, what in (("search", "the whole page"), ("search, the part", "the part"))
        ]
        goals.append(
            Goal(
                f"A list page at {GOAL_SIZE:,} in list pages at {SMALL_SIZE}",
                1.15,
                last["list", GOAL_SIZE] / last["list", SMALL_SIZE],
            )
        )
    return Section("Warm catalog: pages as they are felt", note, header, rows, goals)

"""(c) The questions that are asked of a catalog, and what they take without a page around them."""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median

from secret_manager.summaries import read_summary_page
from secrets_ui.catalog import search, sifting
from secrets_ui.catalog.sifting import Sieve
from secrets_ui.catalog.snapshot import Snapshot

from benchmarks import names
from benchmarks.report import Goal, Section, ms

_FIRST_ID: str = next(names.organization(1, now=datetime.now(UTC)))["id"]

# What people type, by what it is called in the table.
QUERIES = {
    "one word": "backup",
    "two words": "aws password",
    "Japanese": "給与",
    "start of an id": _FIRST_ID[:6],
}
# What is rarer, or costs more by its nature.
HARD_QUERIES = {"one letter": "a", "a typing error": "bakcup"}
SIEVES = {
    "expiring within 30 days": Sieve(expiry="30"),
    "none on": Sieve(status="off"),
    "of one creator": Sieve(creator=names.CREATORS[0]),
}
SORT = "expiry"
REPEATS = 15
GOAL_SIZE = 10_000


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


def snapshot_of(size: int, *, now: datetime) -> Snapshot:
    """Return a catalog of so many secrets that nothing was asked of yet."""
    page = json.dumps({"secrets": list(names.organization(size, now=now))}).encode()
    summaries = read_summary_page(page, offset=0, limit=size).summaries
    return Snapshot(summaries, read_at=now.timestamp())


def ask_everything(snapshot: Snapshot) -> None:
    """Ask all there is to ask, so that what is made for the first question is there."""
    for question in _questions(snapshot).values():
        question()


def scan_times(size: int) -> dict[str, float]:
    """Return the seconds that each question takes of a warm catalog."""
    snapshot = snapshot_of(size, now=datetime.now(UTC))
    ask_everything(snapshot)
    questions = _questions(snapshot)
    times: dict[str, list[float]] = {name: [] for name in questions}
    for _ in range(REPEATS):
        for name, question in questions.items():
            started = time.perf_counter()
            question()
            times[name].append(time.perf_counter() - started)
    return {name: median(taken) for name, taken in times.items()}


def _questions(snapshot: Snapshot) -> dict[str, Callable[[], object]]:
    everything, now = range(len(snapshot)), time.time()

    def found(query: str) -> Callable[[], object]:
        return lambda: search.find(snapshot, query)

    def sifted(sieve: Sieve) -> Callable[[], object]:
        return lambda: sifting.sift(snapshot, everything, sieve, now=now)

    def sorted_half() -> object:
        return sifting.in_order(snapshot, everything[::2], SORT)

    return {
        **{f"search: {name}": found(query) for name, query in QUERIES.items()},
        **{f"search: {name}": found(query) for name, query in HARD_QUERIES.items()},
        **{f"filter: {name}": sifted(sieve) for name, sieve in SIEVES.items()},
        "sort: all, by expiry": lambda: sifting.in_order(snapshot, everything, SORT),
        "sort: every second one, by expiry": sorted_half,
    }

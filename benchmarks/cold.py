"""(b) Reading a catalog that nobody has read: against what the latency alone takes, and the SDK."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.processes import Reader, Stub, running_catalog_reader, running_sdk_reader
from benchmarks.report import Goal, Section, ms
from benchmarks.stub import organization_of

WIDTHS = (8, 16)
LATENCIES = (20, 100)  # milliseconds
ROUNDS = 5
# The SDK reads one page after the other, so its time is known beforehand: 500 latencies for 50,000.
SDK_PAGES = 250
GOAL_SIZE = 10_000

Runs = dict[str, list[float]]


def cold_reads(stub: Stub, sizes: Sequence[int], folder: Path) -> Section:
    rows: list[list[str]] = []
    goals: list[Goal] = []
    with ExitStack() as stack:
        sdk = stack.enter_context(running_sdk_reader(stub.url))
        readers = {
            width: stack.enter_context(
                running_catalog_reader(stub.url, folder / f"width-{width}", width=width)
            )
            for width in WIDTHS
        }
        for latency in LATENCIES:
            stub.set_latency(latency)
            for size in sizes:
                runs = _runs(size, readers, sdk)
                rows.append(_row(size, latency, runs))
                if size == GOAL_SIZE:
                    goals += _goals(latency, runs)
    header = ["secrets, latency", "official SDK"]
    for width in WIDTHS:
        header += [f"ideal, {width} at once", "read", "of ideal", "kept", "of SDK"]
    note = (
        "Milliseconds, medians; plain HTTP. *Ideal* is `ceil(pages / width) × latency`, pages of 100."
        " *Read*: the catalog has every secret. *Kept*: it is packed and in the cache, too. The SDK"
        " asks page by page and gets every value; the dashboard gets none. A time divided by the"
        " SDK's in the same run is *of SDK*. 8 at once is the default of `CATALOG_WIDTH`."
    )
    return Section("Cold catalog", note, header, rows, goals)


def _runs(size: int, readers: dict[int, Reader], sdk: Reader) -> dict[str, float]:
    """Return the median seconds of each way, read in turns."""
    taken: Runs = {}
    organization_id = organization_of(size)
    sdk_rounds = max(1, min(ROUNDS, SDK_PAGES // _pages(size)))
    for number in range(ROUNDS if size <= GOAL_SIZE else 3):
        for width, reader in readers.items():
            done = _checked(reader.ask(f"time {organization_id}"), size)
            taken.setdefault(f"read {width}", []).append(done["read"])
            taken.setdefault(f"kept {width}", []).append(done["kept"])
        if number < sdk_rounds:
            done = _checked(sdk.ask(organization_id), size)
            taken.setdefault("sdk", []).append(done["seconds"])
    return {name: median(each) for name, each in taken.items()}


def _checked(done: dict[str, float], size: int) -> dict[str, float]:
    if done["count"] != size:
        raise RuntimeError(f"{done['count']} secrets were read of {size}.")
    return done


def _row(size: int, latency: int, runs: dict[str, float]) -> list[str]:
    row = [f"{size:,}, {latency} ms", ms(runs["sdk"])]
    for width in WIDTHS:
        ideal, read = _ideal(size, width, latency), runs[f"read {width}"]
        row += [ms(ideal), ms(read), f"{read / ideal:.2f} x", ms(runs[f"kept {width}"])]
        row.append(f"1 / {runs['sdk'] / read:.1f}")
    return row


def _goals(latency: int, runs: dict[str, float]) -> list[Goal]:
    """At 20 ms the goal is for the default width: 16 pages in 20 ms are more than one Python does."""
    what = f"Cold catalog of {GOAL_SIZE:,} at {latency} ms, in ideals"
    if latency == 20:
        return [Goal(f"{what}, 8 at once", 1.25, runs["read 8"] / _ideal(GOAL_SIZE, 8, 20))]
    ratios = {width: runs[f"read {width}"] / _ideal(GOAL_SIZE, width, latency) for width in WIDTHS}
    return [
        *(Goal(f"{what}, {width} at once", 1.10, ratio) for width, ratio in ratios.items()),
        Goal(
            f"The SDK's time in cold catalogs of {GOAL_SIZE:,} at {latency} ms, 16 at once",
            14,
            runs["sdk"] / runs["read 16"],
            bound="least",
        ),
    ]


def _ideal(size: int, width: int, latency: int) -> float:
    return -(-_pages(size) // width) * latency / 1000


def _pages(size: int) -> int:
    return -(-size // 100)

"""`make bench`: measures, prints, and writes RESULTS.md. README.md beside it explains all of it."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

# For what is asked in this process. The servers that are measured have settings of their own.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from benchmarks import cold, first_page, keys, scan, warm, weight
from benchmarks.processes import running_stub
from benchmarks.report import Section, document, load

SIZES = (100, 1_000, 10_000, 50_000)
RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the catalog and its pages.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of secrets")
    parser.add_argument(
        "--only", choices=["first", "cold", "scan", "warm", "keys", "memory"], nargs="+"
    )
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    sizes = sorted(given.sizes)
    load_before, began = load(), datetime.now(UTC)
    with tempfile.TemporaryDirectory() as name, running_stub(sizes) as stub:
        folder = Path(name)
        measured: dict[str, Callable[[], Section]] = {
            "first": lambda: first_page.first_pages(stub, sizes, folder),
            "cold": lambda: cold.cold_reads(stub, sizes, folder),
            "scan": lambda: scan.scans(sizes),
            "warm": lambda: warm.warm_pages(stub, sizes, folder),
            "keys": lambda: keys.keys(stub, sizes, folder),
            "memory": lambda: weight.weights(stub, sizes, folder),
        }
        sections = [
            _told(measure) for part, measure in measured.items() if part in (given.only or measured)
        ]
    command = (
        "make bench"
        if len(sys.argv) == 1
        else f"python -m benchmarks.bench {' '.join(sys.argv[1:])}"
    )
    text = document(sections, command=command, load_before=load_before, began=began)
    given.output.write_text(text)
    print(text.partition("##")[0])


def _told(measure: Callable[[], Section]) -> Section:
    started = time.monotonic()
    section = measure()
    print(f"{section}\n({time.monotonic() - started:.0f} s)\n", flush=True)
    return section


if __name__ == "__main__":
    main()

"""(e) What somebody at the keyboard feels: a real Chromium, typing into the list and the palette."""

import shutil
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from benchmarks.desk import Desk, desk_at
from benchmarks.processes import Stub, dashboard_of
from benchmarks.report import Goal, Section, ms

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WORDS = ("backup", "aws password", "payrol", "143", "e")
# Milliseconds between letters: a quick typist, and one whose letters meet what the last one found.
PACES = (90, 190)
# What the browser itself says of each key: from the key to the next picture, in steps of 8 ms and from
# 16 ms on; and when what was found stood on the page, from the last letter on.
_WATCH = """() => {
    window.slow = []; window.long = []; window.settled = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((one) => one.name.startsWith("key")
        && slow.push(one.duration))).observe({ type: "event", durationThreshold: 16 });
    new PerformanceObserver((list) => list.getEntries().forEach((one) => long.push(one.duration)))
        .observe({ type: "longtask" });
    document.addEventListener("keydown", () => { window.pressed = performance.now(); }, true);
    document.body.addEventListener("htmx:afterSettle", () => requestAnimationFrame(() =>
        setTimeout(() => { window.settled = performance.now(); })));
}"""
_FOUND = """() => new Promise((done) => {
    const look = () => settled > pressed ? done(settled - pressed) : setTimeout(look, 10);
    look();
})"""


def keys(stub: Stub, sizes: Sequence[int], folder: Path) -> Section:
    """Type words into lists of these sizes, and measure how long each key waits for its picture."""
    stub.set_latency(0)
    rows, slowest = [], 0.0
    with (
        dashboard_of(stub.url, folder / "keys") as dashboard,
        desk_at(dashboard) as desk,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, CHROMIUM)), None),
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page(base_url=dashboard.url, viewport={"width": 1440, "height": 900})
        desk.open_warm(sizes, stub)
        page.context.add_cookies(
            [
                {"name": name, "value": value, "url": dashboard.url}
                for name, value in desk.visitor.cookies.items()
            ]
        )
        for size in sizes:
            for where, measure in (("list", _in_list), ("palette", _in_palette)):
                slow, long, found = measure(page, desk, size)
                slowest = max([slowest, *slow])
                rows.append(
                    [
                        f"{where}, {size:,}",
                        ms(max(slow, default=0) / 1000) if slow else "< 16",
                        str(len(slow)),
                        ms(max(long) / 1000) if long else "< 50",
                        ms(median(found) / 1000),
                        ms(max(found) / 1000),
                    ]
                )
        browser.close()
    note = (
        "Milliseconds in Chromium without a screen. *Slowest key*: from a key to the next picture, of"
        " all keys, as the browser's own event timing tells it; it tells of none below 16 ms. *Found*:"
        " from the last letter of a word until what it finds is on the page, in which the list waits"
        " 150 ms and the palette 100 ms for another letter. Typed are"
        f" {', '.join(f'`{word}`' for word in WORDS)}, a letter every"
        f" {' and every '.join(map(str, PACES))} ms."
    )
    header = [
        "where, secrets",
        "slowest key",
        "keys from 16 ms on",
        "longest task",
        "found",
        "at most",
    ]
    goal = Goal("The slowest response to a key", 200, slowest, unit="ms")
    return Section("Keys: what a person feels", note, header, rows, [goal])


Measured = tuple[list[float], list[float], list[float]]
"""Milliseconds: of slow keys, of long tasks, and until each word was found."""


def _in_list(page: Page, desk: Desk, size: int) -> Measured:
    page.goto(desk.list_path(size))
    return _typed(page, "#q")


def _in_palette(page: Page, desk: Desk, size: int) -> Measured:
    page.goto(desk.list_path(size))
    page.keyboard.press("Control+k")
    page.wait_for_selector("#jump-q")
    return _typed(page, "#jump-q")


def _typed(page: Page, field: str) -> Measured:
    page.evaluate(_WATCH)
    found = []
    for word, pace in product(WORDS, PACES):
        page.locator(field).select_text()
        page.keyboard.type(word, delay=pace)
        found.append(page.evaluate(_FOUND))
    page.wait_for_timeout(200)
    return page.evaluate("() => slow"), page.evaluate("() => long"), found

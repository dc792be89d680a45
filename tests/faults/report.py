"""The cells as a table of text, and their count in one line."""

from collections import Counter
from collections.abc import Iterable

from tests.faults.cells import Cell
from tests.faults.operations import OPERATIONS

LEGEND = """
+ said to be done, and was       s shown
- said not to be done, and was not   i shown, and said that the list may be incomplete
? said not to be known           e said that it cannot be shown
g said to have been gone before  . this operation does not meet this fault
X broke a rule
"""


def table(cells: Iterable[Cell]) -> str:
    """Return the matrix: a line for each kind, a column for each operation."""
    rows: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.kind, {})[cell.operation] = cell
    width = max(map(len, rows), default=0)
    lines = [_slanted(width), *(_line(kind, row, width) for kind, row in rows.items())]
    return "\n".join(
        [*lines, LEGEND, summary(cell for row in rows.values() for cell in row.values())]
    )


def summary(cells: Iterable[Cell]) -> str:
    """Return the counts by mark, and every broken rule."""
    cells = list(cells)
    marks = Counter(cell.mark for cell in cells)
    met = len(cells) - marks["."]
    counted = ", ".join(f"{mark} {count}" for mark, count in sorted(marks.items()))
    broken = [
        f"  {cell.kind} x {cell.operation}: {rule}: {wrong}"
        for cell in cells
        for rule, wrong in cell.broken
    ]
    return "\n".join([f"{met} cells, {len(broken)} broken rules ({counted})", *broken])


def _slanted(width: int) -> str:
    """The names of the operations, each down its column."""
    names = list(OPERATIONS)
    height = max(map(len, names))
    return "\n".join(
        " " * width + "  " + " ".join(name.rjust(height)[row] for name in names)
        for row in range(height)
    )


def _line(kind: str, row: dict[str, Cell], width: int) -> str:
    marks = (row[name].mark if name in row else " " for name in OPERATIONS)
    return f"{kind:{width}}  {' '.join(marks)}"

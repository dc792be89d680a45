"""Bars as SVG draws them: upright where there is room, lying on a phone. The scale begins at zero.

Across, places are shares of the width, so that letters keep their size; all else is in pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["", "bad", "warning", "muted"]

# Upright: what the longest bar takes, and what is left above and below it for its words.
TALLEST, ABOVE, BELOW = 132, 24, 28
# Of what each bar has for itself, how much it fills.
FILLED = 0.6
# Lying: one bar below the other; shares of the width for words, bar and number.
ROW, THICKNESS = 32, 16
LONGEST = 46.0
# A bar of one beside a bar of thousands is still to be seen, and to be pressed.
SHORTEST, SHORTEST_SHARE = 2, 0.6
_BASELINE = 5


@dataclass(frozen=True, kw_only=True)
class Column:
    """One number of a chart. label: below the bar. name: all of it in words. url: what it counts."""

    label: str
    name: str
    count: int
    url: str
    tone: Tone = ""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A column drawn. Places across are texts such as "12.50%", all others pixels.

    slot_*: all that belongs to the bar, as a target to press.
    """

    column: Column
    x: str
    y: int
    width: str
    height: int
    label_x: str
    label_y: int
    number_x: str
    number_y: int
    slot_x: str
    slot_y: int
    slot_width: str
    slot_height: int


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars, and how high the drawing is. It is as wide as there is room.

    line: where upright bars stand.
    """

    bars: Sequence[Bar]
    height: int
    line: int = 0


def upright(columns: Sequence[Column]) -> Chart:
    """Return the bars side by side, standing on one line."""
    slot = 100 / max(1, len(columns))
    most = _most(columns)
    bars = []
    for place, column in enumerate(columns):
        height = _length(column.count, most, TALLEST, SHORTEST)
        start, middle = place * slot, (place + 0.5) * slot
        bars.append(
            Bar(
                column=column,
                x=_share(start + slot * (1 - FILLED) / 2),
                y=round(ABOVE + TALLEST - height),
                width=_share(slot * FILLED),
                height=round(height),
                label_x=_share(middle),
                label_y=ABOVE + TALLEST + BELOW - 8,
                number_x=_share(middle),
                number_y=round(ABOVE + TALLEST - height) - 7,
                slot_x=_share(start),
                slot_y=0,
                slot_width=_share(slot),
                slot_height=ABOVE + TALLEST + BELOW,
            )
        )
    return Chart(bars=bars, height=ABOVE + TALLEST + BELOW, line=ABOVE + TALLEST)


def lying(columns: Sequence[Column]) -> Chart:
    """Return the bars one below the other, beginning at one line."""
    words = 100 - LONGEST - 12
    most = _most(columns)
    bars = []
    for place, column in enumerate(columns):
        length = _length(column.count, most, LONGEST, SHORTEST_SHARE)
        top, text = place * ROW, place * ROW + ROW // 2 + _BASELINE
        bars.append(
            Bar(
                column=column,
                x=_share(words),
                y=top + (ROW - THICKNESS) // 2,
                width=_share(length),
                height=THICKNESS,
                label_x="0",
                label_y=text,
                number_x=_share(words + length + 2),
                number_y=text,
                slot_x="0",
                slot_y=top,
                slot_width="100%",
                slot_height=ROW,
            )
        )
    return Chart(bars=bars, height=ROW * len(columns))


def _most(columns: Sequence[Column]) -> int:
    return max((column.count for column in columns), default=0)


def _length(count: int, most: int, longest: float, shortest: float) -> float:
    return max(shortest, longest * count / most) if count else 0


def _share(percent: float) -> str:
    return f"{percent:.2f}%"

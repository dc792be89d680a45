"""Bars tell the truth: their lengths are as their numbers, zero is zero, and each leads somewhere."""

from itertools import pairwise

import pytest

from secrets_ui.charts import LONGEST, TALLEST, Column, lying, upright


def columns(*counts: int) -> list[Column]:
    return [
        Column(label=str(place), name=f"Number {place}", count=count, url=f"?n={place}")
        for place, count in enumerate(counts)
    ]


def share(text: str) -> float:
    return float(text.removesuffix("%"))


def test_upright_bars_are_as_tall_as_their_numbers_and_stand_on_one_line() -> None:
    chart = upright(columns(100, 50, 25, 0))
    assert [bar.height for bar in chart.bars] == [TALLEST, TALLEST / 2, TALLEST / 4, 0]
    assert {bar.y + bar.height for bar in chart.bars} == {chart.line}


def test_lying_bars_are_as_long_as_their_numbers_and_begin_at_one_line() -> None:
    chart = lying(columns(100, 50, 0))
    assert [share(bar.width) for bar in chart.bars] == [LONGEST, LONGEST / 2, 0]
    assert len({bar.x for bar in chart.bars}) == 1


@pytest.mark.parametrize("draw", [upright, lying])
def test_one_beside_thousands_is_still_seen(draw) -> None:
    few = draw(columns(5000, 1)).bars[1]
    assert few.height > 0
    assert share(few.width) > 0


@pytest.mark.parametrize("draw", [upright, lying])
def test_nothing_at_all_is_drawn_as_nothing(draw) -> None:
    bars = draw(columns(0, 0)).bars
    assert all(bar.height == 0 or share(bar.width) == 0 for bar in bars)
    assert draw([]).bars == []


def test_bars_stay_inside_and_do_not_touch() -> None:
    bars = upright(columns(*range(1, 15))).bars
    ends = [(share(bar.x), share(bar.x) + share(bar.width)) for bar in bars]
    assert ends[0][0] >= 0
    assert ends[-1][1] <= 100
    assert all(end < start for (_, end), (start, _) in pairwise(ends))


def test_numbers_of_lying_bars_stay_inside() -> None:
    bar = lying(columns(10, 1)).bars[0]
    assert share(bar.number_x) < 92  # and there is room for five digits on a phone


def test_all_that_belongs_to_a_bar_can_be_pressed() -> None:
    chart = upright(columns(1, 1000))
    assert all(bar.slot_height == chart.height for bar in chart.bars)
    assert sum(share(bar.slot_width) for bar in chart.bars) == pytest.approx(100)

import pytest

from benchmarks.report import Goal, Section, ms, table


@pytest.mark.parametrize(
    ("bound", "measured", "is_met"),
    [
        ("most", 1.10, True),
        ("most", 1.11, False),
        ("least", 1.10, True),
        ("least", 1.09, False),
    ],
)
def test_a_goal_is_met_up_to_its_limit(bound: str, measured: float, is_met: bool) -> None:
    goal = Goal("A ratio", 1.10, measured, bound=bound)
    assert goal.is_met is is_met
    assert (goal.row[-1] == "met") is is_met


def test_a_table_has_as_many_columns_in_every_line() -> None:
    lines = table(["", "a", "b"], [["first", "1", "2"], ["second", "3", "4"]]).splitlines()
    assert [line.count("|") for line in lines] == [4] * 4


def test_a_section_shows_its_table_below_its_note() -> None:
    text = str(Section("Title", "A note.", ["", "ms"], [["a page", "2.5"]]))
    assert text.index("## Title") < text.index("A note.") < text.index("| a page | 2.5 |")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.000123, "0.123"), (0.0204, "20.4"), (0.1, "100"), (53.4, "53,400")]
)
def test_milliseconds_have_as_many_digits_as_they_are_worth(seconds: float, text: str) -> None:
    assert ms(seconds) == text

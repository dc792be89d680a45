"""The orders as links: each leads where it says, and what is in use is shown."""

import pytest

from secrets_ui.catalog.sifting import SORTS
from secrets_ui.list_query import ListQuery
from secrets_ui.orders import columns, orders

EVERY = ["", *SORTS, *(f"-{sort}" for sort in SORTS)]


@pytest.mark.parametrize("sort", EVERY)
def test_the_order_in_use_is_chosen_and_the_only_one(sort: str) -> None:
    chosen = [order for order in orders(ListQuery(sort=sort)) if order.is_chosen]
    assert [order.link for order in chosen] == [ListQuery(sort=sort).link()]
    assert chosen[0].label


def test_what_is_due_is_ordered_by_expiry_without_being_asked() -> None:
    query = ListQuery(expiry="30")
    assert [one.label for one in orders(query) if one.is_chosen] == ["Expiry, soonest first"]
    assert [one.label for one in columns(query) if one.sorted] == ["Expiry"]


def test_another_order_keeps_what_is_asked_for_and_begins_on_the_first_page() -> None:
    query = ListQuery(q="aws", status="on", page=3)
    assert orders(query)[1].link == "?q=aws&status=on&sort=name"
    assert orders(query)[0].label == "Best match first"


@pytest.mark.parametrize(
    ("label", "first", "second"),
    [
        ("Name", "name", "-name"),
        ("Expiry", "expiry", "-expiry"),
        ("Value age", "-age", "age"),
        ("Changed", "-changed", "changed"),
    ],
)
def test_a_second_click_on_a_column_turns_its_order(label: str, first: str, second: str) -> None:
    def click(query: ListQuery) -> str:
        return next(one.link for one in columns(query) if one.label == label)

    assert click(ListQuery()) == f"?sort={first}"
    assert click(ListQuery(sort=first)) == f"?sort={second}"
    assert click(ListQuery(sort=second)) == f"?sort={first}"


@pytest.mark.parametrize("sort", EVERY)
def test_at_most_one_column_is_said_to_be_in_order(sort: str) -> None:
    said = [one.sorted for one in columns(ListQuery(sort=sort)) if one.sorted]
    expected = "descending" if sort.startswith("-") else "ascending"
    assert said == ([] if sort.removeprefix("-") in {"", "created"} else [expected])

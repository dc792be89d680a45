"""List addresses: read the same whoever wrote them, and written the same for the same view."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from secrets_ui.list_query import ListQuery

NONSENSE = "status=x&expiry=2026-13&age=4&sort=--name&page=-1&per_page=1000&fav=2"


def query(text: str) -> ListQuery:
    return ListQuery.of(QueryDict(text))


def test_an_address_that_asks_for_nothing_is_the_plain_list():
    assert query("") == ListQuery()
    assert query("").is_plain
    assert query("").link() == "?"


def test_what_makes_no_sense_is_as_if_it_was_not_there():
    assert query(NONSENSE) == ListQuery()


def test_every_part_of_an_address_is_read():
    asked = query(
        "q=%20aws%20%20key&status=off&expiry=2026-12&age=older&app=7&creator=8&label=x&fav=1"
        "&sort=-expiry&per_page=25&page=3"
    )
    assert asked == ListQuery(
        q="aws key",
        status="off",
        expiry="2026-12",
        age="older",
        app="7",
        creator="8",
        label="x",
        fav="1",
        sort="-expiry",
        per_page=25,
        page=3,
    )
    assert ListQuery.of(QueryDict(asked.query_string())) == asked


def test_another_filter_begins_on_the_first_page():
    assert query("page=3&status=on").link(status="off") == "?status=off"
    assert query("page=3&status=on").link(page=4) == "?status=on&page=4"


@pytest.mark.parametrize("text", ["q=a", "sort=name", "fav=1", "expiry=none"])
def test_what_narrows_or_orders_is_not_plain(text: str):
    assert not query(text).is_plain


def test_pages_are_plain():
    assert query("page=2&per_page=100").is_plain


def test_what_is_due_comes_soonest_first_unless_asked_otherwise():
    assert query("expiry=30").order == "expiry"
    assert query("expiry=30&sort=name").order == "name"
    assert query("expiry=none").order == ""
    assert query("expiry=30&q=aws").order == ""


@given(st.dictionaries(st.sampled_from(["q", "app", "label", "page", "sort"]), st.text()))
def test_any_address_is_read_and_comes_back_as_itself(asked: dict[str, str]):
    found = ListQuery.of(asked)
    assert ListQuery.of(QueryDict(found.query_string())) == found

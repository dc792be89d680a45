"""One page of the list: what fits, in its order, counted, and never past the end."""

import pytest

from secrets_ui.catalog.sifting import DAY
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.list_query import ListQuery
from secrets_ui.listing import Listing, list_page
from secrets_ui.notes.index import NotesIndex
from tests.secrets_ui.catalog.support import a_summary

NOW = 1_796_385_600
NOTES = NotesIndex(labels_of={"3": ("Billing",), "5": ("billing", "x")}, words_of={"4": "rotate"})
SNAPSHOT = Snapshot(
    [a_summary(number, expired_at=NOW + (60 - number) * DAY) for number in range(60)]
)


def page(snapshot: Snapshot = SNAPSHOT, **asked: object) -> Listing:
    return list_page(
        snapshot,
        ListQuery(**asked),  # type: ignore[arg-type]
        notes=NOTES,
        favourites=frozenset({"5", "7", "gone"}),
        now=NOW,
    )


def ids(listing: Listing) -> list[str]:
    return [entry.id for entry in listing.entries]


def test_pages_follow_each_other_and_are_counted() -> None:
    pages = [page(per_page=25, page=number) for number in (1, 2, 3)]
    assert [each for listing in pages for each in ids(listing)] == [str(n) for n in range(60)]
    assert [(each.first, each.last) for each in pages] == [(1, 25), (26, 50), (51, 60)]
    assert {(each.found, each.pages) for each in pages} == {(60, 3)}


@pytest.mark.parametrize("asked", [4, 999_999])
def test_past_the_end_is_the_last_page(asked: int) -> None:
    assert page(per_page=25, page=asked) == page(per_page=25, page=3)


def test_nothing_is_one_empty_page() -> None:
    found = page(q="nothing-like-it", page=7)
    assert (found.found, found.page, found.pages, found.first, found.last) == (0, 1, 1, 0, 0)


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (25, 1), (26, 2), (50, 2), (51, 3)])
def test_so_many_pages_as_it_takes(count: int, pages: int) -> None:
    snapshot = Snapshot([a_summary(number) for number in range(count)])
    assert page(snapshot, per_page=25).pages == pages


def test_labels_and_favourites_narrow_it_and_both_do_together() -> None:
    assert ids(page(label="BILLING")) == ["3", "5"]
    assert ids(page(fav="1")) == ["5", "7"]
    assert ids(page(fav="1", label="billing")) == ["5"]
    assert ids(page(label="nobody's")) == []


def test_notes_are_searched() -> None:
    assert ids(page(q="rotate")) == ["4"]


def test_a_search_is_best_first_unless_an_order_is_asked_for() -> None:
    assert ids(page(q="name5"))[0] == "5"
    assert ids(page(q="name5", sort="expiry"))[0] == "59"
    assert ids(page(expiry="7")) == ["59", "58", "57", "56", "55", "54", "53"]
    assert ids(page(expiry="7", sort="-expiry"))[0] == "53"


def test_a_query_of_no_words_finds_all() -> None:
    assert page(q="   ").found == 60

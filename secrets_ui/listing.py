"""One page of the list, found in the catalog: searched, narrowed, put in order and counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from secret_manager import Summary
from secrets_ui.catalog import search
from secrets_ui.catalog.sifting import Sieve, in_order, sift
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.list_query import ListQuery
from secrets_ui.notes.index import NotesIndex


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The secrets of one page. found: how many fit in all. pages: how many pages that makes."""

    entries: Sequence[Summary]
    found: int
    page: int
    pages: int
    per_page: int

    @property
    def first(self) -> int:
        return (self.page - 1) * self.per_page + 1 if self.entries else 0

    @property
    def last(self) -> int:
        return (self.page - 1) * self.per_page + len(self.entries)


def list_page(
    snapshot: Snapshot,
    query: ListQuery,
    *,
    notes: NotesIndex,
    favourites: frozenset[str],
    now: float,
) -> Listing:
    """Return the page that an address asks for, or the last one where there are not so many.

    Without an order of its own, a search is shown best first, and all else as the API lists it.
    """
    found = search.find(snapshot, query.q, notes=notes.texts) if query.q else None
    positions: Sequence[int] = range(len(snapshot)) if found is None else found
    # First, in the order in which the secrets lie in memory: any other takes twice the time.
    if query.filters:
        positions = sift(snapshot, positions, _sieve(query, notes, favourites), now=now)
    if query.order:
        positions = in_order(snapshot, positions, query.order)
    pages = max(1, -(-len(positions) // query.per_page))
    page = min(query.page, pages)
    start = (page - 1) * query.per_page
    return Listing(
        entries=[snapshot.entries[place] for place in positions[start : start + query.per_page]],
        found=len(positions),
        page=page,
        pages=pages,
        per_page=query.per_page,
    )


def _sieve(query: ListQuery, notes: NotesIndex, favourites: frozenset[str]) -> Sieve:
    kept = [frozenset(notes.with_label(query.label))] if query.label else []
    kept += [favourites] if query.fav else []
    return Sieve(
        expiry=query.expiry,
        status=query.status,
        age=query.age,
        app=query.app,
        creator=query.creator,
        ids=frozenset.intersection(*kept) if kept else None,
    )

"""Reads a list page by page without believing everything it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from .types import Listing

MAX_PAGES = 200
MAX_ITEMS = 20_000


class Identified(Protocol):
    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=Identified)


@dataclass(frozen=True, slots=True)
class Part(Generic[Item]):
    """One page as received: all its usable items, how many were not usable, and "there is more"."""

    items: tuple[Item, ...]
    dropped: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class Step(Generic[Item]):
    """One page's items not seen before. complete: False if the reading stops short here."""

    fresh: tuple[Item, ...]
    dropped: int
    complete: bool


def walk(fetch: Callable[[int], Part[Item]]) -> Iterator[Step[Item]]:
    """Yield page after page from offset 0, each id once.

    Stops at the end, and before it (complete=False) at a page that brings nothing new although
    more is promised, after 200 pages, or at 20,000 items. Items that move while they are read may
    come twice (shown once) or be missed: the API has no way to hold a list still.
    """
    seen: set[str] = set()
    offset = 0
    for number in range(1, MAX_PAGES + 1):
        part = fetch(offset)
        unseen = tuple({item.id: item for item in part.items if item.id not in seen}.values())
        fresh = unseen[: MAX_ITEMS - len(seen)]
        seen.update(item.id for item in fresh)
        is_stuck = not fresh or number == MAX_PAGES or len(seen) == MAX_ITEMS
        has_more = part.has_next or len(fresh) < len(unseen)
        yield Step(fresh, part.dropped, complete=not (has_more and is_stuck))
        if is_stuck or not has_more:
            return
        # By what came, not by what was asked for: a server may have a lower limit of its own.
        offset += len(part.items) + part.dropped


def collect(steps: Iterator[Step[Item]]) -> Listing[Item]:
    """Put the pages together. Entries that had to be dropped make a listing incomplete too."""
    read = list(steps)
    dropped = sum(step.dropped for step in read)
    return Listing(
        items=tuple(item for step in read for item in step.fresh),
        complete=dropped == 0 and all(step.complete for step in read),
        dropped=dropped,
    )

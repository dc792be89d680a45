"""Lists that lie about where they end, and lists that change while they are read."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.faults.kinds.kind import Kind, Misbehave, lists
from tests.faults.server import Exchange, forward
from tests.faults.truth import Answer, Request

Items = list[dict[str, Any]]
Page = Callable[[Items, int], tuple[Items, bool]]
"""From all items and an offset: what the page shows, and whether it promises more."""


def listing(page: Page) -> Misbehave:
    """Answer a list request with a page of our own making."""

    def misbehave(exchange: Exchange) -> None:
        query = parse_qs(urlsplit(exchange.request.target).query)
        offset = int(query.get("offset", ["0"])[0])
        whole = _whole(exchange)
        document = json.loads(whole.body)
        key = "secrets" if "secrets" in document else "versions"
        shown, has_next = page(document[key], offset)
        document[key] = shown
        document.get("pagination", document)["has_next"] = has_next
        exchange.answer(Answer(whole.status, whole.headers, json.dumps(document).encode()))

    return misbehave


def _whole(exchange: Exchange) -> Answer:
    asked = exchange.request
    target = f"{asked.path}?offset=0&limit=100"
    return forward(
        Request("GET", target, asked.headers, b""), extensions=exchange.server.extensions
    )


def _always_more(items: Items, offset: int) -> tuple[Items, bool]:
    return items[offset:], True


def _repeating(items: Items, offset: int) -> tuple[Items, bool]:
    return items, True


def _empty_in_the_middle(items: Items, offset: int) -> tuple[Items, bool]:
    return (items[:1], True) if offset == 0 else ([], True) if offset == 1 else (items[2:], False)


def _empty_first(items: Items, offset: int) -> tuple[Items, bool]:
    return [], True


def _moving(items: Items, offset: int) -> tuple[Items, bool]:
    """One at a time, and each time something was put in front, so the last one comes again."""
    start = max(0, offset - 1)
    return items[start : offset + 1], offset + 1 < len(items)


def _kind(name: str, page: Page) -> Kind:
    return Kind(
        name=name, misbehave=listing(page), times=None, applies=lists, waits_for_the_act=False
    )


ALWAYS_MORE = _kind("has_next always true", _always_more)
REPEATING = _kind("pages that repeat", _repeating)
EMPTY_FIRST = _kind("empty page with more to come", _empty_first)

KINDS = [
    ALWAYS_MORE,
    REPEATING,
    EMPTY_FIRST,
    _kind("empty page in the middle", _empty_in_the_middle),
    _kind("items moving while paging", _moving),
]

"""Who gets what at every address: asked of the product itself, one request a cell."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Where an answer that is a redirect leads to, as a word.
PLACES = {
    "/accounts/sign-in/": "sign in",
    "/accounts/signed-out/": "signed out",
    "/accounts/confirm/": "confirm",
    "/accounts/people/": "people",
    "/connect/": "connect",
    "/audit/": "trail",
    "/organizations/": "organization",
    "/": "home",
}


@dataclass(frozen=True)
class Ids:
    """What stands in an address where the route has a name."""

    organization_id: str
    secret_id: str
    version_id: str
    person_id: str
    nonce: str = "0123456789abcdef"
    view_id: str = "1"

    def address(self, route: str) -> str:
        names = {**vars(self), "person": self.person_id}
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: names[found[1]], route)


def routes() -> list[str]:
    """Return every route of the product as it is written."""
    return sorted(set(_walk(get_resolver().url_patterns, "/")))


def _walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        route = str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")
        route = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, before + route)
        else:
            yield before + route


def cell(browser: Client, method: str, address: str) -> str:
    """Return what this browser gets, in a word; nothing that it does stays done."""
    cookies = dict(browser.cookies)
    with ExitStack() as undo:
        for database in settings.DATABASES:
            block = transaction.atomic(using=database)
            block._from_testcase = True  # type: ignore[attr-defined]  # the trail commits for good
            undo.enter_context(block)
            undo.callback(transaction.set_rollback, True, using=database)
        word = _word(browser.generic(method, address))
    cache.clear()
    browser.cookies.clear()
    for name, morsel in cookies.items():
        browser.cookies[name] = morsel.value
    return word


def _word(answer: HttpResponse) -> str:
    to = answer.headers.get("Location", "")
    place = next((word for start, word in PLACES.items() if to.startswith(start)), "elsewhere")
    return f"to {place}" if to else str(answer.status_code)


def as_markdown(columns: list[str], rows: dict[tuple[str, str], list[str]]) -> str:
    """Return the table; methods of a route that get the same share a line."""
    lines = [
        f"| route | methods | {' | '.join(columns)} |",
        f"| --- | --- |{' --- |' * len(columns)}",
    ]
    for route in dict.fromkeys(route for route, _ in rows):
        alike: dict[tuple[str, ...], list[str]] = {}
        for method in METHODS:
            alike.setdefault(tuple(rows[route, method]), []).append(method)
        for words, methods in alike.items():
            lines.append(f"| `{route}` | {' '.join(methods)} | {' | '.join(words)} |")
    return "\n".join(lines) + "\n"

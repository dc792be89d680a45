"""The server tells which headers came more than once, and no client can say otherwise."""

from types import SimpleNamespace

from accounts.repeated_headers import REPEATED, mark_repeated_headers


def marked(*headers: tuple[str, str]) -> list[tuple[str, str]]:
    request = SimpleNamespace(headers=list(headers))
    mark_repeated_headers(None, request)
    return request.headers


def test_what_came_twice_is_listed() -> None:
    headers = marked(("A", "1"), ("B", "1"), ("A", "1"), ("C", "1"), ("C", "2"), ("C", "3"))
    assert headers[-1] == (REPEATED.removeprefix("HTTP_"), "A,C")


def test_it_is_also_said_that_nothing_did() -> None:
    assert marked(("A", "1"))[-1][1] == ""
    assert marked()[-1][1] == ""

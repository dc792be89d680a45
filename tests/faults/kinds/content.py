"""The answer is proper HTTP, and what it says is not."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.faults.kinds.kind import Kind, Misbehave
from tests.faults.server import Exchange
from tests.faults.truth import Answer

Document = dict[str, Any]
KEPT_WHOLE = {"id", "secrets", "versions", "pagination", "has_next"}


def unchanged(exchange: Exchange) -> None:
    """Answer as if nothing were wrong."""
    exchange.answer(exchange.real)


def saying(body: bytes, content_type: str = "application/json") -> Misbehave:
    """Do what was asked, and then say this with the right status."""

    def misbehave(exchange: Exchange) -> None:
        headers = (("Content-Type", content_type),)
        exchange.answer(Answer(exchange.real.status, headers, body))

    return misbehave


def altered(
    change: Callable[[Document], Any],
    *,
    dump: Callable[[Any], str] = json.dumps,
    headers: tuple[tuple[str, str], ...] = (),
) -> Misbehave:
    """Do what was asked, and change the document that says so."""

    def misbehave(exchange: Exchange) -> None:
        real = exchange.real
        if not 200 <= real.status < 300:
            exchange.answer(real)
            return
        body = dump(change(json.loads(real.body))).encode("utf-8", "surrogatepass")
        exchange.answer(Answer(real.status, (*real.headers, *headers), body))

    return misbehave


def every_object(change: Callable[[Document], Document]) -> Callable[[Document], Any]:
    """Return a change for the document itself and for each secret and version in it."""

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in node]
        if isinstance(node, dict):
            return change({key: walk(item) for key, item in node.items()})
        return node

    return walk


def _nulls(node: Document) -> Document:
    return {key: item if key in KEPT_WHOLE else None for key, item in node.items()}


def _missing(node: Document) -> Document:
    return {key: item for key, item in node.items() if key in KEPT_WHOLE}


def _wrong_type(field: object) -> object:
    match field:
        case str():
            return [field]
        case bool() | int() | None:
            return {"not": "that"}
        case _:
            return 7


def _wrong_types(node: Document) -> Document:
    return {key: item if key in KEPT_WHOLE else _wrong_type(item) for key, item in node.items()}


def _unknown(node: Document) -> Document:
    return {"kms": {"region": "eu", "tags": [1, 2]}, **node, "etag": None, "constructor": "x"}


def _surrogates(node: Document) -> Document:
    return {
        **node,
        **{key: "\ud83d broken \udc00" for key in node.keys() & {"description", "provider"}},
    }


def _another(node: Document) -> Document:
    changed = {"id": "99999999999"} if "id" in node else {}
    if node.get("value"):
        changed["value"] = base64.b64encode(b"the value of another").decode()
    return {**node, **changed}


def _no_ids(node: Document) -> Document:
    return {key: item for key, item in node.items() if key != "id"}


def _at(hours: int) -> Callable[[Document], Document]:
    """Move every time by some hours, as a server whose clock is wrong would have it."""

    def change(node: Document) -> Document:
        return {
            key: _moved(item, hours) if key.endswith("_at") else item for key, item in node.items()
        }

    return change


def _moved(moment: Any, hours: int) -> Any:
    if not isinstance(moment, str):
        return moment
    return (datetime.fromisoformat(moment) + timedelta(hours=hours)).isoformat()


def _twice(document: Any) -> str:
    """Each key twice: first with something else."""
    if isinstance(document, list):
        return f"[{', '.join(map(_twice, document))}]"
    if not isinstance(document, dict):
        return json.dumps(document)
    pairs = [
        f"{json.dumps(key)}: {text}"
        for key, item in document.items()
        for text in ('"first"', _twice(item))
    ]
    return "{" + ", ".join(pairs) + "}"


def _as_is(document: Document) -> Document:
    return document


def clock_off(hours: int) -> Misbehave:
    """Answer with every time moved, the `Date` of the answer itself included."""
    date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    return altered(every_object(_at(hours)), headers=(("Date", date),))


_BAD = Kind(name="bad JSON", misbehave=saying(b'{"id": "12", "name": '))
_HTML = Kind(name="HTML 200", misbehave=saying(b"<!doctype html><h1>Maintenance</h1>", "text/html"))

MISSING = Kind(name="missing fields", misbehave=altered(every_object(_missing)))
NO_IDS = Kind(name="no ids", misbehave=altered(every_object(_no_ids)))

KINDS = [
    Kind(name="empty 200", misbehave=saying(b"")),
    _HTML,
    _HTML.always(),
    _BAD,
    _BAD.always(),
    Kind(name="a JSON text", misbehave=saying(b'"ok"')),
    Kind(name="deep JSON", misbehave=saying(b"[" * 100_000 + b"]" * 100_000)),
    Kind(name="NaN", misbehave=saying(b'{"id": "12", "version": NaN}')),
    Kind(name="a number of 5,000 digits", misbehave=saying(b'{"id": ' + b"7" * 5000 + b"}")),
    Kind(name="not UTF-8", misbehave=saying(b'{"id": "\xff\xfe"}')),
    Kind(name="lone surrogates", misbehave=altered(every_object(_surrogates))),
    Kind(name="duplicate keys", misbehave=altered(_as_is, dump=_twice)),
    Kind(name="wrong types", misbehave=altered(every_object(_wrong_types))),
    MISSING,
    NO_IDS,
    Kind(name="nulls", misbehave=altered(every_object(_nulls))),
    Kind(name="unknown fields", misbehave=altered(every_object(_unknown))),
    Kind(name="answer for another id", misbehave=altered(_another)),
    Kind(name="clock 3 h ahead", misbehave=clock_off(3), times=None, waits_for_the_act=False),
    Kind(name="clock 3 h behind", misbehave=clock_off(-3), times=None, waits_for_the_act=False),
]

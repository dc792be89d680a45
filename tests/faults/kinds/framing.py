"""The answer comes, but not as HTTP says it should."""

import gzip
from itertools import repeat

from tests.faults.kinds.kind import Kind
from tests.faults.server import Exchange, head, in_bytes
from tests.faults.truth import Answer

DRIP = 0.15
"""Seconds between two bytes: under any read timeout, so that only a total deadline ends it."""
FIFTY_MEGABYTES = 10 * gzip.compress(b" " * 5 * 1024 * 1024)
"""Made once: a server that first has to compress is late, and then its answer is not even looked at."""


def _slow_headers(exchange: Exchange) -> None:
    start = head(exchange.real, content_length=len(exchange.real.body))
    exchange.drip(in_bytes(start), every=DRIP)
    exchange.hang_up()


def _dripping_body(exchange: Exchange) -> None:
    body = exchange.real.body
    exchange.send(head(exchange.real, content_length=len(body)))
    exchange.drip(in_bytes(body), every=DRIP)
    exchange.hang_up()


def _truncated(exchange: Exchange) -> None:
    body = exchange.real.body
    exchange.send(head(exchange.real, content_length=len(body)) + body[: len(body) // 2])
    exchange.hang_up()


def _length_too_long(exchange: Exchange) -> None:
    body = exchange.real.body
    exchange.send(head(exchange.real, content_length=len(body) + 10) + body)
    exchange.say_nothing()


def _length_too_short(exchange: Exchange) -> None:
    body = exchange.real.body
    exchange.send(head(exchange.real, content_length=len(body) - 10) + body)


def _length_garbage(exchange: Exchange) -> None:
    start = head(exchange.real, content_length=None)[:-2]
    exchange.send(start + b"Content-Length: many\r\n\r\n" + exchange.real.body)
    exchange.hang_up()


def _chunked_garbage(exchange: Exchange) -> None:
    start = head(exchange.real, content_length=None)[:-2]
    exchange.send(start + b"Transfer-Encoding: chunked\r\n\r\nzzz\r\n" + exchange.real.body)
    exchange.hang_up()


def _not_http(exchange: Exchange) -> None:
    _ = exchange.real
    exchange.send(b"220 mail.example ESMTP ready\r\n\r\n")
    exchange.hang_up()


def _continues(exchange: Exchange) -> None:
    _ = exchange.real
    # Without end: http.client reads one after the other for as long as they come.
    exchange.drip(repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), every=0.01)
    exchange.hang_up()


def _ten_megabytes(exchange: Exchange) -> None:
    body = exchange.real.body + b" " * 10 * 1024 * 1024
    exchange.answer(Answer(exchange.real.status, exchange.real.headers, body))


def _gzip_bomb(exchange: Exchange) -> None:
    packed = gzip.compress(exchange.real.body) + FIFTY_MEGABYTES
    headers = (*exchange.real.headers, ("Content-Encoding", "gzip"))
    exchange.answer(Answer(exchange.real.status, headers, packed))


_DRIPPING = Kind(name="dripping body", misbehave=_dripping_body)

KINDS = [
    Kind(name="slow headers", misbehave=_slow_headers),
    _DRIPPING,
    _DRIPPING.always(),
    Kind(name="truncated body", misbehave=_truncated),
    Kind(name="Content-Length too long", misbehave=_length_too_long),
    Kind(name="Content-Length too short", misbehave=_length_too_short),
    Kind(name="Content-Length garbage", misbehave=_length_garbage),
    Kind(name="chunked garbage", misbehave=_chunked_garbage),
    Kind(name="not HTTP at all", misbehave=_not_http),
    Kind(name="1xx flood", misbehave=_continues),
    Kind(name="10 MB", misbehave=_ten_megabytes),
    Kind(name="gzip bomb", misbehave=_gzip_bomb),
]

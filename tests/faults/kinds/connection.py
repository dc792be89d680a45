"""The connection goes wrong: not made, silent, reset, ended."""

from tests.faults.kinds.kind import Kind
from tests.faults.server import Exchange, head


def _silent(exchange: Exchange) -> None:
    exchange.say_nothing()


def _silent_after(exchange: Exchange) -> None:
    _ = exchange.real
    exchange.say_nothing()


def _reset(exchange: Exchange) -> None:
    exchange.reset()


def _reset_after(exchange: Exchange) -> None:
    _ = exchange.real
    exchange.reset()


def _hung_up(exchange: Exchange) -> None:
    exchange.hang_up()


def _hung_up_after(exchange: Exchange) -> None:
    _ = exchange.real
    exchange.hang_up()


def _late(exchange: Exchange) -> None:
    exchange.hang_up()
    exchange.server.stopping.wait(LATER)
    _ = exchange.real


def _reset_in_headers(exchange: Exchange) -> None:
    start = head(exchange.real, content_length=len(exchange.real.body))
    exchange.send(start[: len(start) // 2])
    exchange.reset()


def _reset_in_body(exchange: Exchange) -> None:
    body = exchange.real.body
    exchange.send(head(exchange.real, content_length=len(body)) + body[: len(body) // 2])
    exchange.reset()


LATER = 1.0
"""Seconds after which a server does what it had let go unanswered: after both look-ups, as a rule."""
# Not in the matrix: what a page says in between is true when it is said.
COMMITTED_LATE = Kind(name="committed late", misbehave=_late)
REFUSED = Kind(
    name="connection refused", misbehave=_reset, commits=False, times=None, listener="closed"
)
SILENT = Kind(name="silent", misbehave=_silent, commits=False)
SILENT_AFTER = Kind(name="silent after commit", misbehave=_silent_after)
RESET = Kind(name="reset", misbehave=_reset, commits=False)
RESET_AFTER = Kind(name="reset after commit", misbehave=_reset_after)
HUNG_UP = Kind(name="ended without an answer", misbehave=_hung_up, commits=False)
HUNG_UP_AFTER = Kind(name="ended without an answer after commit", misbehave=_hung_up_after)

KINDS = [
    REFUSED,
    *(
        Kind(name=f"certificate {flaw}", misbehave=_reset, commits=False, times=None, listener=flaw)
        for flaw in ("self-signed", "expired", "of another host")
    ),
    SILENT,
    SILENT.always(),
    SILENT.on_request(2),
    SILENT_AFTER,
    SILENT_AFTER.always(),
    RESET,
    RESET.always(),
    RESET.three_times(),
    RESET.on_request(2),
    RESET_AFTER,
    RESET_AFTER.always(),
    HUNG_UP,
    HUNG_UP_AFTER,
    HUNG_UP_AFTER.always(),
    Kind(name="reset in the headers", misbehave=_reset_in_headers),
    Kind(name="reset in the body", misbehave=_reset_in_body),
]

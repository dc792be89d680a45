"""What is tried again, read back or given up: one table, no clock and no network.

A write is never sent again once a byte of it may have left: it is read back, by a caller who knows what
to look for. That is why only the first row says AGAIN for every method.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .errors import ConnectFailed, OutcomeUnknown, RateLimited, Rejected, SecretManagerError

MAX_RETRIES = 2
LONGEST_PAUSE = 2.0
"""Seconds. A longer wait belongs to the person, not to a worker that others need."""

_FIRST_PAUSE = 0.1


class Happened(enum.Enum):
    """How an attempt ended, as far as it matters for what may follow."""

    NOT_CONNECTED = "nothing sent: refused, no such host, handshake broken off"
    BAD_CERTIFICATE = "nothing sent: the certificate is not valid"
    HELD_BACK = "nothing sent: no time left, breaker open, or too many calls"
    BROKEN_OFF = "sent, then reset, silence or half an answer"
    PASSING = "408, 502, 503, 504"
    BROKEN = "500, or a success or 404 that cannot be read"
    UNUSABLE = "a redirect, another 5xx, or an answer that is too large"
    TOO_EARLY = "425: not looked at yet"
    RATE_LIMITED = "429: not looked at"
    REFUSED = "any other 4xx"


class Rule(enum.Enum):
    """AGAIN: while attempts, time and budget last. ONCE: the same, but one time only."""

    AGAIN = enum.auto()
    ONCE = enum.auto()
    READ_BACK = enum.auto()
    GIVE_UP = enum.auto()


AGAIN, ONCE, READ_BACK, GIVE_UP = Rule

METHODS = ("GET", "POST", "PATCH", "DELETE")
# fmt: off
TABLE = {
    #                          GET      POST       PATCH      DELETE
    Happened.NOT_CONNECTED:   (AGAIN,   AGAIN,     AGAIN,     AGAIN),
    Happened.BAD_CERTIFICATE: (GIVE_UP, GIVE_UP,   GIVE_UP,   GIVE_UP),
    Happened.HELD_BACK:       (GIVE_UP, GIVE_UP,   GIVE_UP,   GIVE_UP),
    Happened.BROKEN_OFF:      (AGAIN,   READ_BACK, READ_BACK, READ_BACK),
    Happened.PASSING:         (AGAIN,   READ_BACK, READ_BACK, READ_BACK),
    Happened.BROKEN:          (ONCE,    READ_BACK, READ_BACK, READ_BACK),
    Happened.UNUSABLE:        (GIVE_UP, READ_BACK, READ_BACK, READ_BACK),
    Happened.TOO_EARLY:       (AGAIN,   GIVE_UP,   GIVE_UP,   GIVE_UP),
    Happened.RATE_LIMITED:    (AGAIN,   GIVE_UP,   GIVE_UP,   GIVE_UP),
    Happened.REFUSED:         (GIVE_UP, GIVE_UP,   GIVE_UP,   GIVE_UP),
}
# fmt: on

_NOTHING_SENT = {
    "certificate_invalid": Happened.BAD_CERTIFICATE,
    "deadline": Happened.HELD_BACK,
    "breaker_open": Happened.HELD_BACK,
    "busy": Happened.HELD_BACK,
}


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after so many seconds."""

    after: float


class End(enum.Enum):
    """No further attempt. READ_BACK: a write may have happened, and only looking can tell."""

    READ_BACK = enum.auto()
    GIVE_UP = enum.auto()


Decision = Again | End


def decide(
    method: str,
    happened: Happened,
    *,
    retries_done: int,
    time_left: float,
    chance: float,
    max_retries: int = MAX_RETRIES,
    retry_after: float | None = None,
) -> Decision:
    """Say what follows an attempt that did not end well.

    retries_done: 0 after the first attempt. time_left: of the deadline, seconds.
    chance: a random number from 0 to 1 that spreads the pauses, so that many callers who failed
        together do not come back together ("full jitter").
    retry_after: the seconds the server asked for; obeyed if short enough, else nothing is tried.
    """
    rule = TABLE[happened][METHODS.index(method)]
    if rule is READ_BACK:
        return End.READ_BACK
    most = min(max_retries, MAX_RETRIES, 1 if rule is ONCE else MAX_RETRIES)
    if rule is GIVE_UP or retries_done >= most:
        return End.GIVE_UP
    pause = chance * min(LONGEST_PAUSE, _FIRST_PAUSE * 2**retries_done)
    if retry_after is not None:
        pause = retry_after
    return Again(pause) if pause <= LONGEST_PAUSE and pause < time_left else End.GIVE_UP


def what_happened(failure: SecretManagerError) -> Happened:
    """Find the row of the table.

    A proxy can answer 5xx, a redirect or 408 after the API behind it has already done its work, so
    of the answers only the other 4xx prove that nothing was done; a 404 only in the API's own words.
    """
    status = failure.status
    match failure:
        case ConnectFailed():
            return _NOTHING_SENT.get(failure.code, Happened.NOT_CONNECTED)
        case OutcomeUnknown():
            return Happened.BROKEN_OFF
        case RateLimited():
            return Happened.RATE_LIMITED
        case _ if status in {408, 502, 503, 504}:
            return Happened.PASSING
        case _ if status == 425:
            return Happened.TOO_EARLY
        case Rejected():
            return Happened.REFUSED
        case _ if status == 500 or failure.code == "unreadable_answer":
            return Happened.BROKEN
    return Happened.UNUSABLE

"""What is tried again, and when: one rule per line, no clock and no network.

| what happened                              | read          | write            |
| ------------------------------------------ | ------------- | ---------------- |
| nothing sent (refused, DNS, handshake)     | again         | again            |
| certificate not valid, no time left        | never         | never            |
| sent, then reset, silence or half an answer| again         | never            |
| 502, 503, 504, 408, 425                    | again         | never            |
| 500, or an answer that cannot be read      | once          | never            |
| 429                                        | when it fits  | never            |
| anything else                              | never         | never            |
"""

from __future__ import annotations

from .errors import (
    ConnectFailed,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SecretManagerError,
    UpstreamFailed,
)

MAX_RETRIES = 2
LONGEST_PAUSE = 2.0
"""Seconds. A longer wait belongs to the person, not to a worker that others need."""

_FIRST_PAUSE = 0.1
_AGAIN = frozenset({408, 425, 502, 503, 504})


def next_pause(
    failure: SecretManagerError,
    *,
    is_read: bool,
    retries_done: int,
    max_retries: int = MAX_RETRIES,
    time_left: float,
    chance: float,
) -> float | None:
    """Seconds to wait before trying again, or None to give up.

    retries_done: 0 after the first attempt. time_left: of the deadline, seconds.
    chance: a random number from 0 to 1 that spreads the pauses, so that many callers who failed
        together do not come back together ("full jitter").
    """
    if retries_done >= min(max_retries, MAX_RETRIES):
        return None
    if not _is_worth_repeating(failure, is_read=is_read, retries_done=retries_done):
        return None
    pause = chance * min(LONGEST_PAUSE, _FIRST_PAUSE * 2**retries_done)
    if isinstance(failure, RateLimited) and failure.retry_after is not None:
        pause = failure.retry_after
    return pause if pause <= LONGEST_PAUSE and pause < time_left else None


def may_have_happened(status: int) -> bool:
    """Whether a write that was answered like this may have been carried out all the same.

    A proxy can answer 5xx, a redirect or 408 after the API behind it has already done its work.
    """
    return status < 400 or status >= 500 or status == 408


def _is_worth_repeating(failure: SecretManagerError, *, is_read: bool, retries_done: int) -> bool:
    if isinstance(failure, ConnectFailed):
        return failure.code not in {"certificate_invalid", "deadline"}
    if not is_read:
        return False
    if isinstance(failure, OutcomeUnknown | RateLimited):
        return True
    if isinstance(failure, Rejected | UpstreamFailed) and failure.status in _AGAIN:
        return True
    if failure.status == 500 or failure.code == "unreadable_answer":
        return retries_done == 0
    return False

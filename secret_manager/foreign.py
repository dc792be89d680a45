"""What requests, urllib3 and sockets raise, told once in our own errors.

The errors are returned, not raised: raised inside an `except`, they would drag along the caught
exception, which holds the whole request.
"""

from __future__ import annotations

import http.client
import ssl

import requests
import urllib3.exceptions

from .connections import Attempt, Stage
from .errors import ConnectFailed, NotReached, OutcomeUnknown

FOREIGN = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)


def translated(failure: Exception, attempt: Attempt) -> NotReached:
    """No answer came: tell whether anything was sent. Without proof that nothing was, it was."""
    causes = _causes(failure)
    if attempt.stage is not Stage.SENT:
        # A certificate can only be refused before the request leaves.
        if _is_certificate_error(causes, attempt):
            return ConnectFailed(
                "The Secret Manager's certificate is not valid, so nothing was sent to it.",
                code="certificate_invalid",
            )
        if attempt.stage is Stage.CONNECTING or _never_connected(causes):
            return ConnectFailed()
    return broken_off(failure, None)


def broken_off(failure: Exception, status: int | None) -> OutcomeUnknown:
    """The request was sent, and the answer is missing or half."""
    timeouts = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
    if any(isinstance(cause, timeouts) for cause in _causes(failure)):
        return OutcomeUnknown(status=status, code="timeout")
    return OutcomeUnknown(
        "The connection to the Secret Manager broke off.", status=status, code="connection_lost"
    )


def _is_certificate_error(causes: list[BaseException], attempt: Attempt) -> bool:
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return True
    # An adapter that is not ours says no more than "TLS": take the case that is never retried.
    return attempt.stage is Stage.UNSEEN and any(
        isinstance(cause, requests.exceptions.SSLError) for cause in causes
    )


def _never_connected(causes: list[BaseException]) -> bool:
    unsent = (requests.ConnectTimeout, urllib3.exceptions.NewConnectionError)
    return any(isinstance(cause, unsent) for cause in causes)


def _causes(failure: BaseException) -> list[BaseException]:
    """The exception with all it wraps. requests and urllib3 wrap in `args` and `reason`."""
    found: list[BaseException] = []
    waiting: list[object] = [failure]
    while waiting and len(found) < 20:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return found

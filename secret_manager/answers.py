"""From an answer's bytes to a document, or to the error that says what is wrong with it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

import msgspec

from .dates import http_date
from .errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Rejected,
    SecretManagerError,
    UpstreamFailed,
)
from .scrub import clean_text, repeats
from .transport import Answer

_REJECTIONS: dict[int, type[Rejected]] = {
    400: InvalidInput,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    422: InvalidInput,
}
_LONGEST_RETRY_AFTER = 86_400.0
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Unreadable(Exception):
    """The answer is not what was expected. Stays in this package and never holds the answer."""


def read_document(body: bytes) -> Any:
    """Read JSON (RFC 8259), strictly; raise Unreadable.

    NaN and Infinity are refused, and a lone surrogate, which no page could be rendered with,
    becomes U+FFFD.
    """
    document, readable = _parsed(body)
    if not readable:
        # Not where it was caught: a JSONDecodeError holds the whole body.
        raise Unreadable
    return document


def error_for(
    answer: Answer, *, request_id: str, private: Iterable[bytes], quiet: bool = False
) -> SecretManagerError:
    """The error an answer that is not 2xx stands for.

    A 404 that is not in the API's words may be a proxy's that knows no such way, so it says nothing
    about the secret: it is unreadable.

    private: what was submitted and must not come back in a message.
    quiet: leave the API's own words out; they could hold a value that only the server knows.
    """
    details = _details(answer.body)
    if answer.status == 404 and not _is_apis_error(details):
        return unreadable(answer, request_id=request_id)
    message, code = ("", "") if quiet else _words(details, list(private))
    common: dict[str, Any] = {
        "status": answer.status,
        "code": code,
        "request_id": server_request_id(answer) or request_id,
    }
    if 300 <= answer.status < 400:
        common["code"] = "redirect"
        return UpstreamFailed("The Secret Manager's address has moved.", **common)
    if answer.status in {429, 503}:
        common["retry_after"] = retry_after(answer)
    if answer.status == 412:
        common["code"] = "precondition_failed"
        message = message or "This was changed in the meantime. Nothing was overwritten."
    if answer.status == 429:
        return RateLimited(message, **common)
    if 400 <= answer.status < 500:
        return _REJECTIONS.get(answer.status, Rejected)(message, **common)
    # What a broken server says about itself helps nobody on the other side of a page.
    return UpstreamFailed(**common)


def unreadable(answer: Answer, *, request_id: str) -> UpstreamFailed:
    """The error for a 2xx, or a 404, whose body is not what was expected."""
    return UpstreamFailed(
        "The Secret Manager's answer could not be read.",
        status=answer.status,
        code="unreadable_answer",
        request_id=server_request_id(answer) or request_id,
    )


def server_request_id(answer: Answer) -> str:
    """The server's own id for the request, or ""."""
    offered = answer.headers.get("x-request-id", "")
    return offered if _REQUEST_ID.fullmatch(offered) else ""


def retry_after(answer: Answer) -> float | None:
    """Retry-After in seconds (RFC 9110 §10.2.3); None where it is missing or not sane.

    A date is measured against the answer's own Date, since the server's clock need not be ours.
    """
    given = answer.headers.get("retry-after", "").strip()
    seconds = _number(given)
    if seconds is None:
        until, now = http_date(given), http_date(answer.headers.get("date", ""))
        if until is None or now is None:
            return None
        seconds = max((until - now).total_seconds(), 0.0)
    return seconds if 0 <= seconds <= _LONGEST_RETRY_AFTER else None


def _parsed(body: bytes) -> tuple[Any, bool]:
    try:
        return msgspec.json.decode(body), True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # It knows neither a byte order mark nor half a surrogate, which some servers send.
        return _parsed_leniently(body)


def _parsed_leniently(body: bytes) -> tuple[Any, bool]:
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
        if b"\\ud" in body.lower():
            document = _without_surrogates(document)
    except (ValueError, RecursionError):
        return None, False
    return document, True


def _refuse(constant: str) -> NoReturn:
    raise ValueError


def _without_surrogates(node: Any) -> Any:
    if isinstance(node, str):
        return _SURROGATE.sub("\ufffd", node)
    if isinstance(node, list):
        return [_without_surrogates(item) for item in node]
    if isinstance(node, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in node.items()}
    return node


def _details(body: bytes) -> dict[str, Any]:
    document, _ = _parsed(body)
    return document if isinstance(document, dict) else {}


def _is_apis_error(details: dict[str, Any]) -> bool:
    given = (details.get("error"), details.get("error_description"))
    return any(isinstance(text, str) and text for text in given)


def _words(details: dict[str, Any], private: list[bytes]) -> tuple[str, str]:
    given = details.get("error_description") or details.get("error_detail")
    text = given if isinstance(given, str) else ""
    code = details.get("error")
    code = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    return (
        "" if repeats(text, private) else clean_text(text),
        "" if repeats(code, private) else code,
    )


def _number(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return -1.0 if math.isnan(seconds) else seconds

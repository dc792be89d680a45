"""Another status than the one that was earned: from a proxy in between, a limit, a move."""

import base64
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.faults.kinds.kind import Kind, Misbehave
from tests.faults.server import Exchange
from tests.faults.truth import Answer

HTML = b"<html><head><title>Bad gateway</title></head><body><h1>502</h1></body></html>"
JSON_TYPE = ("Content-Type", "application/json")
HTML_TYPE = ("Content-Type", "text/html")


def answering(
    status: int,
    *headers: tuple[str, str],
    body: bytes = b'{"error": "oops", "error_description": "Something went wrong."}',
    commits: bool = False,
) -> Misbehave:
    """Answer like this, with or without doing what was asked."""

    def misbehave(exchange: Exchange) -> None:
        if commits:
            _ = exchange.real
        exchange.answer(Answer(status, headers or (JSON_TYPE,), body))

    return misbehave


def _status(status: int, *, commits: bool) -> Kind:
    when = " after commit" if commits else ""
    misbehave = answering(status, commits=commits)
    return Kind(name=f"{status}{when}", misbehave=misbehave, commits=commits)


def _limited(name: str, retry_after: str | None) -> Kind:
    headers = [JSON_TYPE, ("Date", format_datetime(datetime.now(UTC), usegmt=True))]
    if retry_after is not None:
        headers.append(("Retry-After", retry_after))
    return Kind(name=f"429, {name}", misbehave=answering(429, *headers), commits=False)


def _moved(status: int) -> Kind:
    def misbehave(exchange: Exchange) -> None:
        # Another host by name; whatever follows it is seen in this server's own log.
        elsewhere = ("Location", f"http://localhost:{exchange.server.port}/stolen")
        exchange.answer(Answer(status, (elsewhere,), b""))

    return Kind(name=f"{status} to another host", misbehave=misbehave, commits=False)


def _echoing(status: int, name: str, *, encoded: bool) -> Kind:
    def misbehave(exchange: Exchange) -> None:
        credential = exchange.request.headers.get("authorization", "")
        sent = exchange.request.body.decode() or exchange.request.target
        said = f"cannot take {sent} from {credential}"
        if encoded:
            sent_value = json.loads(exchange.request.body or b"{}").get("value") or ""
            plain = base64.b64decode(sent_value).decode()
            token = base64.b64decode(credential.partition(" ")[2]).decode()
            said = f"cannot take {plain} from {token}"
        document = {"error": "refused", "error_description": said, "error_detail": said}
        exchange.answer(Answer(status, (JSON_TYPE,), json.dumps(document).encode()))

    return Kind(name=name, misbehave=misbehave, commits=False)


S503, S503_AFTER = _status(503, commits=False), _status(503, commits=True)
LIMITED = _limited("no Retry-After", None)

KINDS = [
    *(_status(status, commits=commits) for status in (500, 502, 504) for commits in (False, True)),
    S503,
    S503_AFTER,
    S503.three_times(),
    S503_AFTER.three_times(),
    S503.always(),
    S503_AFTER.always(),
    S503.on_request(2),
    Kind(name="HTML 502", misbehave=answering(502, HTML_TYPE, body=HTML), commits=False),
    Kind(
        name="HTML 502 after commit", misbehave=answering(502, HTML_TYPE, body=HTML, commits=True)
    ),
    _status(408, commits=False),
    _status(408, commits=True),
    _status(425, commits=False),
    LIMITED,
    LIMITED.always(),
    _limited("Retry-After 1", "1"),
    _limited("Retry-After 30", "30"),
    _limited("Retry-After negative", "-5"),
    _limited("Retry-After huge", "99999999999999999999"),
    _limited("Retry-After NaN", "NaN"),
    _limited(
        "Retry-After date", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    ),
    _limited("Retry-After garbage", "in a while; maybe"),
    *(_moved(status) for status in (301, 302, 307, 308)),
    _echoing(400, "400 that echoes what was sent", encoded=False),
    _echoing(400, "400 that echoes it decoded", encoded=True),
    _echoing(500, "500 that echoes it decoded", encoded=True),
]

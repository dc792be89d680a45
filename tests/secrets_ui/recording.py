"""A Secret Manager for many people that notes who asked for what, in this process or over sockets.

The number of the person that a call is made for is in each secret's id: `7-1001`. What is answered is
theirs, and a cookie comes with it that nobody may send back.
"""

import base64
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3 import HTTPResponse

VERSION_ID = "2001"


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    path: str
    credential: str | None = field(repr=False)
    cookie: str | None = field(repr=False)

    @property
    def caller(self) -> str:
        """The number of the person it is about; "" where no secret is named."""
        steps = self.path.split("/")
        return steps[5].partition("-")[0] if len(steps) > 5 else ""


CALLS: list[Call] = []


def answered(path: str, headers: Any) -> tuple[dict[str, str], bytes]:
    """Note a call; return the headers and the body of its answer."""
    call = Call(path, headers.get("Authorization"), headers.get("Cookie"))
    CALLS.append(call)
    body = json.dumps(_document(call)).encode()
    cookie = f"caller={call.caller or 'nobody'}; Path=/"
    return {"Content-Length": str(len(body)), "Set-Cookie": cookie}, body


def _document(call: Call) -> dict[str, Any]:
    steps = call.path.split("/")[4:]
    match steps:
        case ["secrets"]:
            return {"secrets": [], "has_next": False}
        case ["secrets", secret_id]:
            return _secret(secret_id)
        case ["secrets", secret_id, "versions"]:
            return {"versions": [_version(secret_id)], "pagination": {"has_next": False}}
        case ["secrets", secret_id, "versions", _]:
            return _version(secret_id)
    raise ValueError(call.path)


def _secret(secret_id: str) -> dict[str, Any]:
    return {"id": secret_id, "name": name_of(secret_id), "versions": [_version(secret_id)]}


def _version(secret_id: str) -> dict[str, Any]:
    value = base64.b64encode(value_of(secret_id).encode()).decode()
    known = {"id": VERSION_ID, "secret_id": secret_id, "version": 1, "status": "active"}
    return {**known, "value": value}


def name_of(secret_id: str) -> str:
    return f"name-of-{secret_id}-ends"


def value_of(secret_id: str) -> str:
    return f"value-of-{secret_id}-ends"


class RecordingAdapter(requests.adapters.BaseAdapter):
    """Answers without a socket."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        headers, body = answered(urlsplit(request.url or "").path, request.headers)
        message = Message()
        for name, text in headers.items():
            message[name] = text
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, request.url or ""
        response.headers.update(headers)
        # requests looks for cookies where http.client would have put them.
        response.raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=headers,
            status=200,
            preload_content=False,
            original_response=SimpleNamespace(msg=message, isclosed=lambda: True),  # type: ignore[arg-type]
        )
        return response

    def close(self) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        headers, body = answered(urlsplit(self.path).path, self.headers)
        self.send_response_only(200)
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    """Answer over sockets until the block ends; gives the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

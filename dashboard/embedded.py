"""The way to the embedded Secret Manager: a request answered inside this process, with no socket.

A socket would make a worker wait on itself. Django's own WSGI handler would send `request_started`
and `request_finished` in the middle of a person's request, and so close the database connection that
request is using; `emulator.wsgi` sends no signal.
"""

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from django.utils.module_loading import import_string
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

APPLICATION = "emulator.wsgi.application"


class EmbeddedAdapter(BaseAdapter):
    """Hands a prepared request to a WSGI application and its answer back to `requests`."""

    def __init__(self) -> None:
        super().__init__()
        self._application = import_string(APPLICATION)

    def send(
        self, request: requests.PreparedRequest, *args: object, **kwargs: object
    ) -> requests.Response:
        head: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            head.update(status=int(status.split(" ", 1)[0]), headers=headers)

        body = b"".join(self._application(_environ(request), start_response))
        response = requests.Response()
        response.status_code = head["status"]
        response.headers.update(head["headers"])
        response.url = request.url or ""
        response.request = request
        response.raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=head["headers"],
            status=head["status"],
            preload_content=False,
        )
        return response

    def close(self) -> None:
        """Nothing is kept open."""


def _environ(request: requests.PreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url or "")
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # WSGI (PEP 3333) carries the decoded path as Latin-1 text.
        "PATH_INFO": unquote(url.path, encoding="latin-1"),
        "QUERY_STRING": url.query,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        **_header_variables(request.headers),
    }


def _header_variables(headers: Mapping[str, str | bytes]) -> dict[str, str]:
    variables = {}
    for name, value in headers.items():
        variable = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if variable == "CONTENT_TYPE":
            variables[variable] = text
        elif variable != "CONTENT_LENGTH":
            variables[f"HTTP_{variable}"] = text
    return variables

"""A Secret Manager on loopback in which whatever can be a text is one that a test plays."""

import base64
import json
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECRET_ID, VERSION_ID, APP_ID = 1001, 2001, "9909389711171"

# The client reads some of these; none of them is ours to send on.
HEADERS = [
    "Content-Type",
    "Date",
    "ETag",
    "Retry-After",
    "Secret-Manager-Extensions",
    "X-Request-Id",
    "Content-Disposition",
    "Content-Security-Policy",
    "HX-Location",
    "HX-Redirect",
    "HX-Reswap",
    "HX-Retarget",
    "HX-Trigger",
    "Link",
    "Location",
    "Refresh",
    "Server",
    "Set-Cookie",
    "WWW-Authenticate",
]
Document = dict[str, Any]


class HostileApi(ThreadingHTTPServer):
    """Answers every read and write; each field of an answer has another one of the texts.

    spoken: what was said so far, field by field.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spoken: defaultdict[str, set[str]] = defaultdict(set)
        self._fields: dict[str, int] = {}
        self.play(["a text"])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def play(
        self, texts: Sequence[str], start: int = 0, *, rows: int = 1, refused: Collection[str] = ()
    ) -> None:
        """Say these texts from now on: field by field another one, from the one at `start` on.

        rows: how many secrets are listed at once. refused: the methods that end in an error.
        """
        self._texts, self._start, self._rows, self._refused = texts, start, rows, refused

    def move_on(self) -> None:
        """Let each field say the next one of the texts."""
        self._start += 1

    def text(self, field: str, row: int = 0) -> str:
        """Return what a field says now, in this row of a list."""
        place = self._fields.setdefault(field, len(self._fields))
        text = self._texts[(self._start + row + place) % len(self._texts)]
        self.spoken[field].add(text)
        return text

    def answer(self, method: str, path: list[str], query: dict[str, list[str]]) -> tuple[int, Any]:
        """Return the status and the document; `path` is what follows the organization's id."""
        if method in self._refused:
            return 400, self._error()
        match method, path:
            case "GET", ["secrets"]:
                return 200, self._secrets(min(self._rows, int(query["limit"][0])))
            case "GET", [_, _, "versions"]:
                return 200, self._versions()
            case "DELETE", _:
                return 200, {"message": self.text("message")}
            case _, [_, secret_id, "versions", *rest]:
                version_id = rest[0] if rest else str(VERSION_ID)
                return 200, self._version(0, id=version_id) | {"secret_id": secret_id}
        return 200, self._secret(0)

    def header(self, name: str) -> str:
        """Return what a header says: one line of Latin-1, for it could not be sent otherwise."""
        said = self.text(name).encode("latin-1", "replace").decode("latin-1")
        return "".join(char for char in said if char.isprintable())[:200]

    def _error(self) -> Document:
        # The detail is looked at where there is no description, so each has its turn.
        description, detail = self.text("words"), self.text("more words")
        if self._start % 2:
            return {"error": self.text("error"), "error_detail": description}
        return {
            "error": self.text("error"),
            "error_description": description,
            "error_detail": detail,
        }

    def _secrets(self, rows: int) -> Document:
        """Return a page of a list, with as many entries again that have no usable id."""
        secrets = [self._secret(row) for row in range(rows)]
        unusable = [{"id": self.text("id", row), "name": "unusable"} for row in range(rows)]
        return {
            "organization_id": self.text("organization_id"),
            "secrets": [*secrets, *unusable],
            "offset": self.text("offset"),
            "limit": self.text("limit"),
            "has_next": True,
        }

    def _versions(self, row: int = 0) -> Document:
        pagination = {name: self.text(name) for name in ("count", "has_next", "limit", "offset")}
        return {"versions": self._entries(row), "pagination": pagination}

    def _entries(self, row: int) -> list[Document]:
        """Return versions of which each is hostile in another way, so that each is shown or left out."""
        return [
            self._version(row, id=str(VERSION_ID)),
            self._version(row, id=str(VERSION_ID + 1), status=self.text("status", row)),
            self._version(row, id=str(VERSION_ID + 2), version=self.text("version", row)),
            self._version(row, id=self.text("id", row)),
        ]

    def _secret(self, row: int) -> Document:
        return {
            self.text("unknown field", row): self.text("unknown text", row),
            "id": str(SECRET_ID + row),
            "organization_id": self.text("organization_id", row),
            "user_id": self.text("user_id", row),
            "name": self.text("name", row),
            "description": self.text("description", row),
            "expired_at": self.text("expired_at", row),
            "integration_service_type": self.text("integration_service_type", row),
            "integration_service_ids": [APP_ID, self.text("integration_service_ids", row)],
            "properties": {self.text("property", row): [self.text("properties", row)]},
            "provider": self.text("provider", row),
            "rotation": self.text("rotation", row),
            "created_at": self.text("created_at", row),
            "updated_at": self.text("updated_at", row),
            "versions": self._entries(row),
        }

    def _version(self, row: int, **known: Any) -> Document:
        return {
            "organization_id": self.text("organization_id", row),
            "secret_id": self.text("secret_id", row),
            "user_id": self.text("user_id", row),
            "version": 1,
            "status": "active",
            "value": wire_value(self.text("value", row)),
            "provider": self.text("provider", row),
            "created_at": self.text("created_at", row),
            "updated_at": self.text("updated_at", row),
            **known,
        }


def wire_value(text: str) -> str:
    """Return a value as it travels. Halves of surrogate pairs make it bytes that are no UTF-8."""
    return base64.b64encode(text.encode(errors="surrogatepass")).decode()


class _Handler(BaseHTTPRequestHandler):
    server: HostileApi
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece, or each answer waits 40 ms for an acknowledgement

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        address = urlsplit(self.path)
        path = address.path.split("/")[4:]
        status, document = self.server.answer(self.command, path, parse_qs(address.query))
        body = json.dumps(document).encode()
        self.send_response_only(status)
        for name in HEADERS:
            self.send_header(name, self.server.header(name))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def running() -> Iterator[HostileApi]:
    """Run one until the block ends."""
    with HostileApi() as api:
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield api
        finally:
            api.shutdown()
            thread.join()

"""A caller of the emulator's WSGI application, for tests."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from django.test import RequestFactory

from emulator.wsgi import application


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def error(self) -> tuple[int, str]:
        """The status and the code of an error, whose shape is checked on the way."""
        assert set(self.body) == {"error", "error_description", "error_detail"}
        return self.status, self.body["error"]


class Api:
    """Calls the API of one organization with one Authorization header."""

    def __init__(self, organization_id: str, authorization: str) -> None:
        self.organization_id = organization_id
        self.authorization = authorization

    def get(self, path: str = "", **query: Any) -> Answer:
        return self.call("GET", path, query=query)

    def post(self, path: str = "", body: Any = None, **query: Any) -> Answer:
        return self.call("POST", path, body=body, query=query)

    def patch(self, path: str, body: Any, **query: Any) -> Answer:
        return self.call("PATCH", path, body=body, query=query)

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)

    def create(self, name: str, value: str = "first", **fields: Any) -> dict[str, Any]:
        """Create a secret and return it."""
        answer = self.post("", {"name": name, "value": encode(value), **fields})
        assert answer.status == 201, answer
        return answer.body

    def add_version(self, secret: dict[str, Any], value: str = "next") -> dict[str, Any]:
        """Add a version and return it."""
        answer = self.post(f"/{secret['id']}/versions", {"value": encode(value)})
        assert answer.status == 201, answer
        return answer.body

    def call(
        self,
        method: str,
        path: str = "",
        *,
        body: Any = None,
        raw: bytes | None = None,
        query: dict[str, Any] | None = None,
        content_type: str = "application/json",
        **environ: str,
    ) -> Answer:
        """Send one request below `…/secrets`; `raw` is a body that is not made from `body`."""
        return send(
            method,
            f"/secret-manager/organizations/{self.organization_id}/secrets{path}",
            data=json.dumps(body).encode() if raw is None else raw,
            content_type=content_type,
            query_params=query,
            headers={"Authorization": self.authorization} if self.authorization else {},
            **environ,
        )


def send(method: str, path: str, **parts: Any) -> Answer:
    """Hand one request to the WSGI application."""
    head: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        head.update(status=int(status.split()[0]), headers=dict(headers))

    environ = RequestFactory().generic(method, path, **parts).environ
    # A request object decodes its own path; in WSGI it is Latin-1 (PEP 3333).
    environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
    content = b"".join(application(environ, start_response))
    return Answer(head["status"], head["headers"], json.loads(content))


def encode(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def decode(value: str) -> str:
    return base64.b64decode(value, validate=True).decode()


def bearer(token: str) -> str:
    return f"Bearer {token}"


def basic(principal: str, token: str) -> str:
    return f"Basic {encode(f'{principal}:{token}')}"

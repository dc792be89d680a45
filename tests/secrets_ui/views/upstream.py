"""A Secret Manager elsewhere, as `responses` plays it, and the ways in which it can fail."""

import json
from dataclasses import dataclass, field
from typing import Any

import requests
import responses
import urllib3.exceptions
from django.test import Client

from tests.secrets_ui.conftest import ORGANIZATION_ID

TOKEN = "pat-9b1c7e5a4d2f"
VALUE = "typed-value-52f1c0"
SECRET_ID, VERSION_ID = "1001", "2001"
SECRET_URL = f"/organizations/{ORGANIZATION_ID}/secrets/{SECRET_ID}/"
VERSION_URL = f"{SECRET_URL}versions/{VERSION_ID}/"

VERSION = {"id": VERSION_ID, "version": 1, "status": "active", "created_at": "2026-01-01T00:00:00Z"}
SECRET = {
    "id": SECRET_ID,
    "name": "billing-key",
    "description": "Pays",
    "created_at": VERSION["created_at"],
    "versions": [VERSION],
}
VERSIONS = {"versions": [VERSION], "pagination": {"has_next": False}}


class Upstream:
    """The browser that is connected to it, and what it answers."""

    BASE_URL = "https://api.example.test"
    SECRETS = f"{BASE_URL}/secret-manager/organizations/{ORGANIZATION_ID}/secrets"
    SECRET = f"{SECRETS}/{SECRET_ID}"
    VERSIONS = f"{SECRET}/versions"
    VERSION = f"{VERSIONS}/{VERSION_ID}"

    def __init__(self, browser: Client, mock: responses.RequestsMock) -> None:
        self.browser = browser
        self.mock = mock

    def says(self, method: str, url: str, document: Any, status: int = 200) -> None:
        """Answer this request with a JSON document from now on."""
        self.mock.upsert(method, url, json=document, status=status)

    def shows_one_secret(self) -> None:
        """Answer every read: there is one secret with one version, and it is on."""
        self.says("GET", self.SECRETS, {"secrets": [SECRET], "has_next": False})
        self.says("GET", self.SECRET, SECRET)
        self.says("GET", self.VERSIONS, VERSIONS)
        self.says("GET", self.VERSION, VERSION)

    def fails(self, method: str, url: str, failure: "Failure") -> None:
        """Fail this request from now on."""
        self.mock.upsert(method, url, **failure.answer)

    def sent(self, method: str) -> list[dict[str, Any]]:
        """Return the bodies of the requests made with a method."""
        made = [call.request for call in self.mock.calls if call.request.method == method]
        return [json.loads(request.body or "{}") for request in made]


@dataclass(frozen=True)
class Failure:
    """A way to fail, and how a page tells a person about it when they read."""

    name: str
    answer: dict[str, Any] = field(repr=False)
    status: int
    title: str
    may_have_happened: bool = False
    """Whether a write that met this failure may have been carried out, and is looked up."""
    outcome: str = "failed"
    """What the audit trail says of an act that met this failure, if it surely did not happen."""

    def __str__(self) -> str:
        return self.name


def _error(status: int, title: str, page_status: int, **more: Any) -> Failure:
    # A server that echoes what it was sent must not make the page repeat it.
    headers = {"X-Request-Id": "req-77", **more.pop("headers", {})}
    echo = {"error": "refused", "error_description": f"cannot take {VALUE} from {TOKEN}"}
    answer = {"json": echo, "status": status, "headers": headers}
    return Failure(str(status), answer, page_status, title, **more)


UNREACHABLE = "The Secret Manager cannot be reached"
SILENT = "The Secret Manager did not answer in time"
NONSENSE = "The Secret Manager answered with something we cannot use"

_REFUSED = requests.ConnectionError(urllib3.exceptions.NewConnectionError(None, "refused"))  # type: ignore[arg-type]
_REFERENCE = {"X-Request-Id": "req-77"}

FAILURES = [
    _error(400, "The Secret Manager did not accept what was sent", 422),
    _error(401, "The Secret Manager did not accept your credential", 403, outcome="denied"),
    _error(403, "Your credential does not allow this", 403, outcome="denied"),
    _error(404, "This is not there any more", 404),
    _error(409, "The Secret Manager says this conflicts with something that exists", 409),
    _error(429, "The Secret Manager asks us to slow down", 503, headers={"Retry-After": "30"}),
    _error(500, NONSENSE, 502, may_have_happened=True),
    Failure(
        "html",
        {
            "body": f"<html><script>alert(1)</script>{VALUE} {TOKEN}",
            "status": 502,
            "headers": _REFERENCE,
        },
        502,
        NONSENSE,
        may_have_happened=True,
    ),
    Failure(
        "bad_json",
        {"body": f'{{"id": "{VALUE} {TOKEN}', "status": 200, "headers": _REFERENCE},
        502,
        NONSENSE,
        may_have_happened=True,
    ),
    Failure("refused", {"body": _REFUSED}, 502, UNREACHABLE),
    Failure("slow", {"body": requests.ReadTimeout()}, 504, SILENT, may_have_happened=True),
]

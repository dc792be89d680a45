"""The way to the emulator on which a test loses requests and answers, and counts what was sent."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime

import requests
from django.utils import timezone
from urllib3 import HTTPResponse

from dashboard.embedded import EmbeddedAdapter

Deliver = Callable[[requests.PreparedRequest], requests.Response]
ANNOUNCEMENTS = ("Secret-Manager-Extensions", "ETag")


@dataclass
class Fault:
    """What happens to requests of one method.

    `arrives`: whether the emulator gets the request. `status`: the proxy's answer, or None for none
    at all. `first` and `later` run just before it, and just after it would have been answered.
    """

    method: str
    path_end: str = ""
    arrives: bool = True
    status: int | None = None
    passes: bool = False
    times: int = 1
    first: Callable[[], object] | None = None
    later: Callable[[], object] | None = None


@dataclass
class Line:
    """What happens on the way, and what went over it.

    `announces`: whether answers name the server's extensions. `ahead`: how far their Date is ahead of
    our clock. `lacks`: the fields that are missing in what is read.
    """

    faults: list[Fault] = field(default_factory=list)
    sent: list[requests.PreparedRequest] = field(default_factory=list)
    announces: bool = True
    ahead: timedelta | None = None
    lacks: set[str] = field(default_factory=set)

    def loses(self, method: str, *, arrives: bool, **more: object) -> Fault:
        """Lose the answer to the next request of this method."""
        fault = Fault(method, arrives=arrives, **more)  # type: ignore[arg-type]
        self.faults.append(fault)
        return fault

    def meets(
        self,
        method: str,
        *,
        first: Callable[[], object] | None = None,
        later: Callable[[], object] | None = None,
    ) -> None:
        """Let something happen just before, or just after, the next request of this method."""
        self.faults.append(Fault(method, passes=True, first=first, later=later))

    def is_dead(self) -> None:
        """Carry nothing any more."""
        for method in ("GET", "POST", "PATCH", "DELETE"):
            self.loses(method, arrives=False, times=1000)

    def heals(self) -> None:
        self.faults.clear()
        self.lacks.clear()

    def reset(self) -> None:
        """Start anew, as the next test finds it."""
        self.heals()
        self.sent.clear()
        self.announces, self.ahead = True, None

    def count(self, method: str) -> int:
        """Tell how often a request of this method was sent."""
        return sum(request.method == method for request in self.sent)

    def carry(self, request: requests.PreparedRequest, deliver: Deliver) -> requests.Response:
        self.sent.append(request)
        fault = self._next(request)
        if fault is None:
            return self._told(deliver(request))
        if fault.first:
            fault.first()
        response = deliver(request) if fault.arrives else None
        if fault.later:
            fault.later()
        if fault.passes and response is not None:
            return self._told(response)
        if fault.status is None:
            raise requests.ConnectionError("the answer is lost")
        return _proxy_says(fault.status, request)

    def _next(self, request: requests.PreparedRequest) -> Fault | None:
        path = (request.url or "").partition("?")[0]
        for fault in self.faults:
            if fault.method == request.method and path.endswith(fault.path_end) and fault.times:
                fault.times -= 1
                return fault
        return None

    def _told(self, response: requests.Response) -> requests.Response:
        for header in ANNOUNCEMENTS if not self.announces else ():
            response.headers.pop(header, None)
        if self.ahead is not None:
            response.headers["Date"] = format_datetime(timezone.now() + self.ahead, usegmt=True)
        if self.lacks and response.request.method == "GET":
            left = json.dumps(_without(self.lacks, json.loads(response.raw.read()))).encode()
            response.headers["Content-Length"] = str(len(left))
            response.raw = _raw(left, response.status_code)
        return response


# The adapter is made from its name alone, so this is where a test reaches it.
LINE = Line()


class LossyAdapter(EmbeddedAdapter):
    """Hands requests to the embedded emulator as `LINE` says."""

    def send(
        self, request: requests.PreparedRequest, *args: object, **kwargs: object
    ) -> requests.Response:
        return LINE.carry(request, super().send)


def _proxy_says(status: int, request: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request = status, request
    response.raw = _raw(b"", status)
    return response


def _raw(body: bytes, status: int) -> HTTPResponse:
    return HTTPResponse(body=io.BytesIO(body), status=status, preload_content=False)


def _without(names: set[str], document: object) -> object:
    if isinstance(document, list):
        return [_without(names, each) for each in document]
    if isinstance(document, dict):
        return {key: _without(names, part) for key, part in document.items() if key not in names}
    return document

"""A small threaded HTTP/1.1 server on loopback, by hand, so that it can break off anywhere.

Until it is armed, and for every request that a fault does not hit, it answers what the emulator says.
"""

import contextlib
import http
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property

from django.db import connections

from tests.faults.kinds.kind import Kind
from tests.faults.truth import Answer, Request, forward

LONGEST_WAIT = 20.0
"""Seconds after which even a silent exchange ends, so that no thread outlives its test."""

LONGEST_DRIP = 4.0

Decides = Callable[[Request], bool]


@dataclass
class Exchange:
    """One request, and everything that can be done to the one who waits for its answer."""

    line: "Line"
    sock: socket.socket
    server: "FaultServer"

    @property
    def request(self) -> Request:
        return self.line.request

    @cached_property
    def real(self) -> Answer:
        """The emulator's answer. Asking for it carries the request out, once."""
        answer = forward(self.request, extensions=self.server.extensions)
        self.line.is_done = answer.status < 300
        self.line.done_at = time.monotonic()
        return answer

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, answer: Answer) -> None:
        """Answer properly."""
        self.send(head(answer, content_length=len(answer.body)) + answer.body)

    def drip(self, pieces: Iterable[bytes], *, every: float) -> None:
        """Send piece after piece, slowly, until the other side goes away or has seen enough."""
        enough = time.monotonic() + LONGEST_DRIP
        for piece in pieces:
            self.send(piece)
            if time.monotonic() > enough:
                return
            if self.server.stopping.wait(every):
                return

    def say_nothing(self) -> None:
        """Wait until the other side goes away."""
        self.sock.settimeout(LONGEST_WAIT)
        with contextlib.suppress(OSError):
            self.sock.recv(1)

    def hang_up(self) -> None:
        """End the connection in order (FIN)."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        """End the connection as a crashed server does (RST)."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


@dataclass
class Line:
    """One line of the server's log. `is_done`: the emulator carried it out, and when."""

    request: Request
    was_hit: bool = False
    is_done: bool = False
    done_at: float = 0.0


@dataclass
class Armed:
    """A fault that waits for its moment. `hits` counts how often it came."""

    kind: Kind
    decides: Decides
    requests: int = 0
    hits: int = 0

    def takes(self, request: Request) -> bool:
        """Tell whether this request meets the fault."""
        self.requests += 1
        if self.kind.times is not None and self.hits >= self.kind.times:
            return False
        if not self.hits and not self._begins(request):
            return False
        if not self.kind.applies(request):
            return False
        self.hits += 1
        return True

    def _begins(self, request: Request) -> bool:
        if self.kind.nth:
            return self.requests == self.kind.nth
        return not self.kind.waits_for_the_act or self.decides(request)


@dataclass
class FaultServer:
    """One server: where it listens, what it does wrong, and what arrived.

    extensions: False makes it like the hosted platform, which knows neither If-Match nor keys.
    """

    extensions: bool = True
    tls: ssl.SSLContext | None = None
    log: list[Line] = field(default_factory=list)
    armed: Armed | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    _sockets: set[socket.socket] = field(default_factory=set)
    _accepted: set[int] = field(default_factory=set)
    _arrival: threading.Condition = field(default_factory=threading.Condition)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def arm(self, kind: Kind, decides: Decides = lambda request: True) -> Armed:
        """Go wrong from now on; `decides` tells the request that the act of the page is."""
        with self._lock:
            self.armed = Armed(kind, decides)
            return self.armed

    def disarm(self) -> None:
        """Be well again."""
        with self._lock:
            self.armed = None

    def finish(self) -> None:
        """Deal with everything that has arrived; whoever asked should have gone away by now.

        Without it, a request that its sender gave up could meet a server that is well again.
        """
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            port = last.getsockname()[1]
            with self._arrival:
                assert self._arrival.wait_for(lambda: port in self._accepted, LONGEST_WAIT)
        for sock in list(self._sockets):
            # What is here already is still read; then the connection is over.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RD)
        for thread in self._threads[1:]:
            thread.join(LONGEST_WAIT)

    def writes(self) -> list[Line]:
        """Return the writes that arrived, whole."""
        return [line for line in self.log if line.request.is_write]

    def stop(self) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LONGEST_WAIT)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while True:
            try:
                sock, (_, port) = self._listener.accept()
            except OSError:
                return
            self._sockets.add(sock)
            self._start(self._serve, sock)
            with self._arrival:
                self._accepted.add(port)
                self._arrival.notify_all()

    def _serve(self, sock: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
                stack.callback(sock.close)
                stack.callback(self._sockets.discard, sock)
                sock.settimeout(LONGEST_WAIT)
                if self.tls:
                    sock = stack.enter_context(self.tls.wrap_socket(sock, server_side=True))
                for request in _requests(sock):
                    self._respond(request, sock)
        finally:
            connections.close_all()

    def _respond(self, request: Request, sock: socket.socket) -> None:
        with self._lock:
            armed = self.armed
            is_hit = armed is not None and armed.takes(request)
            line = Line(request, was_hit=is_hit)
            self.log.append(line)
        exchange = Exchange(line, sock, self)
        if armed is not None and is_hit:
            armed.kind.misbehave(exchange)
        else:
            exchange.answer(exchange.real)


@contextmanager
def running(**options: object) -> Iterator[FaultServer]:
    """Run a server until the block ends."""
    server = FaultServer(**options)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.stop()


def head(answer: Answer, *, content_length: int | None) -> bytes:
    """Return the status line and headers of an answer."""
    reason = http.HTTPStatus(answer.status).phrase
    lines = [f"HTTP/1.1 {answer.status} {reason}"]
    if not any(name == "Date" for name, _ in answer.headers):
        lines.append(f"Date: {format_datetime(datetime.now(UTC), usegmt=True)}")
    lines += [f"{name}: {text}" for name, text in answer.headers if name != "Content-Length"]
    if content_length is not None:
        lines.append(f"Content-Length: {content_length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def in_bytes(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def _requests(sock: socket.socket) -> Iterator[Request]:
    """Yield the requests of one connection, each once it is here whole."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return
            data += piece
        start, _, data = data.partition(b"\r\n\r\n")
        first, *lines = start.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.lower(): text for name, _, text in (x.partition(": ") for x in lines)}
        length = int(headers.get("content-length", 0))
        while len(data) < length:
            piece = sock.recv(65536)
            if not piece:
                return
            data += piece
        body, data = data[:length], data[length:]
        yield Request(method, target, headers, body)

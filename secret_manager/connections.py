"""Connections that know whether a byte left, and that stop reading when time is up.

`requests` and urllib3 apply a timeout to each socket read, so a body (or a header) that drips in
byte by byte never times out; and their exceptions do not tell for certain whether anything was
sent. Both are known at the socket, so both are settled here, for one attempt at a time: its
`Attempt` travels in a context variable because urllib3 keeps connections from call to call.
"""

from __future__ import annotations

import enum
import http.client
import io
import math
import socket
import time
from contextvars import ContextVar
from typing import Any

import requests.adapters
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from .timeouts import Deadline

# A page of a hundred secrets at once. Each piece by itself means waiting for the other threads again.
_BUFFER_BYTES = 128 * 1024
_JUST_NOW = 1.0  # seconds
_TRUSTED_AFTER = 2  # times that a connection was asked and was still there


class Stage(enum.Enum):
    """How far an attempt came. UNSEEN: an adapter without these connections carried it."""

    UNSEEN = enum.auto()
    CONNECTING = enum.auto()
    SENT = enum.auto()


class Attempt:
    """One sending of one request. is_read: it changes nothing, so it may be sent again."""

    def __init__(self, deadline: Deadline, *, is_read: bool = False) -> None:
        self.deadline = deadline
        self.is_read = is_read
        self.stage = Stage.UNSEEN


current_attempt: ContextVar[Attempt | None] = ContextVar("current_attempt", default=None)


class PooledAdapter(requests.adapters.HTTPAdapter):
    """The ordinary adapter, with watched connections and without any retry of its own."""

    def __init__(self, pool_size: int) -> None:
        super().__init__(
            pool_connections=1,
            pool_maxsize=pool_size,
            max_retries=urllib3.Retry(
                total=0, read=False, redirect=False, respect_retry_after_header=False
            ),
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class TimedReader(io.RawIOBase):
    """Reads a socket, each time waiting no longer than what is left of the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline.left()
        if left <= 0:
            raise TimeoutError("The total deadline has passed.")
        idle = self._sock.gettimeout()
        self._sock.settimeout(left if idle is None else min(idle, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._raw.close()


class _TimedSocket:
    """The one thing http.client asks of a socket when it reads an answer."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(TimedReader(self._sock, self._deadline), _BUFFER_BYTES)


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        attempt = current_attempt.get()
        timed: Any = sock if attempt is None else _TimedSocket(sock, attempt.deadline)
        super().__init__(timed, *args, **kwargs)


class _HTTPConnection(HTTPConnection):
    response_class = _Response
    _sent_at = -math.inf
    _found_open = 0

    @property
    def is_connected(self) -> bool:
        # Asking the socket means waiting for the other threads, once more for each of many pages. A
        # read that meets a connection which was closed this second is sent again, and a write asks.
        # A server that closes them without a word is asked about each.
        attempt = current_attempt.get()
        if (
            attempt is not None
            and attempt.is_read
            and self._found_open >= _TRUSTED_AFTER
            and time.monotonic() - self._sent_at < _JUST_NOW
        ):
            return self.sock is not None
        is_open = super().is_connected
        self._found_open += is_open
        return is_open

    def connect(self) -> None:
        _mark(Stage.CONNECTING)
        self._found_open = 0
        super().connect()

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        # Before, not after: from here on nobody can prove that nothing left.
        _mark(Stage.SENT)
        self._sent_at = time.monotonic()
        super().send(data)


class _HTTPSConnection(_HTTPConnection, HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


def _mark(stage: Stage) -> None:
    attempt = current_attempt.get()
    # Never back from SENT.
    if attempt is not None and attempt.stage is not Stage.SENT:
        attempt.stage = stage

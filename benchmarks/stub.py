"""A Secret Manager that only lists secrets: organizations of any size, as far away as wanted.

`python -m benchmarks.stub --sizes 100 10000` prints one JSON line when it is ready: its `port`.
Each line on stdin sets the latency in milliseconds (an empty one leaves it) and is answered with what
it has done until then; the end of stdin ends it, so it never outlives whoever started it.

It is to cost next to nothing beside what is measured: secrets are encoded before the start, an
answer is put together from them, and no framework is between.
"""

import argparse
import asyncio
import json
import re
import selectors
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from benchmarks import names

_LIST = re.compile(rb"GET /secret-manager/organizations/([0-9]+)/secrets(?:\?([^ ]*))? HTTP/1\.1")
_NOT_FOUND = json.dumps(
    {
        "error": "not_found",
        "error_description": "There is nothing here.",
        "error_detail": "",
    }
).encode()


def organization_of(size: int) -> str:
    """Return the id of the organization that has so many secrets."""
    return str(1_400_000_000_000 + size)


@dataclass(frozen=True)
class Organization:
    """Encoded secrets, without and with values, in the order in which they are listed."""

    id: str
    plain: Sequence[bytes]
    with_values: Sequence[bytes]

    def page(self, offset: int, limit: int, *, with_values: bool) -> bytes:
        secrets = self.with_values if with_values else self.plain
        frame = {
            "organization_id": self.id,
            "secrets": [],
            "offset": offset,
            "limit": limit,
            "has_next": offset + limit < len(secrets),
        }
        before, after = json.dumps(frame).encode().split(b"[]")
        return b"%s[%s]%s" % (before, b",".join(secrets[offset : offset + limit]), after)


def organizations(sizes: Sequence[int], *, now: datetime) -> dict[str, Organization]:
    """Return organizations of these sizes by id; the smaller ones are the beginning of the largest."""
    plain = [_encoded(one) for one in names.organization(max(sizes), now=now)]
    valued = [_encoded(one) for one in names.organization(max(sizes), now=now, with_values=True)]
    made = [Organization(organization_of(size), plain[:size], valued[:size]) for size in sizes]
    return {each.id: each for each in made}


class Stub:
    """What is served, and how long an answer takes.

    latency: seconds. cpu_seconds: what all `requests` until now took of the processor.
    """

    def __init__(self, served: dict[str, Organization]) -> None:
        self._served = served
        self.latency = 0.0
        self.cpu_seconds = 0.0
        self.requests = 0
        self._answer = lru_cache(maxsize=1024)(self._make_answer)

    def answer(self, head: bytes) -> bytes:
        """Return the whole answer to a request, given its first line."""
        found = _LIST.match(head)
        if not found:
            return _http(404, _NOT_FOUND)
        return self._answer(*found.groups())

    def _make_answer(self, organization_id: bytes, query: bytes | None) -> bytes:
        organization = self._served.get(organization_id.decode())
        if organization is None:
            return _http(404, _NOT_FOUND)
        asked = {key: values[-1] for key, values in parse_qs((query or b"").decode()).items()}
        page = organization.page(
            int(asked.get("offset", 0)),
            min(int(asked.get("limit", 50)), 100),
            # The official clients write it with a capital letter.
            with_values=asked.get("return_secret_value", "").lower() == "true",
        )
        return _http(200, page)


class Connection(asyncio.Protocol):
    """One kept-alive connection. Requests have no body; one at a time is answered."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        started = time.thread_time()
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if end:
            self._received = rest
            answer = self._stub.answer(head)
            self._stub.requests += 1
            asyncio.get_running_loop().call_later(self._stub.latency, self._send, answer)
        self._stub.cpu_seconds += time.thread_time() - started

    def _send(self, answer: bytes) -> None:
        started = time.thread_time()
        if not self._transport.is_closing():
            self._transport.write(answer)
        self._stub.cpu_seconds += time.thread_time() - started


async def serve(stub: Stub) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(stub), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        if line.strip():
            stub.latency = float(line) / 1000
        told = {
            "latency_ms": stub.latency * 1000,
            "requests": stub.requests,
            "cpu_seconds": round(stub.cpu_seconds, 6),
        }
        print(json.dumps(told), flush=True)


def _encoded(secret: dict[str, Any]) -> bytes:
    return json.dumps(secret, separators=(",", ":")).encode()


def _http(status: int, body: bytes) -> bytes:
    reason = {200: "OK", 404: "Not Found"}[status]
    head = (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _new_loop() -> asyncio.AbstractEventLoop:
    # epoll counts in whole milliseconds, rounded up, which would be 5 % of 20 ms. select does not.
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[100])
    given = parser.parse_args()
    stub = Stub(organizations(given.sizes, now=datetime.now(UTC)))
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(serve(stub))


if __name__ == "__main__":
    main()

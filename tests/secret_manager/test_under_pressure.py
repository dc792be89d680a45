"""Breaker and bulkhead where they stand: in the way to a real server on loopback."""

import contextlib
import json
import socket
import ssl
import threading
import time

import pytest
import requests

from secret_manager import (
    ConnectFailed,
    Deadline,
    OutcomeUnknown,
    SecretManagerClient,
    SecretManagerError,
    Timeouts,
    Transport,
)
from secret_manager.breaker import Breaker

from .helpers import OPERATIONS, ROOT, SECRET, SECRET_DOCUMENT, call, failure_of

PLACES = 4
PAGE = json.dumps({"secrets": [], "has_next": False}).encode()


class Moved:
    """The real clock, and a hand to move it on."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.monotonic() + self.ahead


@pytest.fixture
def transport(request):
    def make(url=ROOT, **options):
        made = Transport(url, **{"max_concurrent": PLACES, "max_wait": 0.05, **options})
        request.addfinalizer(made.close)
        return made

    return make


def reads(transport):
    return SecretManagerClient(None, None, 0, transport=transport).get_secrets("10")


def refused_code(transport):
    return failure_of(lambda: reads(transport), ConnectFailed).code


class Hanging:
    """A server whose answers stop at a point until they are let go on; and callers who wait."""

    def __init__(self, serve, transport, stops="before the answer", **options):
        self.go_on = threading.Event()
        self.stops = stops
        self.server = serve(self._answer)
        self.transport = transport(self.server.url, **options)
        self.outcomes = []
        self._callers = []

    def _answer(self, exchange):
        if self.stops == "in the body" and not self.go_on.is_set():
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAGE)}\r\n\r\n".encode()
            exchange.sock.sendall(head + PAGE[:5])
            self.go_on.wait(30)
            exchange.sock.sendall(PAGE[5:])
            return
        self.go_on.wait(30)
        exchange.answer(PAGE)

    def occupy(self, count):
        """Let callers in until all of them wait at the server."""
        self._callers = [threading.Thread(target=self._call) for _ in range(count)]
        for caller in self._callers:
            caller.start()
        assert until(lambda: len(self.server.requests) >= min(count, PLACES))

    def _call(self):
        try:
            self.outcomes.append(reads(self.transport))
        except SecretManagerError as failure:
            self.outcomes.append(failure)

    def release(self):
        self.go_on.set()
        for caller in self._callers:
            caller.join(10)


def until(condition):
    for _ in range(1000):
        if condition():
            return True
        time.sleep(0.01)
    return False


# Bulkhead


@pytest.mark.parametrize("stops", ["before the answer", "in the body"])
def test_one_more_than_there_are_places_is_refused_and_served_again_at_once(
    serve, transport, stops
):
    hanging = Hanging(serve, transport, stops, timeouts=Timeouts(read=20, total=30))
    hanging.occupy(PLACES)
    if stops == "in the body":
        time.sleep(0.1)  # for the callers to be past the headers, where a place must not end
    failure = failure_of(lambda: reads(hanging.transport), ConnectFailed)
    assert (failure.code, failure.retry_after) == ("busy", 20)
    assert len(hanging.server.requests) == PLACES
    hanging.release()
    assert reads(hanging.transport).secrets == ()
    assert [outcome.secrets for outcome in hanging.outcomes] == [()] * PLACES


def test_never_more_calls_are_under_way_than_there_are_places(serve, transport):
    lock = threading.Lock()
    under_way, most = 0, 0

    def count(exchange):
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.01)
        with lock:
            under_way -= 1
        exchange.answer(PAGE)

    way = transport(serve(count).url, max_wait=20)
    threads = [
        threading.Thread(target=lambda: [reads(way) for _ in range(5)]) for _ in range(PLACES * 4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == PLACES


def test_calls_that_time_out_leave_their_places(serve, transport):
    way = transport(
        serve(lambda exchange: time.sleep(0.4)).url,
        timeouts=Timeouts(read=0.05),
        breaker=Breaker(window=99, minimum=99),
    )
    for _ in range(PLACES * 2):
        failure_of(lambda: reads(way), OutcomeUnknown)


class Crashing(requests.adapters.BaseAdapter):
    """Fails as no network does, when sending or while the body is read."""

    def __init__(self, crash, *, in_body):
        super().__init__()
        self.crash, self.in_body = crash, in_body

    def send(self, request, **options):
        if not self.in_body:
            raise self.crash
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, request.url
        response.raw = self
        return response

    def read(self, size):
        raise self.crash

    def close(self):
        pass


@pytest.mark.parametrize("crash", [KeyError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("in_body", [False, True])
def test_a_crash_leaves_its_place(transport, crash, in_body):
    way = transport(adapter=Crashing(crash, in_body=in_body))
    for _ in range(PLACES * 2):
        with pytest.raises(crash):
            reads(way)


def test_being_refused_does_not_open_the_breaker(serve, transport):
    hanging = Hanging(serve, transport, timeouts=Timeouts(read=20, total=30), max_wait=0.0)
    hanging.occupy(PLACES)
    assert {refused_code(hanging.transport) for _ in range(30)} == {"busy"}
    hanging.release()
    assert reads(hanging.transport).secrets == ()


# Breaker


def unused_url():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_open_breaker_answers_without_touching_the_socket(transport, monkeypatch, name):
    way = transport(unused_url())
    assert [refused_code(way) for _ in range(5)] == ["connect_failed"] * 5
    touched = []
    monkeypatch.setattr(socket, "socket", lambda *args, **options: touched.append(args))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: touched.append(args))
    client = SecretManagerClient(None, transport=way)
    failure = failure_of(lambda: call(client, name), ConnectFailed)
    assert failure.code == "breaker_open"
    assert 0 < failure.retry_after <= 10
    assert failure.write_may_have_happened is False
    assert touched == []


def test_it_recovers_after_one_good_probe(serve, transport):
    clock = Moved()
    ill = threading.Event()
    ill.set()

    def answer(exchange):
        exchange.answer(PAGE, "503 Down" if ill.is_set() else "200 OK")

    server = serve(answer)
    way = transport(server.url, clock=clock)
    for _ in range(10):
        failure_of(lambda: reads(way), SecretManagerError)
    assert refused_code(way) == "breaker_open"
    ill.clear()
    assert refused_code(way) == "breaker_open", "the pause is not over yet"
    assert len(server.requests) == 10
    clock.ahead += 10
    for _ in range(3):
        assert reads(way).secrets == ()


def test_a_hanging_api_opens_it(serve, transport):
    way = transport(serve(lambda exchange: time.sleep(0.3)).url, timeouts=Timeouts(read=0.02))
    for _ in range(10):
        failure_of(lambda: reads(way), OutcomeUnknown)
    assert refused_code(way) == "breaker_open"


def test_an_open_breaker_answers_at_once_even_if_all_places_are_taken(serve, transport):
    hanging = Hanging(serve, transport, timeouts=Timeouts(read=20, total=30), max_wait=20)
    hanging.occupy(PLACES)
    for _ in range(5):
        with hanging.transport.breaker.call() as other:
            other.health = other.health.UNREACHABLE
    started = time.monotonic()
    assert refused_code(hanging.transport) == "breaker_open"
    # Waiting for a place would take 20 s.
    assert time.monotonic() - started < 10
    hanging.release()


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 408, 409, 412, 422, 425, 429])
def test_an_api_that_refuses_is_not_down(api, transport, status):
    way = transport()
    api.get(SECRET, status=status)
    client = SecretManagerClient(None, None, 0, transport=way)
    for _ in range(30):
        failure = failure_of(lambda: client.get_secret("10", "20"), SecretManagerError)
        assert failure.status == status


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_api_that_fails_is_down(api, transport, status):
    way = transport()
    api.get(SECRET, status=status)
    client = SecretManagerClient(None, None, 0, transport=way)
    for _ in range(10):
        failure_of(lambda: client.get_secret("10", "20"), SecretManagerError)
    assert failure_of(lambda: client.get_secret("10", "20")).code == "breaker_open"


@pytest.mark.parametrize(
    "failure", [requests.ConnectTimeout("slow"), requests.exceptions.SSLError("certificate")]
)
def test_what_cannot_be_connected_to_is_down_after_five(api, transport, failure):
    way = transport()
    api.get(SECRET, body=failure)
    client = SecretManagerClient(None, None, 0, transport=way)
    codes = [failure_of(lambda: client.get_secret("10", "20")).code for _ in range(6)]
    assert "breaker_open" not in codes[:5]
    assert codes[5] == "breaker_open"


def test_a_certificate_that_is_not_valid_counts_as_not_connected(serve, transport, monkeypatch):
    way = transport(unused_url().replace("http", "https"))

    def refuse(*args, **options):
        raise ssl.SSLCertVerificationError

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr("urllib3.util.connection.create_connection", refuse)
    assert [refused_code(way) for _ in range(6)] == ["certificate_invalid"] * 5 + ["breaker_open"]


def test_our_own_deadline_does_not_open_it(api, transport):
    api.get(SECRET, json=SECRET_DOCUMENT)
    way = transport()
    late = SecretManagerClient(transport=way, deadline=Deadline.after(0))
    for _ in range(30):
        assert failure_of(lambda: late.get_secret("10", "20")).code == "deadline"
    assert SecretManagerClient(transport=way).get_secret("10", "20").id == "20"


@pytest.mark.parametrize(("given", "opens"), [(0.5, False), (2.0, True)])
def test_a_call_that_we_cut_short_does_not_count_against_the_api(
    api, transport, pauses, given, opens
):
    def slow(request):
        pauses.taken.append(given)
        raise requests.ReadTimeout

    api.add_callback("GET", SECRET, slow)
    way = transport(clock=pauses.clock)
    client = SecretManagerClient(None, given, 0, transport=way)
    for _ in range(10):
        failure_of(lambda: client.get_secret("10", "20"), OutcomeUnknown)
    code = failure_of(lambda: client.get_secret("10", "20")).code
    assert code == ("breaker_open" if opens else "timeout")


def test_each_way_has_its_own(transport):
    one, other = transport(), transport()
    for kind in ("breaker", "bulkhead", "budget"):
        assert getattr(one, kind) is not getattr(other, kind)


def test_the_usual_number_of_places_is_24():
    way = Transport(ROOT, max_wait=0)
    with contextlib.ExitStack() as held:
        for _ in range(24):
            held.enter_context(way.bulkhead.place(1))
        assert refused_code(way) == "busy"
    way.close()

"""The transport over real sockets on loopback."""

import datetime
import gzip
import io
import json
import socket
import ssl
import threading
import time

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from secret_manager import (
    ConnectFailed,
    Credential,
    NotAllowed,
    OutcomeUnknown,
    SecretManagerClient,
    Timeouts,
    Transport,
    UpstreamFailed,
)
from secret_manager.connections import TimedReader
from secret_manager.timeouts import Deadline

from .helpers import SECRET_DOCUMENT, everything_on, failure_of

PAGE = json.dumps({"secrets": [SECRET_DOCUMENT], "has_next": False}).encode()


@pytest.fixture
def connect(request):
    """A client for a loopback server, closed at the end."""

    def make(url, credential=None, retries=0, timeout=None, **options):
        transport = Transport(url, **options)
        request.addfinalizer(transport.close)
        return SecretManagerClient(credential, timeout, retries, transport=transport)

    return make


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_two_calls_use_one_connection(serve, connect):
    server = serve(lambda exchange: exchange.answer(PAGE))
    client = connect(server.url)
    client.get_secrets("10")
    client.get_secrets("10")
    assert (len(server.requests), server.connections) == (2, 1)


def test_a_connection_the_server_closed_is_replaced(serve, connect):
    def answer_and_close(exchange):
        exchange.answer(PAGE)
        exchange.sock.shutdown(socket.SHUT_RDWR)

    server = serve(answer_and_close)
    client = connect(server.url, retries=2)
    assert len(client.get_secrets("10").secrets) == 1
    assert len(client.get_secrets("10").secrets) == 1


READS = 4


def test_a_write_looks_whether_its_connection_is_still_there(serve, connect):
    """A read that meets a closed one is sent again; a write is not."""
    is_closed = threading.Event()

    def answer_and_close_at_last(exchange):
        if exchange.head.startswith("POST"):
            exchange.answer(json.dumps(SECRET_DOCUMENT).encode())
            return
        exchange.answer(PAGE)
        if exchange.number == READS:
            exchange.sock.shutdown(socket.SHUT_RDWR)
            is_closed.set()

    server = serve(answer_and_close_at_last)
    client = connect(server.url)
    for _ in range(READS):
        client.get_secrets("10")
    assert is_closed.wait(5)
    assert client.create_secret("10", "NAME", "value").id
    assert server.connections == 2


def test_a_server_that_closes_without_a_word_is_read_without_sending_anything_again(serve, connect):
    closed = threading.Semaphore(0)

    def answer_and_close(exchange):
        exchange.answer(PAGE)
        exchange.sock.shutdown(socket.SHUT_RDWR)
        closed.release()

    server = serve(answer_and_close)
    client = connect(server.url, retries=0)
    for _ in range(20):
        client.get_secrets("10")
        assert closed.acquire(timeout=5)
    assert len(server.requests) == 20


@pytest.mark.parametrize("what", ["body", "headers", "chunked body"])
def test_a_dripping_answer_ends_at_the_total_deadline(serve, connect, what):
    def drip(exchange):
        if what == "body":
            exchange.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        if what == "chunked body":
            exchange.sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n")
        if what == "headers":
            exchange.sock.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        exchange.drip(b"x" * 1000, every=0.05)

    client = connect(serve(drip).url, timeout=0.5)
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown) as caught:
        client.get_secrets("10")
    # The whole drip takes 50 s and no single pause comes near the read timeout.
    assert time.monotonic() - started < 10
    assert caught.value.code == "timeout"


def test_one_read_waits_no_longer_than_what_is_left():
    now = [0.0]
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(5)
        reader = TimedReader(near, Deadline(10, lambda: now[0]))
        far.sendall(b"x")
        assert reader.read(1) == b"x"
        assert near.gettimeout() == 5
        now[0] = 9.75
        with pytest.raises(TimeoutError):
            reader.read(1)
        assert near.gettimeout() == 0.25
        now[0] = 10.0
        far.sendall(b"x")
        with pytest.raises(TimeoutError, match="deadline"):
            reader.read(1)
        reader.close()


def test_a_silent_server_ends_at_the_read_timeout(serve, connect):
    release = threading.Event()
    server = serve(lambda exchange: release.wait(20))
    client = connect(server.url, timeouts=Timeouts(connect=1, read=0.2, total=15))
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        client.get_secrets("10")
    assert time.monotonic() - started < 10
    release.set()


def test_a_drained_deadline_does_not_shorten_the_next_call_on_the_same_connection(serve, connect):
    def answer(exchange):
        time.sleep(0.3 if exchange.number == 2 else 0)
        exchange.answer(PAGE)

    server = serve(answer)
    client = connect(server.url, timeout=5)
    SecretManagerClient(None, 0.2, 0, transport=client._requestor._transport).get_secrets("10")
    client.get_secrets("10")
    assert server.connections == 1


def test_a_refused_connection_is_retried(serve, connect):
    slept = []
    client = connect(f"http://127.0.0.1:{free_port()}", retries=2, sleep=slept.append)
    with pytest.raises(ConnectFailed):
        client.get_secrets("10")
    assert len(slept) == 2


def test_a_refused_connection_is_retried_for_a_write_too(serve, connect):
    slept = []
    client = connect(f"http://127.0.0.1:{free_port()}", retries=2, sleep=slept.append)
    with pytest.raises(ConnectFailed) as caught:
        client.create_secret("10", "NAME", "value")
    assert len(slept) == 2
    assert caught.value.write_may_have_happened is False


def test_an_unknown_host_counts_as_nothing_sent(connect, monkeypatch):
    def no_such_host(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    with pytest.raises(ConnectFailed):
        connect("http://nowhere.invalid").create_secret("10", "NAME", "value")


@pytest.mark.parametrize("how", ["reset", "close", "half an answer", "garbage"])
def test_a_post_is_never_sent_twice(serve, connect, how):
    def break_off(exchange):
        if how == "half an answer":
            exchange.sock.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{")
        if how == "garbage":
            exchange.sock.sendall(b"hello there\r\n\r\n")
        if how == "reset":
            exchange.reset()
        else:
            exchange.sock.shutdown(socket.SHUT_RDWR)

    server = serve(break_off)
    client = connect(server.url, retries=2, sleep=lambda seconds: None)
    with pytest.raises(OutcomeUnknown) as caught:
        client.create_secret_version("10", "20", "value")
    assert caught.value.write_may_have_happened is True
    assert [exchange.head.split()[0] for exchange in server.requests] == ["POST"]


def test_a_post_on_a_kept_connection_that_dies_is_not_sent_again(serve, connect):
    def answer_once(exchange):
        if exchange.number == 1:
            exchange.answer(PAGE)
        else:
            exchange.reset()

    server = serve(answer_once)
    client = connect(server.url, retries=2, sleep=lambda seconds: None)
    client.get_secrets("10")
    with pytest.raises(OutcomeUnknown):
        client.create_secret("10", "NAME", "value")
    assert len(server.requests) == 2


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_read_that_breaks_off_is_sent_again(serve, connect, how):
    def break_twice(exchange):
        if exchange.number == 3:
            exchange.answer(PAGE)
        elif how == "reset":
            exchange.reset()
        else:
            exchange.sock.shutdown(socket.SHUT_RDWR)

    server = serve(break_twice)
    client = connect(server.url, retries=2, sleep=lambda seconds: None)
    assert len(client.get_secrets("10").secrets) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P"])
def test_a_redirect_is_not_followed(serve, connect, status):
    elsewhere = serve(lambda exchange: exchange.answer(PAGE))
    server = serve(
        lambda exchange: exchange.answer(b"", status, f"Location: {elsewhere.url}/stolen")
    )
    client = connect(server.url, Credential.bearer("token"))
    with pytest.raises(UpstreamFailed) as caught:
        client.create_secret("10", "NAME", "value")
    assert caught.value.code == "redirect"
    assert elsewhere.requests == []


def test_a_redirect_to_the_same_server_is_not_followed(serve, connect):
    server = serve(lambda exchange: exchange.answer(b"", "307 T", "Location: /elsewhere"))
    with pytest.raises(UpstreamFailed):
        connect(server.url).create_secret("10", "NAME", "value")
    assert len(server.requests) == 1


def test_a_redirect_to_nonsense_is_a_redirect_like_any_other(serve, connect):
    server = serve(lambda exchange: exchange.answer(b"", "302 Found", "Location: http://[::"))
    with pytest.raises(UpstreamFailed):
        connect(server.url).get_secrets("10")


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_a_gzip_bomb_is_stopped_at_the_cap(serve, connect, status):
    bomb = gzip.compress(b"\0" * 30_000_000)
    server = serve(
        lambda exchange: exchange.answer(bomb, status, "Content-Encoding: gzip", "Location: /x")
    )
    with pytest.raises(UpstreamFailed) as caught:
        connect(server.url).get_secrets("10")
    assert caught.value.code == "too_large"
    assert "accept-encoding: identity" in server.requests[0].head.lower()


def test_an_endless_body_is_stopped_at_the_cap(serve, connect):
    def endless(exchange):
        exchange.sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            exchange.sock.sendall(b"x" * 65536)

    with pytest.raises(UpstreamFailed) as caught:
        connect(serve(endless).url).get_secrets("10")
    assert caught.value.code == "too_large"


def without_explanation(kind, status):
    def answer(exchange):
        if kind == "too large":
            exchange.answer(b" " * 6_000_000, status)
        else:
            head = f"HTTP/1.1 {status}\r\nContent-Length: 500\r\n\r\n{{"
            exchange.sock.sendall(head.encode())
            exchange.sock.shutdown(socket.SHUT_RDWR)

    return answer


@pytest.mark.parametrize("kind", ["too large", "cut off"])
def test_an_error_status_counts_even_if_its_explanation_is_lost(serve, connect, kind):
    server = serve(without_explanation(kind, "403 Forbidden"))
    with pytest.raises(NotAllowed):
        connect(server.url).delete_secret("10", "20")


@pytest.mark.parametrize("kind", ["too large", "cut off"])
def test_a_404_without_its_explanation_does_not_count(serve, connect, kind):
    server = serve(without_explanation(kind, "404 Not Found"))
    with pytest.raises(UpstreamFailed) as caught:
        connect(server.url).delete_secret("10", "20")
    assert (caught.value.code, caught.value.write_may_have_happened) == ("unreadable_answer", True)


def test_netrc_and_proxies_of_the_environment_are_ignored(serve, connect, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password thief\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    server = serve(lambda exchange: exchange.answer(PAGE))
    connect(server.url, Credential.bearer("mine")).get_secrets("10")
    connect(server.url).get_secrets("10")
    assert server.requests[0].headers["authorization"] == "Bearer mine"
    assert "authorization" not in server.requests[1].headers


def test_no_cookie_is_kept(serve, connect):
    server = serve(lambda exchange: exchange.answer(PAGE, "200 OK", "Set-Cookie: a=b; Path=/"))
    client = connect(server.url)
    client.get_secrets("10")
    client.get_secrets("10")
    assert "cookie" not in server.requests[1].headers
    assert list(client._requestor._transport.session.cookies) == []


def test_no_credential_stays_on_the_shared_session(serve):
    server = serve(lambda exchange: exchange.answer(PAGE))
    transport = Transport(server.url)
    before = dict(transport.session.headers)
    SecretManagerClient(Credential.bearer("mine"), transport=transport).get_secrets("10")
    SecretManagerClient(None, transport=transport).get_secrets("10")
    assert dict(transport.session.headers) == before
    assert transport.session.auth is None
    assert "mine" not in repr(vars(transport.session))
    assert "authorization" not in server.requests[1].headers
    transport.close()


def test_twenty_threads_each_carry_their_own_credential(serve):
    def echo(exchange):
        secret = {"id": "1", "name": exchange.headers["authorization"].removeprefix("Bearer ")}
        exchange.answer(json.dumps({"secrets": [secret]}).encode())

    transport = Transport(serve(echo).url)
    together = threading.Barrier(20)
    wrong = []

    def work(number):
        mine = f"token-{number}"
        client = SecretManagerClient(Credential.bearer(mine), transport=transport)
        together.wait(10)
        for _ in range(10):
            got = client.get_secrets("10").secrets[0].name
            if got != mine:
                wrong.append((mine, got))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    transport.close()


def self_signed(folder) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_certificate_that_cannot_be_verified_is_refused_once(serve, connect, tmp_path):
    server = serve(lambda exchange: exchange.answer(PAGE), tls=self_signed(tmp_path))
    client = connect(server.url, Credential.bearer("token"), retries=2)
    with pytest.raises(ConnectFailed) as caught:
        client.get_secrets("10")
    assert caught.value.code == "certificate_invalid"
    assert server.connections == 1
    assert server.requests == []


def test_a_handshake_that_breaks_off_counts_as_nothing_sent(serve, connect):
    server = serve(lambda exchange: None, hangs_up=True)
    slept = []
    client = connect(server.url.replace("http", "https"), retries=1, sleep=slept.append)
    with pytest.raises(ConnectFailed) as caught:
        client.create_secret("10", "NAME", "value")
    assert caught.value.code == "connect_failed"
    assert server.connections == 2


class InProcess(requests.adapters.BaseAdapter):
    """Stands for an emulator in the same process."""

    def __init__(self, status=200, body=PAGE, headers=(), failure=None, pause=None):
        super().__init__()
        self.status, self.body, self.headers = status, body, dict(headers)
        self.failure, self.pause = failure, pause
        self.requests = []

    def send(self, request, **options):
        self.requests.append(request)
        if self.failure:
            raise self.failure
        if self.pause:
            self.pause()
        response = requests.Response()
        response.status_code = self.status
        response.headers.update(self.headers)
        response.raw = io.BytesIO(self.body)
        response.request, response.url = request, request.url
        return response

    def close(self):
        pass


def test_an_adapter_in_the_process_carries_the_requests(connect):
    adapter = InProcess()
    client = connect("http://emulator", Credential.bearer("mine"), adapter=adapter)
    assert client.get_secrets("10").secrets[0].name == "AWS_ACCESS_KEY"
    assert adapter.requests[0].url.startswith("http://emulator/secret-manager/organizations/10/")
    assert adapter.requests[0].headers["Authorization"] == "Bearer mine"


def test_an_adapter_in_the_process_cannot_redirect(connect):
    adapter = InProcess(status=307, headers={"Location": "http://emulator/other"})
    with pytest.raises(UpstreamFailed):
        connect("http://emulator", adapter=adapter).create_secret("10", "NAME", "value")
    assert len(adapter.requests) == 1


def test_an_adapter_in_the_process_is_held_to_the_cap(connect):
    adapter = InProcess(body=b" " * 6_000_000)
    with pytest.raises(UpstreamFailed) as caught:
        connect("http://emulator", adapter=adapter).get_secrets("10")
    assert caught.value.code == "too_large"


def test_an_adapter_in_the_process_is_held_to_the_deadline(connect):
    now = [0.0]
    adapter = InProcess(pause=lambda: now.__setitem__(0, 11.0))
    client = connect("http://emulator", adapter=adapter, clock=lambda: now[0])
    with pytest.raises(OutcomeUnknown):
        client.get_secrets("10")


@pytest.mark.parametrize(
    ("failure", "kind", "code"),
    [
        (requests.ConnectionError("gone"), OutcomeUnknown, "connection_lost"),
        (requests.ReadTimeout("slow"), OutcomeUnknown, "timeout"),
        (requests.exceptions.ChunkedEncodingError("half"), OutcomeUnknown, "connection_lost"),
        (requests.ConnectTimeout("slow"), ConnectFailed, "connect_failed"),
        (requests.exceptions.SSLError("no"), ConnectFailed, "certificate_invalid"),
    ],
)
def test_a_foreign_adapters_failures_are_told_apart(connect, failure, kind, code):
    """Where nobody can prove that nothing was sent, it counts as sent."""
    adapter = InProcess(failure=failure)
    client = connect("http://emulator", adapter=adapter, retries=0)
    with pytest.raises(kind) as caught:
        client.create_secret("10", "NAME", "value")
    assert caught.value.code == code


def test_a_bug_in_an_adapter_is_not_taken_for_an_outage(connect):
    adapter = InProcess(failure=KeyError("bug"))
    with pytest.raises(KeyError):
        connect("http://emulator", adapter=adapter).get_secrets("10")


def test_only_the_base_url_can_be_reached():
    transport = Transport("https://secrets.example.test")
    with pytest.raises(requests.exceptions.InvalidSchema):
        transport.session.get_adapter("https://secrets.example.test.evil.test/")
    transport.close()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host",
        "host",
        "https://",
        "https://user:pw@host",
        "https://host?a=b",
        "https://host#a",
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(url):
    with pytest.raises(ValueError, match="address") as caught:
        Transport(url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_there_is_always_a_timeout(seconds):
    with pytest.raises(ValueError, match="timeout"):
        Timeouts(total=seconds)


def test_what_is_raised_holds_no_request(serve, connect):
    server = serve(lambda exchange: exchange.reset())
    client = connect(server.url, Credential.bearer("mine-and-only-mine"))
    failure = failure_of(lambda: client.create_secret("10", "NAME", "hunter2-hunter2"))
    assert failure.__cause__ is None
    assert failure.__context__ is None
    assert "mine-and" not in everything_on(failure)
    assert "hunter2" not in everything_on(failure)

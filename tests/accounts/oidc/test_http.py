"""How the provider is reached: over TLS, by nothing but what is configured, and never for long."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import responses
from django.test import Client

from accounts.oidc import http
from accounts.oidc.config import is_safe
from accounts.oidc.errors import ProviderUnavailable
from accounts.oidc.http import ProviderSession, one_page
from tests.accounts.oidc.provider import Claims, FakeProvider, sign_in, signed
from tests.services.processes import wait_until


class Handler(BaseHTTPRequestHandler):
    """A provider on a real socket, that does wrong what only a socket can do wrong."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        if self.path == "/redirect":
            self._send(302, b"{}", {"Location": "/object"})
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):  # once the dashboard has heard enough
                for _ in range(50):
                    self.wfile.write(b" ")
                    time.sleep(0.1)
        elif self.path == "/hang":
            self.server.released.wait(10)
        else:
            self._send(200, b'{"a": 1}', {"Set-Cookie": "canary=1"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.released = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


def ask(server: ThreadingHTTPServer, path: str) -> object:
    with ProviderSession() as session:
        return session.get(f"http://127.0.0.1:{server.server_port}{path}").json()


@pytest.mark.parametrize(
    ("address", "is_so"),
    [
        ("https://sso.example.com/token", True),
        ("https://sso.example.com:8443/token?x=1", True),
        ("http://127.0.0.1:8080/token", True),
        ("http://localhost/token", True),
        ("http://[::1]/token", True),
        ("http://sso.example.com/token", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://127.0.0.1@example.com/", False),
        ("https://user@sso.example.com/", False),
        ("https://sso.example.com/#token", False),
        ("https://sso.example.com:port/", False),
        ("https:///token", False),
        ("HTTPS://sso.example.com/", True),
        ("ftp://sso.example.com/", False),
        ("javascript:alert(1)", False),
        ("//sso.example.com/", False),
        ("https://sso.example.com/\n", False),
        ("https://[::1", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_an_address_is_https_or_on_this_machine(address: object, is_so: bool) -> None:
    assert is_safe(address) is is_so


def test_an_unsafe_address_is_not_asked() -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get("http://sso.example.com/", json={})
        with ProviderSession() as session, pytest.raises(ProviderUnavailable, match="https"):
            session.get("http://sso.example.com/")
        assert len(mock.calls) == 0


def test_no_redirect_is_followed(server: ThreadingHTTPServer) -> None:
    with pytest.raises(ProviderUnavailable):
        ask(server, "/redirect")
    assert [path for path, _headers in server.seen] == ["/redirect"]


def test_nothing_comes_from_the_machine(
    server: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with ProviderSession() as session:
        for _ in range(2):
            session.get(f"http://127.0.0.1:{server.server_port}/object")
    for _path, headers in server.seen:
        assert "Authorization" not in headers
        assert "Cookie" not in headers
        assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("path", ["/drip", "/hang"])
def test_one_page_waits_no_longer_than_its_time(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(http, "PAGE_SECONDS", 1)
    began = time.monotonic()
    with one_page():
        for _ in range(4):
            with pytest.raises(ProviderUnavailable):
                ask(server, path)
    assert time.monotonic() - began < 3


def test_all_that_one_visit_asks_shares_its_time(
    visitor: Client, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "PAGE_SECONDS", 0.3)

    def slowly(claims: Claims) -> str:
        time.sleep(0.4)
        return signed(claims)

    provider.sign = slowly
    # What is asked after the token finds the time of the page used up.
    assert sign_in(visitor, provider).status_code == 503
    assert provider.asked.count("/userinfo") == 0


def test_a_provider_that_hangs_holds_three_threads_and_no_more(
    server: ThreadingHTTPServer,
) -> None:
    def hang() -> None:
        with pytest.raises(ProviderUnavailable):
            ask(server, "/hang")

    threads = [threading.Thread(target=hang) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(server.seen) == 3)
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable, match="too many"):
        ask(server, "/object")
    assert time.monotonic() - began < 3
    server.released.set()
    for thread in threads:
        thread.join(10)
    assert ask(server, "/object") == {"a": 1}

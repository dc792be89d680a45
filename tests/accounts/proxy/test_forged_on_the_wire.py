"""The forged identities once more, as bytes to a gunicorn that serves the dashboard in earnest."""

import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.accounts.proxy import forged_headers, forged_tokens
from tests.accounts.proxy.forged_headers import ELSEWHERE, HONEST, PROXY
from tests.accounts.proxy.issuer import (
    AUDIENCE,
    ISSUER,
    KeyServer,
    key_set,
    public_jwk,
    running_key_server,
    token,
)
from tests.services.dashboard import RunningDashboard, running_dashboard

HEADERS = {
    name: forgery
    for name, forgery in forged_headers.forgeries().items()
    if forgery.peer in {PROXY, ELSEWHERE}
}
# Every fourth, which takes some of each kind.
TOKENS = list(forged_tokens.forgeries(""))[::4]
MY_KEYS = "/keys-of-my-own"
SESSION = re.compile(r"sessionid=[a-z0-9]+")
# Served to both kinds of addresses at once, IPv4 ones show as IPv6 ones: ::ffff:127.0.0.2.
BOTH = socket.has_dualstack_ipv6()
COMMON = {
    "AUTH_MODE": "proxy",
    "ROLE_MAP": "*=viewer",
    "BIND": "[::]" if BOTH else "127.0.0.1",
    "LOG_LEVEL": "WARNING",
    "SECRET_MANAGER_URL": "http://127.0.0.1:1",  # nobody gets far enough to ask it
}


@pytest.fixture(scope="module")
def by_headers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDashboard]:
    env = {
        **COMMON,
        "PROXY_IDENTITY": "header",
        "PROXY_EMAIL_HEADER": "X-Remote-Email",
        "PROXY_NAME_HEADER": "X-Remote-Name",
        "PROXY_GROUPS_HEADER": "X-Remote-Groups",
        "PROXY_SECRETS": forged_headers.SECRET,
        "PROXY_PEERS": PROXY,
    }
    with running_dashboard(tmp_path_factory.mktemp("by-headers"), env=env) as dashboard:
        yield dashboard


@pytest.fixture(scope="module")
def issuer() -> Iterator[KeyServer]:
    with running_key_server() as server:
        server.publish("/keys", forged_tokens.published_keys())
        server.publish(MY_KEYS, key_set(public_jwk(forged_tokens.MINE, key_id="my-own")))
        yield server


@pytest.fixture(scope="module")
def by_token(
    issuer: KeyServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDashboard]:
    env = {
        **COMMON,
        "PROXY_IDENTITY": "jwt",
        "PROXY_JWT_HEADER": "X-Proxy-Token",
        "PROXY_JWT_ISSUER": ISSUER,
        "PROXY_JWT_AUDIENCE": AUDIENCE,
        "PROXY_JWT_ALGORITHMS": "RS256,ES256",
        "PROXY_JWT_KEYS_URL": f"{issuer.url}/keys",
    }
    with running_dashboard(tmp_path_factory.mktemp("by-token"), env=env) as dashboard:
        yield dashboard


def ask(
    dashboard: RunningDashboard, *lines: bytes, peer: str = ELSEWHERE, to: str = "127.0.0.1"
) -> str:
    """Send these lines as the head of a request for the home page, and return the whole answer."""
    port = urlsplit(dashboard.url).port or 0
    head = b"\r\n".join((b"GET / HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close", *lines))
    with socket.create_connection((to, port), timeout=15, source_address=(peer, 0)) as connection:
        connection.sendall(head + b"\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode(errors="replace")


def is_let_in(answer: str) -> bool:
    """Whoever is somebody here is asked to connect next; everybody else is refused."""
    if answer.startswith("HTTP/1.1 302 "):
        assert "\r\nLocation: /connect/\r\n" in answer
        assert SESSION.search(answer)
        return True
    assert re.match(r"HTTP/1\.1 40[03] ", answer), answer[:200]
    assert not SESSION.search(answer)
    return False


# Plain headers


def test_there_are_enough_of_them() -> None:
    assert len(HEADERS) >= 60
    assert len(TOKENS) >= 60


def test_the_honest_proxy_is_believed(by_headers: RunningDashboard) -> None:
    parts = [line.partition(b":") for line in HONEST]
    in_full = "X-Remote-Name: 山田　花子".encode(), "X-Remote-Groups: 情報, a b".encode()
    for lines in (
        HONEST,
        [name + b":  " + value + b" \t" for name, _, value in parts],
        [name.lower() + b":" + value for name, _, value in parts],
        (*HONEST, b"X-Forwarded-For: 10.0.0.1", b"X-Forwarded-For: 10.0.0.2", b"Accept: a, b"),
        (*HONEST[:3], *in_full),
    ):
        assert is_let_in(ask(by_headers, *lines, peer=PROXY)), lines


# In one test, not one for each: so one worker starts one server, and nothing else is needed for it.
def test_no_forged_header_is_accepted(by_headers: RunningDashboard) -> None:
    accepted = [
        name
        for name, forgery in HEADERS.items()
        if is_let_in(ask(by_headers, *forgery.lines, peer=forgery.peer))
    ]
    assert accepted == []


@pytest.mark.skipif(not BOTH, reason="this machine has no IPv6")
def test_who_comes_by_ipv6_is_somebody_else(by_headers: RunningDashboard) -> None:
    assert not is_let_in(ask(by_headers, *HONEST, peer="::1", to="::1"))


def test_a_session_is_nothing_without_the_proxy(by_headers: RunningDashboard) -> None:
    answer = ask(by_headers, *HONEST, peer=PROXY)
    session = SESSION.search(answer)
    assert session
    cookie = b"Cookie: " + session[0].encode()
    assert not is_let_in(ask(by_headers, *HONEST, cookie, peer=ELSEWHERE))
    assert not is_let_in(ask(by_headers, cookie, peer=PROXY))


# Tokens


def test_the_honest_tokens_are_believed(by_token: RunningDashboard) -> None:
    elliptic = token(key=forged_tokens.ELLIPTIC, algorithm="ES256", header={"kid": "key-2"})
    for honest in (token(), elliptic):
        assert is_let_in(ask(by_token, b"X-Proxy-Token: " + honest.encode()))


def test_no_forged_token_is_accepted(by_token: RunningDashboard, issuer: KeyServer) -> None:
    forgeries = forged_tokens.forgeries(issuer.url + MY_KEYS)
    accepted = []
    for name in TOKENS:
        forged = forgeries[name].make()
        content = forged if isinstance(forged, bytes) else forged.encode()
        if is_let_in(ask(by_token, b"X-Proxy-Token: " + content)):
            accepted.append(name)
    assert accepted == []
    # Nobody went where a token pointed.
    assert set(issuer.asked) <= {"/keys"}


def test_no_other_header_holds_the_token(by_token: RunningDashboard) -> None:
    for header in (
        *("X_Proxy_Token", "Authorization", "X-Goog-IAP-JWT-Assertion", "Cf-Access-Jwt-Assertion"),
        *("X-Amzn-Oidc-Data", "X-Proxy-Token2", "X-Forwarded-Access-Token", "Proxy-Token"),
    ):
        for value in (token(), f"Bearer {token()}"):
            assert not is_let_in(ask(by_token, f"{header}: {value}".encode())), header


def test_two_tokens_are_none(by_token: RunningDashboard) -> None:
    line = b"X-Proxy-Token: " + token().encode()
    assert not is_let_in(ask(by_token, line, line))
    assert not is_let_in(ask(by_token, line, b"x-proxy-token: " + token(sub="taro").encode()))


def test_plain_headers_say_nothing_where_tokens_do(by_token: RunningDashboard) -> None:
    assert not is_let_in(ask(by_token, *HONEST, peer=PROXY))

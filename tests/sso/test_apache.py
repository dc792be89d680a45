"""Behind Apache with mod_auth_openidc, as a deployment has it: sign in there, be that person here."""

import re
import socket
import sqlite3
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.services.apache import RunningApache, running_apache
from tests.services.dashboard import RunningDashboard, running_dashboard
from tests.services.processes import free_port
from tests.sso.provider import CLIENT_ID, CLIENT_SECRET, RunningProvider, running_provider

pytestmark = pytest.mark.browser
SECRET = "an-honest-secret-of-the-proxy-0123456789"
# Apache's connections come from an address of their own, as from a machine of its own.
APACHE, ELSEWHERE = "127.0.0.2", "127.0.0.1"
DETAILS = (b"X-Remote-Email:", b"X-Remote-Name:", b"X-Remote-Groups:")


@pytest.fixture(scope="module")
def address() -> str:
    """Where Apache is going to be: the others have to know."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def dashboard(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDashboard]:
    settings = {
        "AUTH_MODE": "proxy",
        # With a group less, Hanako could do more.
        "ROLE_MAP": "secrets-operators=operator; secrets-viewers=viewer; *=manager",
        "PROXY_IDENTITY": "header",
        "PROXY_NAME_HEADER": "X-Remote-Name",
        "PROXY_EMAIL_HEADER": "X-Remote-Email",
        "PROXY_GROUPS_HEADER": "X-Remote-Groups",
        "PROXY_SECRETS": SECRET,
        "PROXY_PEERS": APACHE,
        "PROXY_SIGN_OUT_URL": f"/sso/callback?logout={quote(address, safe='')}%2F",
        "FORWARDED_ALLOW_IPS": APACHE,
    }
    with running_dashboard(tmp_path_factory.mktemp("dashboard"), env=settings) as running:
        yield running


@pytest.fixture(scope="module")
def provider(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProvider]:
    with running_provider(
        tmp_path_factory.mktemp("provider"),
        redirect_uris=[f"{address}/sso/callback"],
        sign_out_uris=[f"{address}/"],
    ) as running:
        running.set_account("hanako", name="山田 花子")
        running.set_account("taro", email_verified=False)
        yield running


@pytest.fixture(scope="module")
def apache(
    address: str,
    dashboard: RunningDashboard,
    provider: RunningProvider,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningApache]:
    with running_apache(
        tmp_path_factory.mktemp("apache"),
        port=urlsplit(address).port or 0,
        upstream=dashboard.url,
        connects_from=APACHE,
        proxy_secret=SECRET,
        metadata_url=provider.configuration,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    ) as running:
        yield running


def test_who_signs_in_at_apache_is_that_person_here(
    page: Page, apache: RunningApache, dashboard: RunningDashboard
) -> None:
    page.goto(f"{apache.url}/connect/?organization=1410000000000")
    at_provider(page, "hanako")
    expect(page.get_by_label("Organization id")).to_have_value("1410000000000")
    expect(page.get_by_label("Signed in as 山田 花子")).to_be_visible()
    assert people(dashboard) == [("proxy", "hanako", "山田 花子", "hanako@example.com", "operator")]

    # What their browser adds to its requests changes nothing.
    page.set_extra_http_headers(
        {
            "X-Remote-User": "taro",
            "X-Remote-Name": "Taro",
            "X-Remote-Groups": "secrets-managers",
            "X-Proxy-Secret": SECRET,
            "X-Forwarded-For": ELSEWHERE,
        }
    )
    page.reload()
    expect(page.get_by_label("Signed in as 山田 花子")).to_be_visible()
    hanako = ("proxy", "hanako", "山田 花子", "hanako@example.com", "operator")
    for lines in SPOOFS:
        answer = ask(apache.url, *lines, cookie_of(page.context))
        assert re.match(r"HTTP/1\.1 (200|40[03]) ", answer), (lines, answer[:200])
        assert answer.startswith("HTTP/1.1 40") or "Signed in as 山田 花子" in answer, lines
        assert people(dashboard) == [hanako], lines
    page.set_extra_http_headers({})

    # Somebody else signs in at Apache, in the same browser: the session here is not theirs.
    page.context.clear_cookies(name=re.compile("^(?!sessionid)"))
    page.goto(f"{apache.url}/connect/")
    at_provider(page, "taro")
    expect(page.get_by_label("Signed in as Taro Suzuki")).to_be_visible()
    # Their address is not verified, so it does not count.
    assert people(dashboard)[1:] == [("proxy", "taro", "Taro Suzuki", "", "viewer")]

    # Out here, and out there.
    page.get_by_label("Signed in as").click()
    page.get_by_role("button", name="Sign out").click()
    page.locator("a[href^='/sso/callback?logout=']").click()
    expect(page.get_by_role("heading", name="Sign out of the provider?")).to_be_visible()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("heading", name="Provider")).to_be_visible()


# What a browser, or whoever has its cookies, may try on the way through Apache.
SPOOFS = [
    (b"X-Remote-User: taro",),
    (b"x-remote-user: taro", b"X-REMOTE-USER: taro"),
    (b"X-Remote-User: taro", b"X-Proxy-Secret: " + SECRET.encode()),
    (b"X_Remote_User: taro",),
    (b"X-Remote_User: taro",),
    (b"X-Remote-User : taro",),
    (b"X-Remote-User: x", b" taro"),
    (b"X-Remote-Groups: secrets-managers",),
    (b"X-Remote-Name: Taro", b"X-Remote-Name: Taro"),
    (b"X-Remote-Email: taro@example.com",),
    (b"OIDC_CLAIM_sub: taro", b"OIDC-CLAIM-sub: taro"),
    (b"REMOTE_USER: taro", b"Remote-User: taro"),
    # Whatever is named here, a proxy drops on the way.
    (b"Connection: close, X-Remote-User", b"X-Remote-User: taro"),
    (b"Connection: close, X-Remote-Groups, X-Remote-Name",),
    (b"Connection: x-remote-groups, close",),
    (b"Connection: close, X-Remote-Email, X-Forwarded-For, X-Forwarded-Proto",),
    (b"Connection: close, X-Proxy-Secret",),
    (b"X-Forwarded-For: 127.0.0.9", b"Forwarded: for=127.0.0.9", b"X-Real-IP: 127.0.0.9"),
    (b"X-Forwarded-User: taro", b"X-Auth-Request-User: taro"),
    (b"Authorization: Bearer a.b.c", b"Cookie: X-Remote-User=taro"),
]


def test_going_past_apache_leads_nowhere(dashboard: RunningDashboard) -> None:
    user = b"X-Remote-User: hanako"
    secret = b"X-Proxy-Secret: " + SECRET.encode()
    for peer, lines in (
        (ELSEWHERE, (user,)),
        (ELSEWHERE, (user, secret, *DETAILS)),
        (APACHE, (user, *DETAILS)),
        (APACHE, (user, b"X-Proxy-Secret: a guess", *DETAILS)),
    ):
        for path in ("/", "/connect/", "/accounts/people/", "/audit/"):
            answer = ask(dashboard.url, *lines, peer=peer, path=path)
            assert answer.startswith("HTTP/1.1 403 "), (peer, lines, path)


def test_what_apache_answers_by_itself(apache: RunningApache) -> None:
    # A part of a page is no place to sign in: htmx loads the whole page again.
    answer = ask(apache.url, b"HX-Request: true")
    assert answer.startswith("HTTP/1.1 401 ")
    assert "\r\nHX-Refresh: true\r\n" in answer
    # How the dashboard is, is not for everybody.
    for path in ("/livez", "/readyz", "/metrics"):
        assert ask(apache.url, path=path).startswith("HTTP/1.1 403 "), path


def at_provider(page: Page, account: str) -> None:
    expect(page.get_by_role("heading", name="Provider")).to_be_visible()
    page.get_by_label("Account").fill(account)
    page.get_by_role("button", name="Continue").click()


def cookie_of(context: BrowserContext) -> bytes:
    cookies = [f"{each['name']}={each['value']}" for each in context.cookies()]
    return f"Cookie: {'; '.join(cookies)}".encode()


def ask(url: str, *lines: bytes, peer: str = ELSEWHERE, path: str = "/connect/") -> str:
    """Send these lines as the head of a request, and return the whole answer."""
    first = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{urlsplit(url).port}".encode()
    is_said = any(line.startswith(b"Connection:") for line in lines)
    head = b"\r\n".join((first, *lines, *(() if is_said else (b"Connection: close",))))
    server = ("127.0.0.1", urlsplit(url).port or 0)
    with socket.create_connection(server, timeout=15, source_address=(peer, 0)) as connection:
        connection.sendall(head + b"\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode(errors="replace")


def people(dashboard: RunningDashboard) -> list[tuple[str, ...]]:
    database = sqlite3.connect(dashboard.state_dir / "dashboard.sqlite3")
    try:
        query = "SELECT issuer, subject, name, email, role FROM accounts_person ORDER BY id"
        return database.execute(query).fetchall()
    finally:
        database.close()

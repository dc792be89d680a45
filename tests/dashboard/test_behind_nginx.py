"""The dashboard as it is deployed: a real gunicorn behind a real nginx with the deployed file."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.dashboard.observatory import Answer, details, score
from tests.dashboard.test_header_score import EVERYTHING
from tests.services.dashboard import RunningDashboard, manage, running_dashboard
from tests.services.nginx import NAME, RunningNginx, running_nginx
from tests.services.processes import free_port, wait_until

HERE = f"https://{NAME}"
SIGN_IN = f"{HERE}/accounts/sign-in/"
PASSWORD = "hanako's password"
MARKED = "marked-query"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDashboard]:
    env = {"HTTPS": "on", "ALLOWED_HOSTS": f"{NAME},127.0.0.1"}
    with running_dashboard(tmp_path_factory.mktemp("served"), env=env) as dashboard:
        environment = {**dashboard.environment, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        typed = ("--username", "hanako", "--email", "hanako@example.test")
        manage("createsuperuser", "--noinput", *typed, environment=environment)
        yield dashboard


@pytest.fixture(scope="module")
def nginx(
    served: RunningDashboard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningNginx]:
    with running_nginx(tmp_path_factory.mktemp("nginx"), upstream=served.url) as nginx:
        yield nginx


@pytest.fixture
def session(nginx: RunningNginx) -> Iterator[requests.Session]:
    with nginx.browser() as session:
        yield session


class Echo(BaseHTTPRequestHandler):
    """Answers with what arrived, and with no header of the dashboard's."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        received = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        size = 20_000_000 if self.path == "/large" else 0
        told = {"headers": self.headers.items(), "length": len(received), "filler": "x" * size}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNginx]:
    """nginx in front of a server that tells what arrived."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        upstream = f"http://127.0.0.1:{server.server_port}"
        with running_nginx(tmp_path_factory.mktemp("echo"), upstream=upstream) as nginx:
            yield nginx
        server.shutdown()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNginx]:
    """nginx in front of nothing."""
    upstream = f"http://127.0.0.1:{free_port()}"
    with running_nginx(tmp_path_factory.mktemp("alone"), upstream=upstream) as nginx:
        yield nginx


def assert_earns_everything(answer: requests.Response) -> None:
    headers = {name.lower(): text for name, text in answer.headers.items()}
    cookies = SimpleCookie("\n".join(answer.raw.headers.getlist("Set-Cookie")))
    found = Answer(headers=headers, cookies=cookies, body=answer.text)
    assert score(found) >= EVERYTHING, (answer.status_code, details(found))
    # A header that is sent twice arrives joined.
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert "no-store" in headers["cache-control"] or "/static/" in answer.url


# What people see


def test_people_come_by_https_only(session: requests.Session) -> None:
    answer = session.get(f"http://{NAME}/connect/?a=b", allow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{HERE}/connect/?a=b"
    assert not answer.cookies


def test_somebody_signs_in(session: requests.Session) -> None:
    page = session.get(SIGN_IN)
    assert page.status_code == 200
    assert_earns_everything(page)
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    typed = {"csrfmiddlewaretoken": token, "username": "hanako", "password": PASSWORD}
    come_from = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    entered = session.post(SIGN_IN, typed, headers=come_from, allow_redirects=False)
    assert entered.status_code == 302, entered.text
    assert_earns_everything(entered)
    assert {"__Host-session", "__Host-csrf"} <= set(session.cookies.keys())
    assert all(cookie.secure and not cookie.domain_specified for cookie in session.cookies)
    inside = session.get(f"{HERE}/connect/")
    assert inside.status_code == 200
    assert "hanako" in inside.text


def test_a_form_of_another_site_is_refused(session: requests.Session) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = session.post(SIGN_IN, {"username": "hanako"}, headers=headers)
        assert answer.status_code == 403
        assert_earns_everything(answer)


def test_only_files_are_compressed(session: requests.Session) -> None:
    asking = {"Accept-Encoding": "gzip, br, deflate"}
    for path in ("/accounts/sign-in/", "/nowhere", "/livez", "/secret-manager/nowhere"):
        answer = session.get(f"{HERE}{path}", headers=asking)
        assert "Content-Encoding" not in answer.headers, path
    file = session.get(f"{HERE}/static/app.css", headers=asking)
    assert file.headers["Content-Encoding"] in {"br", "gzip"}
    assert_earns_everything(file)


def test_other_names_get_no_answer(nginx: RunningNginx, session: requests.Session) -> None:
    for other in ("https://other.example", f"http://other.example:{nginx.http_port}"):
        with pytest.raises(requests.ConnectionError):
            session.get(f"{other}/accounts/sign-in/", verify=False)
    with pytest.raises(requests.ConnectionError):
        session.get(SIGN_IN, headers={"Host": "other.example"})


# What is too much, or went wrong


@pytest.mark.parametrize(("size", "says"), [(1_500_000, "css"), (2_500_000, "MB can be sent")])
def test_a_body_that_is_too_large_gets_a_page(
    session: requests.Session, size: int, says: str
) -> None:
    """Up to two megabytes it is the dashboard's own page, above it is nginx's."""
    answer = session.post(SIGN_IN, b"x" * size, headers={"Content-Type": "multipart/form-data"})
    assert answer.status_code == 413
    assert "This is too much at once" in answer.text
    assert says in answer.text
    assert_earns_everything(answer)


def test_a_body_without_a_length_is_refused(session: requests.Session) -> None:
    answer = session.post(SIGN_IN, iter([b"username=", b"hanako"]))
    assert answer.status_code == 411
    assert_earns_everything(answer)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/nowhere", {}, 404),
        ("/secret-manager/organizations/1410000000000/secrets", {}, 401),
        ("/" + "long/" * 900, {}, 414),  # gunicorn's own page
        ("/" + "long/" * 2_000, {}, 414),  # nginx's own page
        ("/", {"Cookie": "x" * 9_000}, 400),
    ],
    ids=["missing", "API", "gunicorn", "nginx", "header"],
)
def test_an_error_has_every_header_whoever_answers(
    session: requests.Session, path: str, headers: dict[str, str], status: int
) -> None:
    answer = session.get(f"{HERE}{path}", headers=headers)
    assert answer.status_code == status
    assert_earns_everything(answer)


def test_a_dashboard_that_is_away_gets_a_page(alone: RunningNginx) -> None:
    with alone.browser() as session:
        answer = session.get(f"{SIGN_IN}?{MARKED}", headers={"Referer": f"{HERE}/?{MARKED}"})
    assert answer.status_code == 503
    assert "The dashboard does not answer" in answer.text
    assert_earns_everything(answer)
    wait_until(lambda: '"status":503' in alone.access_log)
    assert '"upstream_status":"502"' in alone.access_log
    assert MARKED not in alone.logs


# What arrives

FORGED = [
    *("Remote-User", "X-Remote-User", "X-Forwarded-User", "X-Forwarded-Email"),
    *("X-Forwarded-Preferred-Username", "X-Forwarded-Groups", "X-Forwarded-Access-Token"),
    *("X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups"),
    *("X-Goog-IAP-JWT-Assertion", "X-Goog-Authenticated-User-Email"),
    *("Cf-Access-Jwt-Assertion", "Cf-Access-Authenticated-User-Email"),
    *("X-Amzn-Oidc-Data", "X-Amzn-Oidc-Identity", "X-Amzn-Oidc-Accesstoken"),
    *("OIDC_CLAIM_sub", "OIDC-Claim-Sub", "X_Forwarded_User", "x-forwarded-user"),
    *("X-Proxy-Secret", "X-SSL-Client-Verify", "X-Client-Cert", "Ssl-Client-Subject-Dn"),
    *("X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Ssl"),
    *("X-Forwarded-Prefix", "X-Script-Name", "X-Original-URL", "X-Rewrite-URL"),
    *("Forwarded", "Via", "X-Real-IP", "X-Cluster-Client-Ip", "True-Client-IP"),
    *("TE", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Upgrade", "Expect-CT"),
    *("X-HTTP-Method-Override", "Content-MD5", "X-Request-Id", "User-Agent"),
]


def arrived(echo: RunningNginx, headers: dict[str, str]) -> dict[str, str]:
    with echo.browser() as session:
        answer = session.post(f"{HERE}/", b"abc", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["length"] == 3
    names = [name.lower() for name, _ in answer.json()["headers"]]
    assert len(names) == len(set(names))
    return {name.lower(): text for name, text in answer.json()["headers"]}


def test_a_header_that_could_say_who_somebody_is_does_not_arrive(echo: RunningNginx) -> None:
    found = arrived(echo, {name: "forged" for name in FORGED})
    assert "forged" not in found.values()


def test_where_a_request_comes_from_is_for_nginx_to_say(echo: RunningNginx) -> None:
    forged = {
        "X-Forwarded-For": "203.0.113.1",
        "X-Forwarded-Proto": "http",
        "Connection": "X-Forwarded-Proto, X-Forwarded-For",
    }
    found = arrived(echo, forged)
    assert found["x-forwarded-for"] == "127.0.0.1"
    assert found["x-forwarded-proto"] == "https"
    assert found["host"] == NAME
    assert "connection" not in found


def test_what_the_pages_and_the_api_need_arrives(echo: RunningNginx) -> None:
    needed = {
        **{f"HX-{name}": "1" for name in ("Request", "Boosted", "Target", "Trigger", "Prompt")},
        **{f"Sec-Fetch-{name}": "1" for name in ("Site", "Mode", "Dest")},
        **{name: "1" for name in ("HX-Trigger-Name", "HX-Current-URL", "X-CSRFToken", "Cookie")},
        **{name: "1" for name in ("Origin", "Referer", "Accept", "Accept-Language", "Range")},
        **{name: "1" for name in ("If-Match", "If-None-Match", "If-Modified-Since", "If-Range")},
        **{name: "1" for name in ("Authorization", "Idempotency-Key", "Content-Type")},
        "HX-History-Restore-Request": "1",
    }
    found = arrived(echo, needed)
    assert {name for name in needed if found.get(name.lower()) != "1"} == set()
    assert found["content-length"] == "3"


def test_a_bare_answer_gets_the_headers(echo: RunningNginx) -> None:
    with echo.browser() as session:
        assert_earns_everything(session.get(f"{HERE}/"))


def test_no_body_and_no_answer_needs_a_file(echo: RunningNginx) -> None:
    """The folders for temporary files are gone, and a slow reader makes nginx keep what is left."""
    with echo.browser() as session:
        assert session.post(f"{HERE}/", b"x" * 2_000_000).json()["length"] == 2_000_000
        with session.get(f"{HERE}/large", stream=True) as answer:
            first = next(answer.iter_content(1))
            threading.Event().wait(0.5)  # seconds
            assert len(first) + sum(map(len, answer.iter_content(65_536))) > 20_000_000


# What is written


def test_neither_log_has_the_query_and_both_have_the_id(
    session: requests.Session, nginx: RunningNginx, served: RunningDashboard
) -> None:
    path = f"/accounts/sign-in/%0A{MARKED[:6]}/"
    answer = session.get(f"{HERE}{path}?next={MARKED}", headers={"Referer": f"{HERE}/?{MARKED}"})
    session.post(f"{SIGN_IN}?{MARKED}", b"x" * 2_500_000)
    session.get(f"{HERE}/?{MARKED}" + "x" * 5_000)
    session.get(f"http://{NAME}/?{MARKED}", allow_redirects=False)
    made = answer.headers["X-Request-Id"]
    wait_until(lambda: made in nginx.access_log and made in served.log.read_text())
    wait_until(lambda: nginx.access_log.count('"status":301') >= 1)
    for log in (nginx.logs, served.log.read_text()):
        assert MARKED not in log
    (theirs,) = [line for line in nginx.access_log.splitlines() if made in line]
    ours = [json.loads(line) for line in served.log.read_text().splitlines() if made in line]
    assert json.loads(theirs)["path"] == path
    assert [line["path"] for line in ours if line["logger"] == "gunicorn.access"] == [path]


def test_every_line_of_every_log_is_json(
    session: requests.Session, nginx: RunningNginx, served: RunningDashboard
) -> None:
    session.get(SIGN_IN)
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2]))) as raw:
        raw.sendall(f"GET / HTTP/1.1\r\n{MARKED} in a bad header: 1\r\n\r\n".encode())
        assert b"400" in raw.recv(4096)
    wait_until(lambda: "Invalid request" in served.log.read_text())
    for log in (nginx.access_log, served.log.read_text()):
        lines = [json.loads(line) for line in log.splitlines()]
        assert lines
        assert all("time" in line for line in lines)
    assert MARKED not in served.log.read_text()
    # What could not be read is not taken for the request before it.
    refusals = [line for line in lines if line["event"].startswith("Invalid request")]
    assert not any("request_id" in line for line in refusals)


def test_a_crash_would_leave_no_memory_behind(served: RunningDashboard) -> None:
    children = Path(f"/proc/{served.pid}/task/{served.pid}/children").read_text().split()
    assert children
    for pid in [served.pid, *children]:
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits)

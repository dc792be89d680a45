"""Every answer earns every point that the HTTP Observatory gives for headers."""

from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Person
from dashboard import health
from emulator.auth import issue_token
from emulator.models import Organization, Token
from tests.dashboard.conftest import HttpsClient
from tests.dashboard.observatory import TESTS, Answer, details, score
from tests.dashboard.test_every_url_is_guarded import ALL, SAMPLE
from tests.secrets_ui.conftest import HTMX, USER_ID

pytestmark = [
    pytest.mark.django_db(databases=["default", "emulator"]),
    pytest.mark.usefixtures("over_https"),
]

# All there is to earn without cookies, integrity attributes and a place on browsers' preload lists.
# One header that is missing or wrong shows.
EVERYTHING = 150
PROMISED = 130

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]


def answer_of(response: HttpResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.items()}
    body = "" if response.streaming else response.content.decode(errors="replace")
    return Answer(headers=headers, cookies=response.cookies, body=body)


def assert_earns_everything(response: HttpResponse, what: str) -> None:
    answer = answer_of(response)
    assert score(answer) >= EVERYTHING, (what, response.status_code, details(answer))
    assert details(answer)["cookies"] == (5 if response.cookies else 0), what


@pytest.fixture
def visitor() -> Client:
    return HttpsClient(raise_request_exception=False)


@pytest.fixture
def administrator(visitor: Client) -> Client:
    """Somebody who signed in with a password just now, and connected to an organization."""
    Person.objects.create_superuser("hanako", password="hanako's password")
    typed = {"username": "hanako", "password": "hanako's password"}
    answer = visitor.post("/accounts/sign-in/", typed)
    assert answer.status_code == 302
    assert "__Host-session" in answer.cookies
    assert_earns_everything(answer, "signing in")
    organization = Organization.objects.create(id=SAMPLE, name="Example Corp")
    _, token = issue_token(organization=organization, kind=Token.Kind.PERSONAL, principal=USER_ID)
    connection = {"organization_id": SAMPLE, "label": "", "kind": "personal", "user_id": USER_ID}
    answer = visitor.post("/connect/", {**connection, "personal_access_token": token})
    assert answer.status_code == 302, answer.content.decode()
    assert_earns_everything(answer, "connecting")
    return visitor


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize("method", METHODS)
def test_every_address_by_every_method_for_a_visitor(
    visitor: Client, method: str, headers: dict[str, str]
) -> None:
    for address in ALL:
        response = visitor.generic(method, address, headers=headers)
        assert_earns_everything(response, f"{method} {address}")


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_every_page_for_somebody_who_is_signed_in(
    administrator: Client, headers: dict[str, str]
) -> None:
    statuses = {}
    for address in ALL:
        response = administrator.get(address, headers=headers)
        statuses[address] = response.status_code
        assert_earns_everything(response, address)
    assert statuses[f"/organizations/{SAMPLE}/secrets/"] == 200
    assert {200, 404, 405} <= set(statuses.values())


def with_status(visitor: Client, status: int, file: str) -> Iterator[HttpResponse]:
    """Yield answers of each kind with this status."""
    api = f"/secret-manager/organizations/{SAMPLE}/secrets"
    match status:
        case 200:
            yield visitor.get("/accounts/sign-in/")
            yield visitor.get("/livez")
            yield visitor.get(file)
        case 301:
            yield Client().get("/")
            yield visitor.get("/connect")
        case 302:
            yield visitor.get("/")
        case 304:
            kept = visitor.get(file)
            kept.close()
            yield visitor.get(file, headers={"If-None-Match": kept.headers["ETag"]})
        case 400:
            yield visitor.get("/", headers={"Host": "evil.example"})
            yield visitor.post("/accounts/sign-in/", {f"field-{n}": "" for n in range(999)})
        case 401:
            yield visitor.get(api)
        case 403:
            yield HttpsClient(enforce_csrf_checks=True).post("/accounts/sign-in/")
            yield visitor.get("/", headers={"Sec-Fetch-Site": "cross-site"})
        case 404:
            yield visitor.get("/nowhere")
            yield visitor.get("/static/nothing.js")
            yield visitor.get("/secret-manager/nowhere")
        case 405:
            yield visitor.put("/livez")
            yield visitor.post(file)
            yield visitor.put(api)
        case 413:
            yield visitor.post("/accounts/sign-in/", {"username": "x" * 2_000_000})
        case 500:
            yield visitor.get("/readyz")


@pytest.mark.parametrize("status", [200, 301, 302, 304, 400, 401, 403, 404, 405, 413, 500])
def test_every_status(
    visitor: Client, static_file: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError

    monkeypatch.setitem(health.CHECKS, "database", fail)
    for response in with_status(visitor, status, static_file):
        response.close()
        assert response.status_code == status
        what = response.request["PATH_INFO"]
        if response.request["wsgi.url_scheme"] == "http":
            # HSTS means nothing on the way to HTTPS, and browsers ignore it there.
            assert "Strict-Transport-Security" not in response.headers
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        assert_earns_everything(response, what)


# The scorer itself

GOOD = {
    "content-security-policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "content-type": "text/html; charset=utf-8",
}
PAGE = '<script src="/static/a.js"></script>'


def scored(*, without: str = "", cookie: str = "", body: str = PAGE, **changed: str) -> int:
    headers = {**GOOD, **{name.replace("_", "-"): text for name, text in changed.items()}}
    headers.pop(without, None)
    return score(Answer(headers=headers, cookies=SimpleCookie(cookie), body=body))


def test_good_headers_earn_everything() -> None:
    assert scored() == EVERYTHING
    assert EVERYTHING > PROMISED


@pytest.mark.parametrize(
    "header", [name for name in GOOD if name not in {"x-frame-options", "content-type"}]
)
def test_one_missing_header_fails(header: str) -> None:
    assert scored(without=header) < EVERYTHING


def test_frames_are_forbidden_by_either_of_two_headers() -> None:
    policy = "default-src 'none'; script-src 'self'"
    assert scored(without="x-frame-options") == EVERYTHING
    assert scored(content_security_policy=policy) == EVERYTHING
    assert scored(content_security_policy=policy, without="x-frame-options") < PROMISED


@pytest.mark.parametrize(
    ("header", "text", "points"),
    [
        # 100, less what is lost, and nothing added where 11 or more are lost
        ("content-security-policy", "", 75),
        ("content-security-policy", "default-src 'none'; default-src 'self'", 75),
        (
            "content-security-policy",
            "script-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
            80,
        ),
        ("content-security-policy", "default-src *; frame-ancestors 'none'", 80),
        (
            "content-security-policy",
            "default-src 'self' http://a.example; frame-ancestors 'none'",
            80,
        ),
        (
            "content-security-policy",
            "default-src 'none'; img-src http://a; frame-ancestors 'none'",
            130,
        ),
        (
            "content-security-policy",
            "default-src 'self' 'unsafe-eval'; frame-ancestors 'none'",
            130,
        ),
        (
            "content-security-policy",
            "default-src 'self'; style-src data:; frame-ancestors 'none'",
            140,
        ),
        ("content-security-policy", "default-src 'self'; frame-ancestors 'none'", 145),
        ("strict-transport-security", "max-age=1000", 140),
        ("strict-transport-security", "max-age=31536000, max-age=31536000", 80),
        ("strict-transport-security", "forever", 80),
        ("x-content-type-options", "sniff", 145),
        ("referrer-policy", "unsafe-url", 140),
        ("referrer-policy", "nonsense", 140),
        ("referrer-policy", "unsafe-url, same-origin", 150),
        ("cross-origin-opener-policy", "unsafe-none", 140),
        ("cross-origin-opener-policy", "nonsense", 135),
        ("cross-origin-embedder-policy", "nonsense", 135),
        ("cross-origin-resource-policy", "cross-origin", 140),
    ],
)
def test_a_wrong_header_costs_what_the_chart_says(header: str, text: str, points: int) -> None:
    assert scored(**{header.replace("-", "_"): text}) == points


@pytest.mark.parametrize(
    ("cookie", "points"),
    [
        ("__Host-session=a; Secure; HttpOnly; SameSite=Lax; Path=/", 155),
        ("__Host-session=a; Secure; HttpOnly; Path=/", 150),
        ("__Host-session=a; Secure; SameSite=Lax", 70),
        ("__Host-session=a; HttpOnly; SameSite=Lax", 140),
        ("theme=a; SameSite=Lax", 145),
        ("csrf=a; Secure", 80),
        ("theme=a; Secure; SameSite=Perhaps", 80),
        ("theme=; Max-Age=0", 150),
    ],
)
def test_a_cookie_counts_as_the_chart_says(cookie: str, points: int) -> None:
    assert scored(cookie=cookie) == points


@pytest.mark.parametrize(
    ("body", "points"),
    [
        ("", 150),
        ('<script src="/a.js" integrity="sha384-a"></script>', 155),
        ('<script src="https://a.example/a.js"></script>', 145),
        ('<script src="https://a.example/a.js" integrity="sha384-a"></script>', 155),
        ('<script src="//a.example/a.js" integrity="sha384-a"></script>', 80),
        ('<script src="http://a.example/a.js"></script>', 50),
    ],
)
def test_a_script_counts_as_the_chart_says(body: str, points: int) -> None:
    assert scored(body=body) == points


def test_every_test_of_the_chart_can_fail() -> None:
    worst: dict[str, Any] = {
        "access-control-allow-origin": "https://evil.example",
        "access-control-allow-credentials": "true",
        "content-type": "text/html",
        **{
            f"cross-origin-{name}-policy": "nonsense" for name in ("opener", "embedder", "resource")
        },
        "referrer-policy": "unsafe-url",
    }
    body = '<script src="http://a.example/a.js"></script>'
    points = details(Answer(headers=worst, cookies=SimpleCookie("sess=a"), body=body))
    assert set(points) == set(TESTS)
    assert all(each < 0 for each in points.values()), points

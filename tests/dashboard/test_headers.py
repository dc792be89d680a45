"""Headers that protect a page, on every answer whatever its status."""

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Person
from dashboard import health
from tests.dashboard.conftest import HttpsClient

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


def answer_with(client: Client, status: int, monkeypatch: pytest.MonkeyPatch) -> HttpResponse:
    """Return a dynamic answer that has this status."""
    client.raise_request_exception = False
    match status:
        case 200:
            return client.get("/accounts/sign-in/")
        case 301:
            return client.get("/connect")
        case 302:
            return client.get("/")
        case 400:
            return client.get("/accounts/sign-in/", headers={"Host": "evil.example"})
        case 403:
            return Client(enforce_csrf_checks=True).post("/accounts/sign-in/")
        case 404:
            return client.get("/nowhere")
        case 405:
            return client.put("/livez")
        case 413:
            return client.post("/accounts/sign-in/", {"username": "x" * 2_000_000})
        case 500:

            def fail() -> None:
                raise RuntimeError

            monkeypatch.setitem(health.CHECKS, "database", fail)
            return client.get("/readyz")
    raise AssertionError(status)


each_status = pytest.mark.parametrize("status", [200, 301, 302, 400, 403, 404, 405, 413, 500])


@pytest.fixture
def answer(client: Client, status: int, monkeypatch: pytest.MonkeyPatch) -> HttpResponse:
    found = answer_with(client, status, monkeypatch)
    assert found.status_code == status
    return found


@each_status
def test_nothing_dynamic_is_kept(answer: HttpResponse) -> None:
    assert "no-store" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]
    assert "HX-Request" in answer.headers["Vary"]


@each_status
def test_a_page_runs_only_what_comes_from_us(answer: HttpResponse) -> None:
    policy = answer.headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert "unsafe" not in policy
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["form-action"] == directives["connect-src"] == "'self'"
    assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert "*" not in policy


@each_status
def test_a_page_is_taken_for_what_it_says_and_tells_nobody(answer: HttpResponse) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]


@each_status
def test_a_page_is_never_inside_another(answer: HttpResponse) -> None:
    assert answer.headers["X-Frame-Options"] == "DENY"


@each_status
def test_no_answer_is_compressed(client: Client, answer: HttpResponse) -> None:
    # Length would tell about a value beside text that others chose (BREACH).
    assert "Content-Encoding" not in answer.headers


def test_no_page_has_a_script_or_a_style_of_its_own(client: Client) -> None:
    page = client.get("/accounts/sign-in/").content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count("<script src=")


# Over HTTPS


@pytest.mark.usefixtures("over_https")
def test_a_browser_is_told_to_come_by_https_only() -> None:
    there = Client().get("/accounts/sign-in/?next=/connect/")
    assert there.status_code == 301
    assert there.headers["Location"] == "https://testserver/accounts/sign-in/?next=/connect/"
    strict = HttpsClient().get("/accounts/sign-in/").headers["Strict-Transport-Security"]
    assert strict == "max-age=31536000; includeSubDomains"


@pytest.mark.usefixtures("over_https")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_is_refused_before_anything_else_has_the_headers_too(scheme: str) -> None:
    """A host name that is not ours is noticed by what sends browsers to HTTPS."""
    browser = HttpsClient() if scheme == "https" else Client()
    answer = browser.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    for name in ("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy"):
        assert name in answer.headers
    assert ("Strict-Transport-Security" in answer.headers) == (scheme == "https")


@pytest.mark.usefixtures("over_https")
def test_no_other_host_can_plant_the_cookies_that_count() -> None:
    Person.objects.create_superuser("hanako", password="hanako's password")
    browser = HttpsClient()
    browser.get("/accounts/sign-in/")
    typed = {"username": "hanako", "password": "hanako's password"}
    assert browser.post("/accounts/sign-in/", typed).status_code == 302
    # What browsers insist on for this prefix: RFC 6265bis, section 4.1.3.2.
    for name in ("__Host-session", "__Host-csrf"):
        cookie = browser.cookies[name]
        assert cookie["secure"]
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert cookie["samesite"] == "Lax"
    assert browser.cookies["__Host-csrf"]["httponly"]


def test_on_ones_own_machine_the_cookies_have_plain_names(client: Client) -> None:
    # A browser takes no __Host- cookie without HTTPS.
    client.get("/accounts/sign-in/")
    assert "csrftoken" in client.cookies


# Files


def test_a_file_may_be_kept_and_is_for_our_pages_only(client: Client, static_file: str) -> None:
    answer = client.get(static_file)
    again = client.get(static_file, headers={"If-None-Match": answer.headers["ETag"]})
    assert (answer.status_code, again.status_code) == (200, 304)
    answer.close()
    for found in (answer, again):
        assert "public" in found.headers["Cache-Control"]
        assert "no-store" not in found.headers["Cache-Control"]
        assert found.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in found.headers


def test_a_file_that_is_missing_is_not_remembered_as_missing(client: Client) -> None:
    answer = client.get("/static/missing.js")
    assert answer.status_code == 404
    assert "no-store" in answer.headers["Cache-Control"]


# What browsers say about a request

FOLLOWED_A_LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    ("method", "mode", "dest"),
    [
        ("GET", "no-cors", "image"),
        ("GET", "no-cors", "script"),
        ("GET", "cors", "empty"),
        ("GET", "navigate", "iframe"),
        ("GET", "navigate", "object"),
        ("GET", "navigate", ""),
        ("GET", "", "document"),
        ("POST", "navigate", "document"),
        ("POST", "no-cors", "empty"),
        ("PUT", "cors", "empty"),
    ],
)
def test_what_another_site_makes_a_browser_ask_for_is_refused(
    client: Client, method: str, mode: str, dest: str
) -> None:
    for site in ("cross-site", "same-site", "whatever comes next", ""):
        for address in ("/accounts/sign-in/", "/", "/livez", "/static/a.js"):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
            answer = client.generic(method, address, headers=headers)
            assert answer.status_code == 403, (site, address)
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert b"another site" in answer.content
            assert not answer.cookies


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "same-origin"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_from_anywhere_leads_here(client: Client, site: str, method: str) -> None:
    headers = {"Sec-Fetch-Site": site, **FOLLOWED_A_LINK}
    assert client.generic(method, "/accounts/sign-in/", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_our_own_pages_and_what_is_no_browser_may_ask(
    client: Client, headers: dict[str, str], method: str
) -> None:
    assert client.generic(method, "/accounts/sign-in/", headers=headers).status_code in {200, 422}


def test_the_api_takes_no_cookie_so_it_does_not_matter_who_asked(client: Client) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    address = "/secret-manager/organizations/1410000000000/secrets"
    assert client.get(address, headers=headers).status_code == 401
    assert client.get("/secret-managers/", headers=headers).status_code == 403

"""Sign-in with a certified OpenID provider, as a deployment has it: gunicorn, and a person's browser."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.services.dashboard import RunningDashboard, running_dashboard
from tests.services.processes import free_port
from tests.sso.provider import CLIENT_ID, CLIENT_SECRET, RunningProvider, running_provider

pytestmark = pytest.mark.browser
CONNECT = "/connect/?organization=1410000000000"
TWO_HOURS = 2 * 60 * 60


@pytest.fixture(scope="module")
def port() -> int:
    """Where the provider is going to be: the dashboard starts first, and starts without it."""
    return free_port()


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[RunningDashboard]:
    settings = {
        "AUTH_MODE": "oidc",
        "ROLE_MAP": "secrets-operators=operator; secrets-viewers=viewer",
        "OIDC_ISSUER": f"http://127.0.0.1:{port}",
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_SCOPES": "openid profile email groups",
        # Nobody here asks the API anything, so it need not be there.
        "SECRET_MANAGER_URL": "http://127.0.0.1:9",
    }
    with running_dashboard(tmp_path_factory.mktemp("dashboard"), env=settings) as running:
        yield running


@pytest.fixture
def provider(tmp_path: Path, dashboard: RunningDashboard, port: int) -> Iterator[RunningProvider]:
    with running_provider(
        tmp_path,
        port=port,
        redirect_uris=[f"{dashboard.url}/accounts/oidc/callback/"],
        sign_out_uris=[f"{dashboard.url}/accounts/signed-out/"],
        token_endpoint_auth_method="client_secret_post",
    ) as running:
        yield running


def at_provider(page: Page, account: str) -> None:
    expect(page.get_by_role("heading", name="Provider")).to_be_visible()
    page.get_by_label("Account").fill(account)
    page.get_by_role("button", name="Continue").click()


def press_sign_in(page: Page) -> None:
    page.get_by_role("link", name="Sign in with your company account").click()


def test_a_working_day(page: Page, dashboard: RunningDashboard, provider: RunningProvider) -> None:
    # They had signed in at the provider two hours ago, and come to us now.
    provider.date_sign_ins_back(TWO_HOURS)
    page.goto(f"{dashboard.url}{CONNECT}")
    press_sign_in(page)
    at_provider(page, "hanako")

    # Connecting needs a fresh proof, so the provider asks once more, and then they are where they went.
    provider.date_sign_ins_back(0)
    at_provider(page, "hanako")
    expect(page.get_by_label("Organization id")).to_have_value("1410000000000")
    assert page.url == f"{dashboard.url}{CONNECT}"
    assert people(dashboard) == [("Hanako Yamada", "hanako@example.com", "operator")]
    assert recorded(dashboard, "person.confirmed") == 1

    # What an operator may not do is not done.
    page.goto(f"{dashboard.url}/accounts/people/")
    expect(page.get_by_role("heading", name="Your role does not allow this")).to_be_visible()

    # Out here, and out there.
    page.goto(f"{dashboard.url}{CONNECT}")
    page.get_by_label("Signed in as").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign out of the provider?")).to_be_visible()
    page.get_by_role("button", name="Yes").click()
    page.wait_for_url(f"{dashboard.url}/accounts/signed-out/")
    page.goto(f"{dashboard.url}{CONNECT}")
    press_sign_in(page)
    expect(page.get_by_role("heading", name="Provider")).to_be_visible()

    # Whoever turns back there is told so; whoever has no role comes no further.
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="did not let you through")).to_be_visible()
    assert Axe().run(page).violations_count == 0
    page.get_by_role("link", name="Try again").click()
    at_provider(page, "visitor")
    expect(page.get_by_role("heading", name="You have no role here")).to_be_visible()
    assert ("Visitor", "", "") in people(dashboard)

    nothing_of_a_token_is_kept(dashboard)


def test_a_provider_may_come_later_than_the_dashboard(
    dashboard: RunningDashboard, tmp_path: Path, port: int
) -> None:
    begin = f"{dashboard.url}/accounts/oidc/begin/"
    answer = requests.get(begin, timeout=15)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    with running_provider(tmp_path, port=port, redirect_uris=[f"{dashboard.url}/"]) as provider:
        answer = requests.get(begin, timeout=15, allow_redirects=False)
        assert answer.headers["Location"].startswith(f"{provider.issuer}/auth?")


def people(dashboard: RunningDashboard) -> list[tuple[str, ...]]:
    return _select(dashboard, "SELECT name, email, role FROM accounts_person ORDER BY id")


def recorded(dashboard: RunningDashboard, action: str) -> int:
    query = "SELECT count(*) FROM audit_event WHERE action = ? AND outcome = 'ok'"
    return _select(dashboard, query, action)[0][0]


def _select(dashboard: RunningDashboard, query: str, *values: str) -> list[tuple]:
    database = sqlite3.connect(dashboard.state_dir / "dashboard.sqlite3")
    try:
        return database.execute(query, values).fetchall()
    finally:
        database.close()


def nothing_of_a_token_is_kept(dashboard: RunningDashboard) -> None:
    """Every JWT begins with `eyJ`, for `{"` in base64; every code comes in an address."""
    for file in [dashboard.log, *dashboard.state_dir.glob("*.sqlite3*")]:
        kept = file.read_bytes()
        for canary in (b"eyJhbGciOi", CLIENT_SECRET.encode(), b"code="):
            assert canary not in kept, (file, canary)

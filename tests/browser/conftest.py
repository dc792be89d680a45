"""A real Chromium in front of the served pages. No page may complain in its console, in any test."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, WebError, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Person
from accounts.roles import Role
from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import Credential, Secret, SecretManagerClient
from secrets_ui import connection as connections
from secrets_ui.connection import Connection

USERNAME, PASSWORD = "hanako", "a password of hanako"
USER_ID = "user-1410000000001"
# Chromium writes a line for every refusal; the pages that refuse on purpose are tested as such.
REFUSED = re.compile(r"Failed to load resource: .* status of 4\d\d")
# htmx writes these where a question gives way to a newer one.
GAVE_WAY = re.compile("htmx:(afterRequest|sendAbort), ")
PATIENCE = 15_000  # milliseconds, on a machine that is busy with other things
expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """An organization of the emulator, and how to reach it: in the pages and straight through `api`."""

    id: str
    name: str
    token: str

    @property
    def api(self) -> SecretManagerClient:
        credential = Credential.personal(USER_ID, self.token)
        return Connection(organization_id=self.id, label="", credential=credential).client

    @property
    def list_path(self) -> str:
        return f"/organizations/{self.id}/secrets/"

    def create(self, name: str, value: str = "a value", **details: Any) -> Secret:
        return self.api.create_secret(self.id, name, value, **details)

    def path_of(self, secret: Secret) -> str:
        return f"{self.list_path}{secret.id}/"


# Chromium


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail("No Chromium here: scripts/install-system-packages says how to get one.")
    return {
        **browser_type_launch_args,
        "executable_path": found,
        # It runs as root in CI, and asks nobody outside for anything.
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    return live_server.url


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-GB",
        "timezone_id": "Asia/Tokyo",
    }


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext],
) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browser contexts in which nothing may go wrong unseen: errors, refused styles or scripts."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        is_expected = REFUSED.match(message.text) or GAVE_WAY.match(message.text)
        if message.type in {"error", "warning"} and not is_expected:
            complaints.append(message.text)

    def hear_error(error: WebError) -> None:
        complaints.append(str(error.error))

    def watched(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.set_default_timeout(PATIENCE)
        context.on("console", hear)
        context.on("weberror", hear_error)
        return context

    yield watched
    assert complaints == []


# The people and what they can reach


@pytest.fixture(autouse=True)
def fresh_transport() -> None:
    connections.shared_transport.cache_clear()


@pytest.fixture
def person(transactional_db: None) -> Person:
    return Person.objects.create_user(USERNAME, password=PASSWORD, role=Role.ADMINISTRATOR)


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return _tenant("1410000000000", "Example Corp")


@pytest.fixture
def other_tenant(transactional_db: None) -> Tenant:
    return _tenant("1420000000000", "Sample KK")


@pytest.fixture
def session_cookie(person: Person, tenant: Tenant, base_url: str) -> dict[str, str]:
    """The cookie of somebody who has signed in and connected, for tests about what comes after."""
    visitor = Client()
    visitor.force_login(person)
    answer = visitor.post(
        "/connect/",
        {
            "organization_id": tenant.id,
            "label": tenant.name,
            "kind": "personal",
            "user_id": USER_ID,
            "personal_access_token": tenant.token,
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    visitor.get(tenant.list_path)  # takes the note "Connected to …" away
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": visitor.cookies[name].value, "url": base_url}


@pytest.fixture
def at_work(page: Page, session_cookie: dict[str, str]) -> Page:
    """A page of somebody who has signed in and connected to `tenant`."""
    page.context.add_cookies([session_cookie])
    return page


def _tenant(organization_id: str, name: str) -> Tenant:
    organization = Organization.objects.create(id=organization_id, name=name)
    _, token = issue_token(organization=organization, kind=Token.Kind.PERSONAL, principal=USER_ID)
    return Tenant(id=organization_id, name=name, token=token)

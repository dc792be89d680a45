"""After a day's work and a sign-out nobody finds a value, a credential or a password anywhere.

A served dashboard, a Chromium with a profile on disk: signed in, connected, a value put in, shown and
copied, signed out, Back. Then everything that is left is read: the profile, the server's state and logs,
and what /proc tells of it.
"""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser import left_behind
from tests.secrets_ui.canary import Marker
from tests.services.dashboard import PROJECT, RunningDashboard, running_dashboard
from tests.services.processes import wait_until

pytestmark = pytest.mark.browser

ORGANIZATION = "1410000000000"
USER = "user-1410000000001"


def marker(name: str) -> Marker:
    return Marker(name, f"{name}-canary-{uuid.uuid4().hex}".encode())


VALUE, NEW_VALUE, TOKEN, PASSWORD = map(marker, ("value", "new-value", "token", "password"))
MARKERS = [VALUE, NEW_VALUE, TOKEN, PASSWORD]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDashboard]:
    folder = tmp_path_factory.mktemp("served")
    with running_dashboard(folder, env={"LOG_LEVEL": "INFO"}) as dashboard:
        dashboard.manage("emulator_organization", "create", "--id", ORGANIZATION)
        prepare(
            dashboard,
            *("emulator_token", "create", "--organization", ORGANIZATION, "--kind", "personal"),
            *("--principal", USER, "--token-from-env", "TOKEN"),
            TOKEN=TOKEN.raw.decode(),
        )
        prepare(
            dashboard,
            *("createsuperuser", "--noinput", "--username", "hanako", "--email", ""),
            DJANGO_SUPERUSER_PASSWORD=PASSWORD.raw.decode(),
        )
        yield dashboard


def prepare(dashboard: RunningDashboard, *arguments: str, **secret: str) -> None:
    """Run a management command that is told something in its own environment, not the server's."""
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={**dashboard.environment, **secret},
        check=True,
        capture_output=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def profile(
    served: RunningDashboard,
    playwright: Playwright,
    browser_type_launch_args: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The profile of a browser that did a day's work, signed out, went back, and was closed."""
    folder = tmp_path_factory.mktemp("profile")
    context = playwright.chromium.launch_persistent_context(
        folder,
        **browser_type_launch_args,
        permissions=["clipboard-read", "clipboard-write"],
        base_url=served.url,
    )
    page = context.pages[0]
    work(page)
    sign_out_and_go_back(page)
    context.close()
    return folder


def work(page: Page) -> None:
    page.goto("/")
    page.get_by_label("User name").fill("hanako")
    page.get_by_label("Password").fill(PASSWORD.raw.decode())
    page.get_by_role("button", name="Sign in").click()
    page.locator("#id_organization_id").fill(ORGANIZATION)
    page.locator("#id_user_id").fill(USER)
    page.locator("#id_personal_access_token").fill(TOKEN.raw.decode())
    page.get_by_role("button", name="Check and connect").click()
    page.get_by_role("link", name="New secret").click()
    page.locator("#id_name").fill("crm-webhook-signing")
    page.locator("#id_value").fill(VALUE.raw.decode())
    page.get_by_role("button", name="Save secret").click()
    page.get_by_role("button", name="Show for 30 s").click()
    expect(page.locator("pre.value")).to_have_text(VALUE.raw.decode())
    page.get_by_role("link", name="Put in a new value").click()
    page.locator("#id_value").fill(NEW_VALUE.raw.decode())
    page.get_by_role("button", name="Save new value").click()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    # Where the clipboard's text goes is up to the person; here it goes away before the search.
    page.evaluate("navigator.clipboard.writeText('')")


def sign_out_and_go_back(page: Page) -> None:
    page.locator("details.person summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    for _ in range(3):
        page.go_back()
        places = {"the page": page.content().encode(), "its text": page.inner_text("body").encode()}
        assert left_behind.found(places, MARKERS) == set()
        assert "crm-webhook-signing" not in page.content()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert left_behind.found({"storage": kept.encode()}, MARKERS) == set()


def test_the_browsers_profile_holds_nothing(profile: Path) -> None:
    places = left_behind.of_folder(profile)
    assert len(places) > 20, "This is no profile that was used."
    assert left_behind.found(places, MARKERS) == set()


def test_the_servers_state_and_logs_hold_nothing(served: RunningDashboard, profile: Path) -> None:
    places = left_behind.of_folder(served.state_dir) | {"log": served.log.read_bytes()}
    assert {"dashboard.sqlite3", "emulator.sqlite3"} <= places.keys()
    assert b"/reveal/" in places["log"]
    assert left_behind.found(places, MARKERS) == set()


def test_proc_tells_nothing(served: RunningDashboard, profile: Path) -> None:
    places = left_behind.of_process(served.pid)
    assert sum("cmdline" in where for where in places) >= 2, "A worker is a process of its own."
    assert left_behind.found(places, MARKERS) == set()


def test_the_search_finds_what_is_planted_in_the_profile(profile: Path) -> None:
    planted = profile / "Default" / "planted"
    planted.write_bytes(VALUE.raw.decode().encode("utf-16-le"))
    try:
        places = left_behind.of_folder(profile)
    finally:
        planted.unlink()
    assert left_behind.found(places, MARKERS) == {("value", "Default/planted")}


def test_the_search_finds_what_is_planted_in_the_state_and_the_log(
    served: RunningDashboard, tmp_path: Path
) -> None:
    (tmp_path / "dashboard.sqlite3-wal").write_bytes(b"page" + TOKEN.raw.hex().encode())
    places = left_behind.of_folder(tmp_path) | {"log": served.log.read_bytes() + PASSWORD.raw}
    assert left_behind.found(places, MARKERS) == {
        ("token", "dashboard.sqlite3-wal"),
        ("password", "log"),
    }


@pytest.mark.parametrize("where", ["environ", "cmdline"])
def test_the_search_finds_what_is_planted_in_proc(where: str) -> None:
    text = TOKEN.raw.decode()
    leaky = {
        "environ": (["sleep", "60"], {"TOKEN": text}),
        "cmdline": (["sh", "-c", f"sleep 60 # {text}"], {}),
    }
    command, variables = leaky[where]
    process = subprocess.Popen(command, env={"PATH": os.environ["PATH"], **variables})
    try:
        wait_until(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
        places = left_behind.of_process(process.pid)
    finally:
        process.kill()
        process.wait()
    assert ("token", f"/proc {where} of {process.pid}") in left_behind.found(places, MARKERS)

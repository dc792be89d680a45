"""Make the pictures of README.md anew: a dashboard of its own, filled for the demonstration.

Nothing of the dashboard that `make run` serves here is touched: state and port are this run's own.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from tests.services.dashboard import environment_for, manage, running_dashboard  # noqa: E402

IMAGES = PROJECT / "docs" / "images"
PASSWORD = "screenshots-only"  # noqa: S105 - it opens nothing but what this run starts and stops
ZONE = "Asia/Tokyo"
SETTINGS = {"DEMO": "on", "DEMO_PASSWORD": PASSWORD, "TIME_ZONE": ZONE, "LOG_LEVEL": "ERROR"}
SECRET = "web-session-signing-key"  # noqa: S105 - the name of one with two versions on
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder)
        with running_dashboard(folder, env=SETTINGS) as dashboard:
            take_pictures(dashboard.url)


def fill(folder: Path) -> None:
    """Make the demonstration's data before the start, because settings read its token then."""
    environment = environment_for(folder / "state", **SETTINGS)
    for command in ("migrate", "migrate --database emulator", "emulator_seed", "demo_person"):
        manage(*command.split(), environment=environment)


def take_pictures(url: str) -> None:
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as playwright:
        # Without its sandbox it also runs as root, as in CI; it opens only the pages served above.
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(
            viewport={"width": 1440, "height": 900},
            color_scheme="light",
            locale="en-GB",
            timezone_id=ZONE,
        )
        page.goto(url)
        page.get_by_label("User name").fill("demo")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Check and connect").click()
        page.get_by_role("heading", name="Secrets").wait_for()
        page.reload()  # without the note that says "Connected"
        page.get_by_role("searchbox", name="Search secrets").fill("signing key")
        page.locator("mark").first.wait_for()
        picture(page, "list")
        page.goto(url)
        page.get_by_role("heading", name="Needs care").wait_for()
        picture(page, "overview")
        page.goto(f"{url}/organizations/1410000000000/secrets/?q={SECRET}")
        page.get_by_role("link", name=SECRET).click()
        page.get_by_role("heading", name=SECRET).wait_for()
        picture(page, "secret")
        browser.close()


def picture(page: Page, name: str) -> None:
    path = IMAGES / f"{name}.png"
    page.mouse.move(0, 0)
    page.screenshot(path=path)
    print(f"{path.relative_to(PROJECT)}: {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()

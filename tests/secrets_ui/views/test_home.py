import pytest
from django.test import Client

from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.views.support import LIST_URL, text_of

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_is_kept_and_shown(browser: Client, theme: str) -> None:
    answer = browser.post("/theme/", {"theme": theme, "next": f"{LIST_URL}?page=2"})
    assert answer.headers["Location"] == f"{LIST_URL}?page=2"
    cookie = answer.cookies["theme"]
    assert (cookie.value, cookie["samesite"], cookie["httponly"]) == (theme, "Lax", True)
    assert f'data-theme="{theme}"' in text_of(browser.get(LIST_URL))


@pytest.mark.parametrize("theme", ["", "neon", 'dark" onload="x'])
def test_any_other_theme_follows_the_device(browser: Client, theme: str) -> None:
    browser.post("/theme/", {"theme": "dark"})
    browser.post("/theme/", {"theme": theme})
    assert "data-theme" not in text_of(browser.get(LIST_URL))


def test_a_cookie_that_somebody_made_up_is_not_put_on_the_page(browser: Client) -> None:
    browser.cookies["theme"] = "x onload=alert(1)"
    browser.cookies["time_zone"] = "../../etc/passwd"
    page = browser.get(LIST_URL)
    assert page.status_code == 200
    assert "onload" not in text_of(page)


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_a_theme_leads_nowhere_else(browser: Client, after: str) -> None:
    assert browser.post("/theme/", {"theme": "dark", "next": after}).headers["Location"] == "/"


def test_a_theme_takes_a_post(browser: Client) -> None:
    answer = browser.get("/theme/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert "There is nothing to see at this address" in text_of(answer)


def test_the_organization_is_named_on_the_page(browser: Client) -> None:
    page = text_of(browser.get(LIST_URL))
    assert "Example Corp" in page
    assert ORGANIZATION_ID in page

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.views.support import text_of
from tests.secrets_ui.views.upstream import SECRET, SECRET_URL, VERSION_ID, VERSIONS, Upstream

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


def labels(page: str) -> list[str]:
    """The versions in the table, from top to bottom."""
    return re.findall(r'<th scope="row">(v\d+)', page)


def version(number: int, status: str = "active") -> dict[str, object]:
    return {"id": str(number), "version": number, "status": status}


def test_it_shows_what_the_secret_is(browser: Client, api: SecretManagerClient) -> None:
    secret = api.create_secret(
        ORGANIZATION_ID,
        "billing_key",
        "v",
        description="Pays the bills",
        expired_at=datetime.now(UTC) + timedelta(days=12),
        integration_service_type="abeja-platform-labs",
        integration_service_ids=["app-1", "app-2"],
    )
    page = text_of(browser.get(f"/organizations/{ORGANIZATION_ID}/secrets/{secret.id}/"))
    for words in ("billing_key", "Pays the bills", "in 12 days", "app-1", "app-2", secret.id):
        assert words in page


def test_no_value_is_on_the_page(browser: Client, secret: Secret, secret_url: str) -> None:
    page = text_of(browser.get(secret_url))
    assert "the first value" not in page
    assert "Hidden. Showing and copying are recorded." in page


def test_values_are_not_asked_for_and_looking_is_no_act(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    seen = Event.objects.count()
    upstream.browser.get(SECRET_URL)
    asked = [str(call.request.url) for call in upstream.mock.calls]
    assert len(asked) == 2
    assert not any("return_secret_value" in url for url in asked)
    assert Event.objects.count() == seen


@pytest.mark.parametrize("order", [[1, 2, 3], [3, 2, 1], [2, 3, 1]])
def test_versions_are_newest_first_whatever_the_api_does(
    upstream: Upstream, order: list[int]
) -> None:
    upstream.shows_one_secret()
    versions = [version(number) for number in order]
    upstream.says("GET", Upstream.VERSIONS, {"versions": versions, "has_next": False})
    assert labels(text_of(upstream.browser.get(SECRET_URL))) == ["v3", "v2", "v1"]


def test_the_value_in_use_is_the_newest_version_that_is_on(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    versions = [version(1), version(2), version(3, "inactive")]
    upstream.says("GET", Upstream.VERSIONS, {"versions": versions, "has_next": False})
    page = text_of(upstream.browser.get(SECRET_URL))
    assert f'action="{SECRET_URL}versions/2/reveal/" hx-post' in page
    assert '<th scope="row">v2 <span class="small muted">in use</span>' in page
    assert page.count("in use</span>") == 1


def test_a_version_says_how_it_stands_and_offers_the_other(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    versions = [version(1), version(2, "inactive"), version(3, "paused")]
    upstream.says("GET", Upstream.VERSIONS, {"versions": versions, "has_next": False})
    rows = text_of(upstream.browser.get(SECRET_URL)).split("<tr>")[2:]
    words = [re.findall(r'badge \w+">([^<]+)', row)[0] for row in rows]
    assert words == ["Not known", "Off", "On"]
    assert "status/?to=on" in rows[1]
    assert "status/?to=off" in rows[2]


def test_sixty_versions_come_in_three_pages(browser: Client, api: SecretManagerClient) -> None:
    secret = api.create_secret(ORGANIZATION_ID, "often_changed", "v")
    for _ in range(59):
        api.create_secret_version(ORGANIZATION_ID, secret.id, "v")
    url = f"/organizations/{ORGANIZATION_ID}/secrets/{secret.id}/"
    pages = [text_of(browser.get(url, {"page": page})) for page in (1, 2, 3)]
    shown = [label for page in pages for label in labels(page)]
    assert shown == [f"v{number}" for number in range(60, 0, -1)]
    assert [len(labels(page)) for page in pages] == [25, 25, 10]
    assert ['rel="next"' in page for page in pages] == [True, True, False]
    assert ['rel="prev"' in page for page in pages] == [False, True, True]
    assert '<span class="count">60</span>' in pages[0]


@pytest.mark.parametrize("page", ["", "x", "0", "-1", "99"])
def test_a_page_number_that_makes_no_sense_still_shows_versions(
    browser: Client, secret_url: str, page: str
) -> None:
    assert labels(text_of(browser.get(secret_url, {"page": page}))) == ["v1"]


def test_htmx_gets_the_versions_only(browser: Client, secret_url: str) -> None:
    part = text_of(browser.get(secret_url, headers=HTMX)).strip()
    assert part.startswith('<section id="version-table"')
    assert "<html" not in part
    assert labels(part) == ["v1"]


def test_a_secret_without_a_value_in_use_says_so(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.VERSIONS, {"versions": [version(1, "inactive")]})
    page = text_of(upstream.browser.get(SECRET_URL))
    assert "No version is on, so there is no value in use." in page
    assert "All off" in page


def test_a_secret_without_versions_says_so(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.VERSIONS, {"versions": [], "pagination": {"has_next": False}})
    page = text_of(upstream.browser.get(SECRET_URL))
    assert "This secret has no version." in page
    assert "No value" in page


def test_a_list_that_never_ends_is_shown_as_incomplete(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.VERSIONS, {**VERSIONS, "pagination": {"has_next": True}})
    page = text_of(upstream.browser.get(SECRET_URL))
    assert "This list may be incomplete" in page
    assert labels(page) == ["v1"]


def test_a_secret_of_which_only_the_id_is_known_has_a_page(upstream: Upstream) -> None:
    upstream.says("GET", Upstream.SECRET, {"id": SECRET["id"]})
    upstream.says("GET", Upstream.VERSIONS, {"versions": [{"id": "9"}]})
    page = text_of(upstream.browser.get(SECRET_URL))
    assert '<h1 class="mono">1001</h1>' in page
    assert "versions/9/status/?to=on" in page


def test_what_the_api_says_is_shown_as_text(upstream: Upstream) -> None:
    hostile = "<script>alert(1)</script>\"' onmouseover=alert(2)"
    upstream.shows_one_secret()
    fields = {"name": hostile, "description": hostile, "user_id": hostile, "provider": hostile}
    upstream.says("GET", Upstream.SECRET, {**SECRET, **fields})
    page = upstream.browser.get(SECRET_URL).content.decode()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2


@pytest.mark.parametrize(
    "path",
    [
        *("", "edit/", "delete/", "versions/new/"),
        *(f"versions/{VERSION_ID}/status/", f"versions/{VERSION_ID}/delete/"),
    ],
)
def test_no_page_of_a_secret_turns_the_direction_of_its_name(upstream: Upstream, path: str) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.SECRET, {**SECRET, "name": "bill\u202eing\u200b-key"})
    page = text_of(upstream.browser.get(SECRET_URL + path))
    assert "billing-key" in page
    assert not {"\u202e", "\u200b"} & set(page)


def test_a_description_is_shown_without_what_nobody_sees(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.SECRET, {**SECRET, "description": "Pays\u202e\nthe bills"})
    for path in ("", "delete/"):
        page = text_of(upstream.browser.get(SECRET_URL + path))
        assert "Pays\nthe bills" in page

import re
from urllib.parse import unquote

import pytest
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import Client

from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.views.support import text_of, trail
from tests.secrets_ui.views.upstream import (
    SECRET,
    SECRET_URL,
    TOKEN,
    VERSION,
    VERSION_URL,
    Upstream,
)

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
BINARY = bytes(range(256))
PURPOSES = {"show": "value.revealed", "copy": "value.copied", "download": "value.downloaded"}
each_purpose = pytest.mark.parametrize("purpose", PURPOSES)


@pytest.fixture
def url(secret: Secret, secret_url: str) -> str:
    assert secret.versions
    return f"{secret_url}versions/{secret.versions[0].id}/reveal/"


def reveal(
    api: SecretManagerClient, browser: Client, value: str | bytes, purpose: str
) -> HttpResponse:
    """Store a value, then ask for it."""
    secret = api.create_secret(ORGANIZATION_ID, "kept_key", value)
    assert secret.versions
    address = f"/organizations/{ORGANIZATION_ID}/secrets/{secret.id}/versions/"
    return browser.post(f"{address}{secret.versions[0].id}/reveal/", {"purpose": purpose})


def test_a_value_is_shown_on_a_page_that_goes_away_by_itself(
    browser: Client, secret_url: str, url: str
) -> None:
    page = browser.post(url, {"purpose": "show"})
    assert page.status_code == 200
    assert re.search(r"<pre[^>]*>the first value</pre>", text_of(page))
    assert page.headers["Refresh"] == f"30; url={secret_url}"


def test_htmx_gets_the_value_only_with_the_time_after_which_it_goes(
    browser: Client, url: str
) -> None:
    part = text_of(browser.post(url, {"purpose": "show"}, headers=HTMX)).strip()
    assert part.startswith('<div id="version-value"')
    assert 'data-remask="30"' in part
    assert "the first value" in part
    assert "<html" not in part


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_visit_shows_nothing_and_leads_to_the_secret(
    browser: Client, secret_url: str, url: str, method: str
) -> None:
    answer = browser.generic(method, f"{url}?purpose=show")
    assert answer.status_code == 302
    assert answer.headers["Location"] == secret_url
    assert answer.content == b""
    assert trail("value.revealed") == []


def test_a_value_is_copied_as_it_is(browser: Client, api: SecretManagerClient) -> None:
    answer = reveal(api, browser, " <b>line 1\nline 2</b>\t秘密 ", "copy")
    assert answer.content.decode() == " <b>line 1\nline 2</b>\t秘密 "
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_value_is_escaped_where_it_is_shown(browser: Client, api: SecretManagerClient) -> None:
    page = reveal(api, browser, "<script>alert(1)</script>&amp;", "show").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;" in page


@pytest.mark.parametrize("value", [BINARY, "text\r\n秘密".encode(), b"\0", b"x" * 65_536])
def test_a_download_is_byte_for_byte(
    browser: Client, api: SecretManagerClient, value: bytes
) -> None:
    answer = reveal(api, browser, value, "download")
    assert answer.content == value
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="kept_key-')


def test_a_value_that_is_not_text_is_not_shown(browser: Client, api: SecretManagerClient) -> None:
    page = reveal(api, browser, BINARY, "show")
    assert page.status_code == 200
    assert "This value is not text" in text_of(page)
    assert "256" in text_of(page)
    assert "<pre" not in text_of(page)
    assert "ABCDEF" not in text_of(page)


def test_a_value_that_is_not_text_is_not_copied(browser: Client, api: SecretManagerClient) -> None:
    answer = reveal(api, browser, BINARY, "copy")
    assert answer.status_code == 422
    assert "This value is not text" in text_of(answer)
    assert b"ABCDEF" not in answer.content


def test_a_value_that_is_no_base64_is_downloaded_as_it_came(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.VERSION, {**VERSION, "value": "not base64!"})
    answer = upstream.browser.post(f"{VERSION_URL}reveal/", {"purpose": "download"})
    assert answer.content == b"not base64!"
    shown = upstream.browser.post(f"{VERSION_URL}reveal/", {"purpose": "show"})
    assert "not base64!" not in text_of(shown)


def test_an_answer_without_a_value_is_not_shown_as_an_empty_one(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.VERSION, {**VERSION, "value": None})
    answer = upstream.browser.post(f"{VERSION_URL}reveal/", {"purpose": "show"})
    assert answer.status_code == 502
    assert trail("value.revealed")[-1] == ("value.revealed", "failed")


@pytest.mark.parametrize("purpose", ["", "print", "SHOW"])
def test_an_unknown_purpose_is_showing_and_is_recorded_as_that(
    browser: Client, url: str, purpose: str
) -> None:
    assert "the first value" in text_of(browser.post(url, {"purpose": purpose}))
    assert trail("value.revealed") == [("value.revealed", "attempted"), ("value.revealed", "ok")]


@each_purpose
def test_it_is_recorded_before_and_after_without_the_value(
    browser: Client, secret: Secret, url: str, purpose: str
) -> None:
    browser.post(url, {"purpose": purpose})
    action = PURPOSES[purpose]
    assert trail(action) == [(action, "attempted"), (action, "ok")]
    for event in Event.objects.filter(action=action):
        assert secret.versions
        assert (event.secret_id, event.version_id) == (secret.id, secret.versions[0].id)
        assert event.secret_name == "crm-webhook-signing"
        assert event.actor == "hanako"
        assert "the first value" not in str(vars(event))


@each_purpose
def test_exactly_one_value_is_asked_for(upstream: Upstream, purpose: str) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.VERSION, {**VERSION, "value": "dmFsdWU="})
    upstream.browser.post(f"{VERSION_URL}reveal/", {"purpose": purpose})
    asked = [call.request.url for call in upstream.mock.calls]
    with_value = [url for url in asked if "return_secret_value" in str(url)]
    assert with_value == [f"{Upstream.VERSION}?return_secret_value=true"]


@each_purpose
@pytest.mark.usefixtures("broken_trail")
def test_nothing_is_shown_or_asked_for_where_it_cannot_be_recorded(
    browser: Client, url: str, purpose: str
) -> None:
    answer = browser.post(url, {"purpose": purpose})
    assert answer.status_code == 503
    assert "the first value" not in text_of(answer)


@each_purpose
def test_nothing_is_shown_where_the_outcome_cannot_be_recorded(
    browser: Client, url: str, purpose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Event.objects.create

    def fail_at_the_outcome(**fields: object) -> Event:
        if fields["outcome"] != "attempted":
            raise DatabaseError
        return create(**fields)

    monkeypatch.setattr(Event.objects, "create", fail_at_the_outcome)
    answer = browser.post(url, {"purpose": purpose})
    assert answer.status_code == 503
    assert "the first value" not in text_of(answer)


@each_purpose
def test_no_answer_is_kept_anywhere(browser: Client, url: str, purpose: str) -> None:
    answer = browser.post(url, {"purpose": purpose})
    assert "no-store" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]


def test_an_id_that_none_can_have_is_not_recorded_as_a_reveal(
    browser: Client, secret_url: str
) -> None:
    assert browser.post(f"{secret_url}versions/{'x' * 300}/reveal/").status_code == 404
    assert trail("value.revealed") == []


@pytest.mark.parametrize(
    "name",
    ['a"; filename="evil.exe', "a\r\nSet-Cookie: x=1", "../../etc/passwd", "秘密\u202e", "\x7f\\"],
)
def test_an_odd_name_cannot_change_the_headers(upstream: Upstream, name: str) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.SECRET, {**SECRET, "name": name})
    upstream.says("GET", Upstream.VERSION, {**VERSION, "value": "dmFsdWU="})
    answer = upstream.browser.post(f"{VERSION_URL}reveal/", {"purpose": "download"})
    header = answer.headers["Content-Disposition"]
    assert answer.status_code == 200
    assert header.isascii()
    assert header.isprintable()
    assert "Set-Cookie" not in answer.headers or "x=1" not in answer.headers["Set-Cookie"]
    quoted = re.fullmatch(r'attachment; filename="((?:[^"\\]|\\.)*)"', header)
    assert quoted or re.fullmatch(r"attachment; filename\*=utf-8''[\w%./-]+", header)


def test_words_of_the_api_are_not_shown_where_a_value_was_asked_for(upstream: Upstream) -> None:
    # Only the server knows the value, so nothing can tell whether its words give it away.
    upstream.shows_one_secret()
    said = {"error": "the-value", "error_description": f"the-value {TOKEN}"}
    upstream.says("GET", Upstream.VERSION, said, 409)
    answer = upstream.browser.post(f"{VERSION_URL}reveal/", {"purpose": "show"})
    assert answer.status_code == 409
    assert "the-value" not in text_of(answer)
    assert TOKEN not in text_of(answer)


def test_the_page_of_a_value_leads_back_without_a_script(browser: Client, url: str) -> None:
    page = text_of(browser.post(url, {"purpose": "show"}))
    assert re.search(rf'data-hide href="{SECRET_URL.rsplit("/", 2)[0]}/\d+/"', page)


@pytest.mark.parametrize("name", ["n" * 255, "秘" * 255, "a\u202e\u200b" * 255])
def test_a_file_name_has_at_most_100_characters_and_shows_them_all(
    upstream: Upstream, name: str
) -> None:
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.SECRET, {**SECRET, "name": name})
    upstream.says("GET", Upstream.VERSION, {**VERSION, "value": "dmFsdWU="})
    answer = upstream.browser.post(f"{VERSION_URL}reveal/", {"purpose": "download"})
    filename = unquote(re.split("\"|''", answer.headers["Content-Disposition"])[1])
    assert len(filename) == 100
    assert filename.isprintable()
    assert filename.endswith(f"-{VERSION['id']}.txt")

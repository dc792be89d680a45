"""The work list of expiries, and its calendar file."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from icalendar import Calendar

from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from secret_manager import SecretManagerClient
from secrets_ui import expiry_list
from secrets_ui.catalog import background
from secrets_ui.middleware import TIME_ZONE_COOKIE
from secrets_ui.models import Note
from secrets_ui.views import expiry
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.views.support import LIST_URL, text_of
from tests.secrets_ui.views.upstream import SECRET, Upstream

pytestmark = [
    pytest.mark.django_db(databases=["default", "emulator"]),
    pytest.mark.usefixtures("catalog"),
]
URL = f"/organizations/{ORGANIZATION_ID}/expiry/"
CALENDAR = f"{URL}calendar.ics"
DAYS = {"soonest": 2, "this_month": 20, "next_month": 60, "far_away": 400}
SHOWS = dict(zip(DAYS, ("7", "30", "90", "later"), strict=True))


@pytest.fixture
def dated(truth: SecretManagerClient) -> dict[str, str]:
    """A secret in each section but the overdue one; ids by name."""
    found = {"undated": truth.create_secret(ORGANIZATION_ID, "undated", "a value").id}
    for name, days in DAYS.items():
        at = datetime.now(UTC) + timedelta(days=days, minutes=1)
        found[name] = truth.create_secret(ORGANIZATION_ID, name, "a value", expired_at=at).id
    return found


def names_in(page: str) -> list[str]:
    return re.findall(r'<a class="name mono" href="[^"]*" title="([^"]*)"', page)


def test_sections_are_in_the_order_of_the_days(browser: Client, dated: dict[str, str]) -> None:
    page = text_of(browser.get(URL))
    assert names_in(page) == [*DAYS, "undated"]
    headings = re.findall(r'<h2 id="section-\w+">([^<]*) <', page)
    assert headings == [
        "Within 7 days",
        "In 8 to 30 days",
        "In 31 to 90 days",
        "Later",
        "No expiry set",
    ]


@pytest.mark.parametrize(("name", "show"), SHOWS.items())
def test_one_section_is_shown_alone(
    browser: Client, dated: dict[str, str], name: str, show: str
) -> None:
    assert names_in(text_of(browser.get(URL, {"show": show}))) == [name]


@pytest.mark.parametrize("show", ["", "x", "2026-12", "<script>"])
def test_what_is_no_section_shows_all_of_them(
    browser: Client, dated: dict[str, str], show: str
) -> None:
    assert len(names_in(text_of(browser.get(URL, {"show": show})))) == 5


def test_a_section_of_nothing_says_so(browser: Client, dated: dict[str, str]) -> None:
    assert "No secret is in this section" in text_of(browser.get(URL, {"show": "expired"}))


def test_a_moment_is_in_words_and_in_the_persons_zone(
    browser: Client, truth: SecretManagerClient
) -> None:
    truth.create_secret(ORGANIZATION_ID, "far", "v", expired_at="2099-12-04T14:59:00Z")
    browser.cookies[TIME_ZONE_COOKIE] = "Asia/Tokyo"
    page = text_of(browser.get(URL))
    assert "Fri 4 Dec 2099 23:59 JST" in page
    assert re.search(r"<span>in \d\d years</span>", page)
    assert "Times are in JST" in page


def test_it_says_what_the_date_means_and_what_it_does_not(
    browser: Client, dated: dict[str, str]
) -> None:
    sentence = "do not say that an expired secret stops working"
    for address in (URL, "/", f"{LIST_URL}new/"):
        assert text_of(browser.get(address)).count(sentence) == 1, address


def test_the_owner_is_named(browser: Client, dated: dict[str, str]) -> None:
    owner = Person.objects.create_user("taro", name="Yamada <b>Taro</b>", role=Role.VIEWER)
    note = {"organization_id": ORGANIZATION_ID, "secret_id": dated["soonest"]}
    Note.objects.create(**note, secret_name="soonest", owner=owner)
    Note.objects.create(
        organization_id="1420000000000", secret_id=dated["far_away"], secret_name="x", owner=owner
    )
    page = text_of(browser.get(URL))
    assert page.count('title="Yamada &lt;b&gt;Taro&lt;/b&gt;"') == 1
    row = page.partition('title="soonest"')[2].partition("</tr>")[0]
    assert "Yamada" in row


def test_owners_are_asked_for_once(
    browser: Client, dated: dict[str, str], django_assert_max_num_queries: Callable[..., object]
) -> None:
    browser.get(URL)
    with django_assert_max_num_queries(8) as asked:  # type: ignore[attr-defined]
        browser.get(URL)
    assert sum('FROM "secrets_ui_note"' in query["sql"] for query in asked.captured_queries) == 1


def test_whoever_may_write_is_led_to_change_it(
    browser: Client, person: Person, dated: dict[str, str]
) -> None:
    link = f'href="{LIST_URL}{dated["soonest"]}/edit/#id_expiry"'
    assert link in text_of(browser.get(URL))
    assert 'id="id_expiry"' in text_of(browser.get(f"{LIST_URL}{dated['soonest']}/edit/"))
    person.role = Role.VIEWER
    person.save()
    page = text_of(browser.get(URL))
    assert names_in(page)
    assert "/edit/" not in page


def test_a_long_section_is_shown_in_pages(
    browser: Client, truth: SecretManagerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry_list, "FIRST_ROWS", 2)
    monkeypatch.setattr(expiry_list, "PAGE_ROWS", 3)
    for number in range(7):
        truth.create_secret(ORGANIZATION_ID, f"number_{number}", "v")
    first = text_of(browser.get(URL))
    assert names_in(first) == ["number_0", "number_1"]
    assert '<a href="?show=none">All 7: no expiry set</a>' in first
    pages = [text_of(browser.get(URL, {"show": "none", "page": page})) for page in (1, 2, 3)]
    assert [name for page in pages for name in names_in(page)] == [f"number_{n}" for n in range(7)]
    assert 'rel="prev"' not in pages[0]
    assert 'href="?show=none&amp;page=2"' in pages[0]
    assert 'rel="next"' not in pages[2]
    for nonsense in ("99", "0", "-1", "x", "9" * 400):
        shown = names_in(text_of(browser.get(URL, {"show": "none", "page": nonsense})))
        assert shown == names_in(pages[2 if nonsense == "99" else 0])


def test_htmx_gets_its_part(browser: Client, dated: dict[str, str]) -> None:
    fragment = text_of(browser.get(URL, headers=HTMX)).strip()
    assert fragment.startswith('<div id="expiry-list"')


@pytest.mark.parametrize("url", [URL, CALENDAR])
def test_it_takes_a_connection_and_the_right_to_read(
    browser: Client, signed_in: Client, visitor: Client, person: Person, url: str
) -> None:
    assert visitor.get(url).headers["Location"].startswith("/accounts/sign-in/")
    other = url.replace(ORGANIZATION_ID, "1420000000000")
    assert browser.get(other).headers["Location"].startswith("/connect/")
    person.role = Role.AUDITOR
    person.save()
    assert browser.get(url).status_code == 403


@pytest.mark.parametrize("url", [URL, CALENDAR])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_is_only_read(browser: Client, url: str, method: str) -> None:
    assert browser.generic(method, url).status_code == 405


def test_until_all_is_read_there_is_progress_and_no_section(
    browser: Client, dated: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "start", lambda work: None)
    monkeypatch.setattr(expiry, "DOWNLOAD_PATIENCE", 0.0)
    page = text_of(browser.get(URL, {"show": "7"}))
    assert "Reading the secrets" in page
    assert 'hx-get="?show=7&amp;auto="' in page
    assert names_in(page) == []
    assert "No secret" not in page
    assert "calendar.ics" not in page
    assert browser.get(f"{CALENDAR}?show=7").headers["Location"] == f"{URL}?show=7"
    assert "still being read" in text_of(browser.get(URL))


def test_where_it_cannot_be_read_the_page_says_what_is_wrong(upstream: Upstream) -> None:
    upstream.says("GET", upstream.SECRETS, {"error": "unauthorized"}, 401)
    assert upstream.browser.get(URL).status_code == 403


# The calendar file


def events_in(browser: Client, url: str) -> list[str]:
    calendar = Calendar.from_ical(browser.get(url).content)
    return [str(event["summary"]) for event in calendar.walk("VEVENT")]


def test_the_calendar_holds_what_is_shown(browser: Client, dated: dict[str, str]) -> None:
    assert events_in(browser, CALENDAR) == [f"{name} expires" for name in DAYS]
    assert events_in(browser, f"{CALENDAR}?show=7") == ["soonest expires"]
    assert events_in(browser, f"{CALENDAR}?show=none") == []
    assert f'href="{CALENDAR}?show=7"' in text_of(browser.get(f"{URL}?show=7"))
    assert "calendar.ics" not in text_of(browser.get(f"{URL}?show=none"))


def test_it_is_a_file_to_keep_that_no_cache_keeps(browser: Client, dated: dict[str, str]) -> None:
    answer = browser.get(f"{CALENDAR}?show=7")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    name = f"expiry-{ORGANIZATION_ID}-7.ics"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in answer.headers["Cache-Control"]


def test_it_leads_back_to_each_secret_and_holds_no_value(
    browser: Client, dated: dict[str, str]
) -> None:
    content = browser.get(f"{CALENDAR}?show=7").content.decode().replace("\r\n ", "")
    assert f"URL:http://testserver{LIST_URL}{dated['soonest']}/" in content
    assert "stops working" in content
    assert "a value" not in content


def test_it_is_no_act(browser: Client, dated: dict[str, str]) -> None:
    before = Event.objects.count()
    browser.get(CALENDAR)
    browser.get(URL)
    assert Event.objects.count() == before


def test_a_very_long_calendar_ends_and_the_page_says_so(
    browser: Client, dated: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "MOST_EVENTS", 2)
    assert events_in(browser, CALENDAR) == ["soonest expires", "this_month expires"]
    assert "holds the first 2 by date" in text_of(browser.get(URL))


def test_a_name_is_text_and_one_line(upstream: Upstream) -> None:
    name = "<img src=x>\u202e\r\nEND:VEVENT\r\nBEGIN:VEVENT"
    secret = {**SECRET, "name": name, "expired_at": "2099-12-04T14:59:00Z"}
    upstream.says("GET", upstream.SECRETS, {"secrets": [secret], "has_next": False})
    page = text_of(upstream.browser.get(URL))
    assert "<img" not in page
    assert "\u202e" not in page
    content = upstream.browser.get(CALENDAR).content
    assert content.count(b"\r\nBEGIN:VEVENT") == 1
    assert len(Calendar.from_ical(content).walk("VEVENT")) == 1

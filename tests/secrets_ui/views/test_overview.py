"""`/`: how the secrets of an organization stand, for whoever may read them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.db.models import F
from django.test import Client

from accounts.models import Person
from accounts.roles import Role
from audit.models import Outcome
from audit.trail import Actor, Subject, noted
from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import Credential, SecretManagerClient
from secrets_ui.catalog import background, current, refreshing
from secrets_ui.connection import Connection
from secrets_ui.dates import exactly
from secrets_ui.models import Visit
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID, USER_ID
from tests.secrets_ui.views.support import LIST_URL, filled, text_of
from tests.secrets_ui.views.upstream import SECRET, Upstream

pytestmark = [
    pytest.mark.django_db(databases=["default", "emulator"]),
    pytest.mark.usefixtures("catalog"),
]
THEIRS = "1420000000000"


def comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two hours pass for whoever was here, and the catalog be read anew at each look."""
    Visit.objects.update(latest_at=F("latest_at") - timedelta(hours=2))
    monkeypatch.setattr(current, "FRESH", 0.0)


def numbers(page: str) -> dict[str, tuple[int, str]]:
    """The numbers on top of the page, by their words: (number, address)."""
    found = re.findall(
        r'<a class="panel figure" href="([^"]*)"><strong[^>]*>(\d+)</strong> <span>([^<]*)</span>',
        page,
    )
    return {words: (int(number), url) for url, number, words in found}


def part(page: str, heading: str) -> str:
    """What stands below one heading of the page."""
    return page.partition(f"<h2>{heading}</h2>")[2].partition("</section>")[0]


@pytest.fixture
def many(truth: SecretManagerClient) -> None:
    def create(name: str, **fields: object) -> str:
        return truth.create_secret(ORGANIZATION_ID, name, "a value", **fields).id

    create("expires_on_friday", expired_at=datetime.now(UTC) + timedelta(days=5))
    create("expires_next_year", expired_at=datetime.now(UTC) + timedelta(days=200))
    create("never_expires")
    off = create("turned_off")
    two = create("two_are_on")
    truth.create_secret_version(ORGANIZATION_ID, two, "another")
    for version in truth.list_secret_versions(ORGANIZATION_ID, off):
        truth.update_secret_version(ORGANIZATION_ID, off, version.id, "inactive")


# What is told


def test_every_number_leads_to_the_secrets_that_it_counts(browser: Client, many: None) -> None:
    shown = numbers(text_of(browser.get("/")))
    assert {words: number for words, (number, _) in shown.items()} == {
        "secrets": 5,
        "expired, still on": 0,
        "expire within 30 days": 1,
        "without expiry": 3,
        "no version on": 1,
        "several versions on": 1,
        "values over a year old": 0,
    }
    for number, url in shown.values():
        if "sort=-age" not in url:
            listed = text_of(browser.get(url))
            assert listed.count('<td class="what">') == number, url


def test_every_bar_leads_into_the_list_and_stands_in_a_table_too(
    browser: Client, many: None
) -> None:
    page = text_of(browser.get("/"))
    for heading in ("Expiries, next 12 months", "Age of the values in use"):
        chart = part(page, heading)
        bars = re.findall(r'<a class="bar [^"]*" href="([^"]*)" aria-label="([^"]*): (\d+)"', chart)
        assert bars
        for url, name, number in bars:
            assert f'<a href="{url}">{name}</a></th><td>{number}</td>' in chart
            assert text_of(browser.get(url.replace("&amp;", "&"))).count("<td class") > 0
        assert "style=" not in chart


def test_a_bar_of_zero_is_shown_as_zero(browser: Client, many: None) -> None:
    chart = part(text_of(browser.get("/")), "Expiries, next 12 months")
    assert 'aria-label="Overdue: 0"' in chart
    assert "<td>0</td>" in chart


def test_what_needs_care_says_why_and_leads_there(browser: Client, many: None) -> None:
    care = part(text_of(browser.get("/")), "Needs care")
    assert "Expires within 30 days" in care
    assert "A value that was replaced is still on" in care
    assert ">two_are_on</a>" in care
    assert f'href="{LIST_URL}?status=several"' in care
    assert "Expired, still on" not in care


def test_favourites_are_counted(browser: Client, many: None) -> None:
    view = text_of(browser.get(LIST_URL))
    secret_id = re.search(rf'href="{LIST_URL}(\d+)/"', view)
    assert secret_id
    assert browser.post(f"{LIST_URL}{secret_id[1]}/favourite/", {"to": "on"}).status_code == 302
    assert numbers(text_of(browser.get("/")))["favourite of mine"] == (1, f"{LIST_URL}?fav=1")


def test_an_organization_without_secrets_says_so(browser: Client, organization: object) -> None:
    browser.get("/")
    page = text_of(browser.get("/"))
    assert "No secrets yet" in page
    assert numbers(page) == {}


def test_nothing_of_a_value_is_there(browser: Client, many: None) -> None:
    assert "a value" not in text_of(browser.get("/")).replace("a value ", "")


def test_it_asks_for_all_of_it_again_where_not_all_could_be_read(
    browser: Client, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = current.look

    def incomplete(connection: Connection) -> current.View:
        view = look(connection)
        return current.View(
            snapshot=view.snapshot, count=view.count, is_complete=False, is_reading=False
        )

    monkeypatch.setattr(current, "look", incomplete)
    page = text_of(browser.get("/"))
    assert "Not all secrets could be read" in page
    assert not Visit.objects.exists()


# Who gets it


def test_without_a_connection_it_leads_to_connect(signed_in: Client) -> None:
    assert signed_in.get("/").headers["Location"] == "/connect/"
    assert signed_in.get("/", headers=HTMX).headers["HX-Redirect"] == "/connect/"


def test_whoever_may_not_read_secrets_is_led_to_the_trail(browser: Client, person: Person) -> None:
    person.role = Role.AUDITOR
    person.save()
    assert browser.get("/").headers["Location"] == "/audit/"


def test_a_visitor_is_asked_to_sign_in(visitor: Client) -> None:
    assert visitor.get("/").headers["Location"].startswith("/accounts/sign-in/")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_is_only_read(browser: Client, method: str) -> None:
    assert browser.generic(method, "/").status_code == 405


def test_htmx_gets_its_part(browser: Client, many: None) -> None:
    fragment = text_of(browser.get("/", headers=HTMX)).strip()
    assert fragment.startswith('<div id="overview"')
    assert "<html" not in fragment


@pytest.fixture
def two_organizations(browser: Client, many: None) -> Client:
    """A browser that is connected to one more organization, with one secret."""
    theirs = Organization.objects.create(id=THEIRS, name="Sample KK")
    _, token = issue_token(organization=theirs, kind=Token.Kind.PERSONAL, principal=USER_ID)
    credential = Credential.personal(USER_ID, token)
    connection = Connection(organization_id=THEIRS, label="", credential=credential)
    connection.client.create_secret(THEIRS, "their_only_one", "v")
    browser.post(
        "/connect/",
        {
            "organization_id": THEIRS,
            "label": "Sample KK",
            "kind": "personal",
            "user_id": USER_ID,
            "personal_access_token": token,
        },
    )
    return browser


def test_the_organization_that_the_address_names_is_shown(two_organizations: Client) -> None:
    first = text_of(two_organizations.get("/"))
    named = text_of(two_organizations.get(f"/?organization={THEIRS}"))
    assert numbers(first)["secrets"] == (5, LIST_URL)
    assert numbers(named)["secret"] == (1, f"/organizations/{THEIRS}/secrets/")
    assert f'href="/?organization={THEIRS}"' in named  # Overview in the side bar stays with it


@pytest.mark.parametrize("named", ["1430000000000", "", "../x", "\x00"])
def test_any_other_organization_is_the_first_one(two_organizations: Client, named: str) -> None:
    page = text_of(two_organizations.get("/", {"organization": named}))
    assert numbers(page)["secrets"] == (5, LIST_URL)


# While it is being read


class Held:
    """Readings that begin only when a test lets them."""

    def __init__(self) -> None:
        self.works: list[Callable[[], None]] = []
        self.is_open = False

    def start(self, work: Callable[[], None]) -> None:
        if self.is_open:
            work()
        else:
            self.works.append(work)

    def go(self) -> None:
        self.is_open = True
        self.works.pop()()
        self.is_open = False


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held()
    monkeypatch.setattr(background, "start", held.start)
    return held


def test_until_all_is_read_there_is_progress_and_no_number(
    browser: Client, many: None, held: Held
) -> None:
    page = text_of(browser.get("/"))
    assert "Reading the secrets" in page
    assert "<progress" in page
    assert numbers(page) == {}
    assert "Needs care" not in page
    assert "No secrets yet" not in page
    assert not Visit.objects.exists()
    again = re.search(r'hx-get="([^"]*)"', page.partition('class="reading"')[2])
    assert again
    assert f"organization={ORGANIZATION_ID}" in again[1]
    assert "auto=" in again[1]
    assert '<a class="no-script" href="/">Look again</a>' in page

    held.go()
    polled = text_of(browser.get("/" + again[1].replace("&amp;", "&"), headers=HTMX))
    assert numbers(polled)["secrets"][0] == 5
    assert "hx-get" not in polled


def test_what_is_old_is_shown_as_such_until_it_is_read_again(
    browser: Client,
    many: None,
    truth: SecretManagerClient,
    held: Held,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser.get("/")
    held.go()
    truth.create_secret(ORGANIZATION_ID, "a_new_secret", "v")
    with monkeypatch.context() as old:
        old.setattr(current, "FRESH", 0.0)
        page = text_of(browser.get("/"))
        assert numbers(page)["secrets"][0] == 5
        assert "As it was just now; it is being read again." in page
        assert "Look again" in page
        assert browser.get("/?auto=", headers=HTMX).status_code == 204
    held.go()
    polled = text_of(browser.get("/?auto=", headers=HTMX))
    assert numbers(polled)["secrets"][0] == 6
    assert "hx-get" not in polled


def test_where_it_cannot_be_read_the_page_says_what_is_wrong(upstream: Upstream) -> None:
    upstream.says("GET", upstream.SECRETS, {"error": "unauthorized"}, 401)
    answer = upstream.browser.get("/")
    assert answer.status_code == 403
    assert "Connect again" in text_of(answer)
    assert numbers(text_of(answer)) == {}


def test_where_nobody_reads_it_the_page_can_be_asked_again(
    browser: Client, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "begin", lambda shelf, connection, expected: False)
    page = text_of(browser.get("/"))
    assert "The secrets could not be read just now" in page
    assert numbers(page) == {}


# Recent acts


def test_recent_acts_say_who_did_what(browser: Client, many: None, credential: Credential) -> None:
    typed = {"organization_id": ORGANIZATION_ID, "kind": "personal", **credential.as_dict()}
    assert browser.post("/connect/", typed).status_code == 302
    acts = part(text_of(browser.get("/")), "Recent acts")
    assert "Connected the organization" in acts
    assert "hanako, just now" in re.sub(r"<[^>]*>", "", acts).replace("\n", "")
    assert 'href="/audit/"' in acts


def test_whoever_may_not_read_the_trail_sees_acts_on_secrets_that_they_see(
    browser: Client, person: Person, truth: SecretManagerClient
) -> None:
    seen = truth.create_secret(ORGANIZATION_ID, "one-they-see_", "v")
    for name, secret_id in (("one-they-see_", seen.id), ("hidden-from-them", "999999")):
        noted(
            action="secret.changed",
            outcome=Outcome.OK,
            actor=Actor(name="taro", address=None),
            subject=Subject(organization_id=ORGANIZATION_ID, secret_id=secret_id, secret_name=name),
        )
    assert "hidden-from-them" in part(text_of(browser.get("/")), "Recent acts")

    person.role = Role.VIEWER
    person.save()
    acts = part(text_of(browser.get("/")), "Recent acts")
    assert "one-they-see_" in acts
    assert "hidden-from-them" not in acts
    assert "/audit/" not in acts


def test_acts_in_another_organization_are_not_shown(two_organizations: Client) -> None:
    noted(
        action="secret.changed",
        outcome=Outcome.OK,
        actor=Actor(name="taro", address=None),
        subject=Subject(organization_id=THEIRS, secret_id="1", secret_name="of-the-others"),
    )
    assert "of-the-others" not in text_of(two_organizations.get("/"))
    assert "of-the-others" in text_of(two_organizations.get(f"/?organization={THEIRS}"))


def test_a_trail_that_cannot_be_read_takes_nothing_else_away(browser: Client, many: None) -> None:
    with database.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event RENAME TO audit_event_gone")
    page = text_of(browser.get("/"))
    assert "The audit trail cannot be read just now" in page
    assert numbers(page)["secrets"][0] == 5


# Since the last visit


def test_the_first_visit_says_so(browser: Client, many: None) -> None:
    assert "This is your first visit" in part(text_of(browser.get("/")), "Since your last visit")


def test_what_happened_here_and_what_elsewhere(
    browser: Client,
    truth: SecretManagerClient,
    many: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goes = truth.create_secret(ORGANIZATION_ID, "deleted_elsewhere", "v")
    browser.get("/")
    typed = filled(browser.get(f"{LIST_URL}new/"), "secret-form", name="made_here", value="v")
    assert browser.post(f"{LIST_URL}new/", typed).status_code == 302
    truth.create_secret(ORGANIZATION_ID, "made_elsewhere", "v")
    truth.delete_secret(ORGANIZATION_ID, goes.id)
    comes_back(monkeypatch)
    since = part(text_of(browser.get("/")), "Since your last visit")

    def row(name: str) -> str:
        found = re.search(rf">{name}</(?:a|span)>(.*?)</li>", since, re.DOTALL)
        assert found, since
        return found[1]

    assert "here, by hanako, just now" in row("made_here")
    assert "outside this dashboard" in row("deleted_elsewhere")
    assert "No longer listed" in since
    assert "here, by" not in row("made_elsewhere")


def test_nothing_new_is_said_in_words(
    browser: Client, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.get("/")
    comes_back(monkeypatch)
    left = exactly(Visit.objects.get().latest_at)
    page = text_of(browser.get("/"))
    assert f"Nothing is different from how you left it on {left}." in page


# Hostile names


def test_a_name_is_text(upstream: Upstream) -> None:
    secret = {**SECRET, "name": "<img src=x onerror=alert(1)>\u202e"}
    upstream.says("GET", upstream.SECRETS, {"secrets": [secret], "has_next": False})
    page = text_of(upstream.browser.get("/"))
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img" not in page
    assert "\u202e" not in page

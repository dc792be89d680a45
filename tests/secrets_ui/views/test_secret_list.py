from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from secrets_ui.catalog import current
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.connection import Connection
from secrets_ui.models import Favourite, Note
from tests.secrets_ui.catalog.support import a_summary
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.lossy import Line
from tests.secrets_ui.views.support import LIST_URL, text_of
from tests.secrets_ui.views.upstream import SECRET, Upstream

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>{{ 7*7 }}\u202e"


@pytest.fixture
def thirty(api: SecretManagerClient) -> None:
    for number in range(30):
        api.create_secret(ORGANIZATION_ID, f"secret-number-{number:03}", "v")


def test_it_lists_the_secrets_of_the_organization(browser: Client, secret: Secret) -> None:
    page = browser.get(LIST_URL)
    assert page.status_code == 200
    assert "crm-webhook-signing" in text_of(page)
    assert "Signs CRM calls" in text_of(page)
    assert "On · v1" in text_of(page)


def test_htmx_gets_the_table_only(browser: Client, secret: Secret) -> None:
    part = browser.get(LIST_URL, headers=HTMX).content.decode()
    assert "<html" not in part
    assert part.strip().startswith('<section id="secret-table"')


def test_htmx_that_restores_a_page_gets_all_of_it(browser: Client, secret: Secret) -> None:
    restored = browser.get(LIST_URL, headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert text_of(restored).startswith("<!doctype html>")


def test_pages_follow_each_other_by_has_next(browser: Client, thirty: None) -> None:
    first = browser.get(LIST_URL, {"per_page": 25}).content.decode()
    second = browser.get(LIST_URL, {"per_page": 25, "page": 2}).content.decode()
    assert first.count("<tr>") == 26
    assert second.count("<tr>") == 6
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    assert 'rel="next"' not in second
    assert 'rel="prev"' in second
    assert "1 to 25" in first
    assert "26 to 30" in second


@pytest.mark.parametrize(
    ("asked", "given"),
    [("25", "25"), ("50", "50"), ("100", "100")]
    + [(nonsense, "50") for nonsense in ("", "0", "-1", "26", "1000", "x", "²", "9" * 400)],
)
def test_only_25_50_or_100_to_a_page(upstream: Upstream, asked: str, given: str) -> None:
    upstream.shows_one_secret()
    assert upstream.browser.get(LIST_URL, {"per_page": asked}).status_code == 200
    assert upstream.mock.calls[0].request.params == {"offset": "0", "limit": given}  # type: ignore[union-attr]


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "1.5", "²", "9" * 400])
def test_a_page_number_that_makes_no_sense_is_the_first(
    browser: Client, secret: Secret, page: str
) -> None:
    assert "crm-webhook-signing" in text_of(browser.get(LIST_URL, {"page": page}))


def test_a_page_past_the_end_leads_back_to_the_first(browser: Client, secret: Secret) -> None:
    page = text_of(browser.get(LIST_URL, {"page": 7, "per_page": 25}))
    assert "Nothing on this page" in page
    assert '<a href="?per_page=25">Go to the first page</a>' in page


def test_an_organization_without_secrets_says_so(browser: Client) -> None:
    assert "No secrets yet" in text_of(browser.get(LIST_URL))


def test_what_the_api_says_is_shown_as_text(upstream: Upstream) -> None:
    hostile = {**SECRET, "name": HOSTILE, "description": HOSTILE, "user_id": HOSTILE}
    upstream.says("GET", Upstream.SECRETS, {"secrets": [hostile], "has_next": False})
    page = upstream.browser.get(LIST_URL).content.decode()
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "{{ 7*7 }}" in page


@pytest.mark.parametrize("secrets", [[{"id": "7"}], [{"id": 7, "name": None, "versions": None}]])
def test_a_secret_of_which_only_the_id_is_known_has_a_row(
    upstream: Upstream, secrets: list[object]
) -> None:
    upstream.says("GET", Upstream.SECRETS, {"secrets": secrets})
    page = text_of(upstream.browser.get(LIST_URL))
    assert f'href="{LIST_URL}7/"' in page
    assert "Not known" in page


def test_entries_that_cannot_be_read_are_counted(upstream: Upstream) -> None:
    secrets = [SECRET, {"id": None}, {"id": "../x"}, "nonsense"]
    upstream.says("GET", Upstream.SECRETS, {"secrets": secrets, "has_next": True})
    page = text_of(upstream.browser.get(LIST_URL))
    assert "3 entries could not be read and are left out" in page
    assert 'rel="next"' in page


def test_a_page_of_which_nothing_can_be_read_does_not_claim_to_be_empty(
    upstream: Upstream,
) -> None:
    upstream.says("GET", Upstream.SECRETS, {"secrets": [{"id": None}], "has_next": True})
    page = text_of(upstream.browser.get(LIST_URL))
    assert "No secrets yet" not in page
    assert "1 entry could not be read and is left out" in page
    assert 'rel="next"' in page


def test_status_and_expiry_are_said_in_words(browser: Client, api: SecretManagerClient) -> None:
    now = datetime.now(UTC)
    api.create_secret(ORGANIZATION_ID, "past", "v", expired_at=now - timedelta(days=3))
    near = api.create_secret(ORGANIZATION_ID, "near", "v", expired_at=now + timedelta(days=12))
    off = api.create_secret(ORGANIZATION_ID, "all_off", "v")
    assert near.versions
    assert off.versions
    api.create_secret_version(ORGANIZATION_ID, near.id, "w")
    api.update_secret_version(ORGANIZATION_ID, off.id, off.versions[0].id, "inactive")
    page = text_of(browser.get(LIST_URL))
    for words in ("Expired, still on", "3 days ago", "2 versions on", "in 12 days", "All off"):
        assert words in page


def test_values_are_never_asked_for_and_looking_is_no_act(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    seen = Event.objects.count()
    upstream.browser.get(LIST_URL)
    assert "return_secret_value" not in str(upstream.mock.calls[0].request.url)
    assert Event.objects.count() == seen


def test_a_value_that_a_server_sends_unasked_is_not_in_the_page(upstream: Upstream) -> None:
    version = {"id": "1", "version": 1, "status": "active", "value": "bGVha2VkIHZhbHVl"}
    upstream.says("GET", Upstream.SECRETS, {"secrets": [{**SECRET, "versions": [version]}]})
    page = text_of(upstream.browser.get(LIST_URL))
    assert "leaked value" not in page
    assert "bGVha2VkIHZhbHVl" not in page


# From here on: the list as it is made from the catalog.


def cold_and_reading(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Nothing has been read before; a reading has just begun and has brought these so far."""
    entries = [a_summary(number, name=name) for number, name in enumerate(names)]
    view = current.View(
        snapshot=Snapshot(entries, is_complete=False),
        count=len(entries),
        is_complete=False,
        is_reading=True,
    )
    monkeypatch.setattr(current, "look", lambda connection, begin=True: view)


@pytest.fixture
def warm(catalog: None, browser: Client, thirty: None, connection: Connection) -> Client:
    """A browser that is connected to an organization of thirty secrets, all of which are known."""
    assert current.look(connection).is_there
    return browser


def test_a_first_visit_shows_the_page_of_the_api_while_all_are_read(
    browser: Client, secret: Secret, monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str]]
) -> None:
    cold_and_reading(monkeypatch, "another-one")
    page = text_of(browser.get(LIST_URL))
    assert [name for name, _outcome in asked] == ["get_secrets"]
    assert "crm-webhook-signing" in page
    assert "Reading the secrets: 1 is in." in page


def test_a_search_meanwhile_shows_what_is_in_so_far(
    browser: Client, monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str]]
) -> None:
    cold_and_reading(monkeypatch, "aws-one", "gcp-two", "aws-three")
    page = text_of(browser.get(LIST_URL, {"q": "aws"}))
    assert asked == []
    assert "2</strong> of 3 secrets fit" in page
    assert "Reading the secrets: 3 are in." in page
    nothing = text_of(browser.get(LIST_URL, {"q": "nothing-like-it"}))
    assert "Nothing found so far" in nothing
    assert "No secret fits" not in nothing


def test_asking_how_far_it_is_leaves_the_list_alone(
    browser: Client, monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str]]
) -> None:
    cold_and_reading(monkeypatch, "aws-one")
    answer = browser.get(LIST_URL, {"auto": ""}, headers=HTMX)
    assert answer["HX-Retarget"] == "#reading"
    assert text_of(answer).strip().startswith('<div id="reading">')
    assert asked == []
    assert "HX-Push-Url" not in answer
    assert "HX-Replace-Url" not in answer
    searched = browser.get(LIST_URL, {"q": "aws", "auto": ""}, headers=HTMX)
    assert "HX-Retarget" not in searched
    assert text_of(searched).strip().startswith('<section id="secret-table"')


def test_once_a_first_reading_has_failed_a_page_no_longer_asks_how_far_it_is(
    catalog: None, line: Line, browser: Client
) -> None:
    line.is_dead()
    for _ in range(2):
        answer = browser.get(LIST_URL, {"auto": ""}, headers=HTMX)
    assert (answer.status_code, answer["HX-Retarget"]) == (200, "#reading")
    assert "hx-trigger" not in text_of(answer)
    sent = line.count("GET")
    browser.get(LIST_URL, {"auto": ""}, headers=HTMX)
    assert line.count("GET") == sent


def test_asking_how_far_it_is_keeps_no_session_alive(browser: Client, secret: Secret) -> None:
    now = timezone.now()
    for minutes in (8, 16):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=True):
            answer = browser.get(LIST_URL, {"auto": ""}, headers=HTMX)
    assert "crm-webhook-signing" not in text_of(answer)


def test_once_all_are_known_nothing_is_asked_of_the_api(
    warm: Client, asked: list[tuple[str, str]]
) -> None:
    for query in ("", "q=number&sort=name", "status=on", "expiry=none&per_page=25&page=2", "fav=1"):
        assert warm.get(f"{LIST_URL}?{query}").status_code == 200
    assert asked == []
    page = text_of(warm.get(LIST_URL))
    assert "<strong>30</strong> secrets" in page
    assert "Reading the secrets" not in page


def test_while_the_api_is_down_the_list_says_how_old_it_is(
    line: Line, warm: Client, connection: Connection
) -> None:
    line.is_dead()
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=True):
        current.look(connection)
        page = warm.get(LIST_URL)
        assert page.status_code == 200
        assert "secret-number-007" in text_of(page)
        assert "could not be asked again" in text_of(page)
        assert "5 minutes ago" in text_of(page)


def test_a_page_past_the_end_of_what_is_known_is_the_last_one(warm: Client) -> None:
    page = text_of(warm.get(LIST_URL, {"per_page": "25", "page": "9"}))
    assert "26 to 30 of 30" in page
    assert 'rel="next"' not in page


NONSENSE = [
    *("status=x", "expiry=2026-13", "age=1", "sort=--name", "fav=yes", "page=x&per_page=9"),
    *("app=%00", "creator=%F0%9F", "label=<script>", "q=%5B%28%2A", "q=%00", "q=" + "x" * 10_000),
    *(
        "q=" + "%E3%81%82+" * 3000,
        "q=%ED%A0%80",
        "expiry=2099-12",
        "expiry=2000-01",
        "auto=&page=9",
    ),
]


@pytest.mark.parametrize("query", NONSENSE)
def test_an_address_that_makes_no_sense_is_still_a_list(warm: Client, query: str) -> None:
    for headers in ({}, HTMX):
        page = warm.get(f"{LIST_URL}?{query}", headers=headers)
        assert page.status_code == 200
        assert "<script>" not in text_of(page).replace("<script src", "")


@pytest.mark.parametrize(
    "address", ["http://[", "//", "x", "https://elsewhere.example/", "http://testserver/é"]
)
def test_an_address_of_the_browser_that_makes_no_sense_changes_nothing(
    warm: Client, address: str
) -> None:
    answer = warm.get(LIST_URL, {"q": "a"}, headers={**HTMX, "HX-Current-URL": address})
    assert answer.status_code == 200
    assert "HX-Push-Url" not in answer


@pytest.mark.parametrize(
    ("before", "asked", "header", "address"),
    [
        ("?q=a", "q=aw", "HX-Replace-Url", "?q=aw"),
        ("", "q=a&status=", "HX-Replace-Url", "?q=a"),
        ("?q=a&page=3", "q=aw", "HX-Replace-Url", "?q=aw"),
        ("?q=a", "q=a&status=on", "HX-Push-Url", "?q=a&status=on"),
        ("?status=on", "status=on&sort=name", "HX-Push-Url", "?status=on&sort=name"),
        ("?per_page=25", "per_page=25&page=2", "HX-Push-Url", "?per_page=25&page=2"),
    ],
)
def test_the_browsers_address_follows(
    warm: Client, before: str, asked: str, header: str, address: str
) -> None:
    headers = {**HTMX, "HX-Current-URL": f"http://testserver{LIST_URL}{before}"}
    answer = warm.get(f"{LIST_URL}?{asked}", headers=headers)
    assert answer[header] == f"{LIST_URL}{address}"
    assert len({"HX-Push-Url", "HX-Replace-Url"} & set(answer.headers)) == 1
    same = warm.get(
        f"{LIST_URL}{address}",
        headers={**headers, "HX-Current-URL": f"http://testserver{LIST_URL}{address}"},
    )
    assert not {"HX-Push-Url", "HX-Replace-Url"} & set(same.headers)


def test_what_one_has_marked_is_ones_own(
    warm: Client, api: SecretManagerClient, person: Person
) -> None:
    one, other = list(api.list_secrets(ORGANIZATION_ID))[:2]
    Favourite.objects.create(person_id=person.pk, organization_id=ORGANIZATION_ID, secret_id=one.id)
    Favourite.objects.create(
        person_id=person.pk, organization_id="1420000000000", secret_id=other.id
    )
    Favourite.objects.create(
        person_id=person.pk + 1, organization_id=ORGANIZATION_ID, secret_id=other.id
    )
    Note.objects.create(organization_id=ORGANIZATION_ID, secret_id=one.id, labels=["ours"])
    Note.objects.create(organization_id="1420000000000", secret_id=other.id, labels=["theirs"])
    page = text_of(warm.get(LIST_URL))
    assert page.count('class="star"') == 1
    assert "ours" in page
    assert "theirs" not in page
    for query in ("fav=1", "label=ours", "q=ours"):
        found = text_of(warm.get(f"{LIST_URL}?{query}"))
        assert one.name in found
        assert other.name not in found
    assert "No secret fits" in text_of(warm.get(f"{LIST_URL}?q=theirs"))


def test_a_connection_that_was_forgotten_shows_nothing_any_more(warm: Client) -> None:
    warm.post(f"/connect/{ORGANIZATION_ID}/forget/")
    for query in ("", "?q=number", "?auto="):
        answer = warm.get(f"{LIST_URL}{query}")
        assert answer.status_code == 302
        assert "/connect/" in answer["Location"]


def test_who_signed_out_sees_nothing_any_more(warm: Client) -> None:
    warm.logout()
    answer = warm.get(LIST_URL, {"q": "number"})
    assert answer.status_code == 302


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_the_known_list_offers_what_the_role_may(warm: Client, person: Person, role: str) -> None:
    Person.objects.filter(pk=person.pk).update(role=role)
    cache.clear()
    page = text_of(warm.get(LIST_URL))
    may_write = role == Role.OPERATOR
    assert ("/edit/" in page, 'data-copy="' in page, "New secret" in page) == (may_write,) * 3
    assert "/delete/" not in page

"""The frame around a page is made once and kept: for one person, at one place, as they chose."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from django.test import Client

from accounts.models import Person
from accounts.roles import Role
from secrets_ui import connection as connections
from secrets_ui.connection import Connection
from secrets_ui.context import THEME_COOKIE
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.views.support import LIST_URL

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


def frame(browser: Client, address: str = LIST_URL) -> str:
    """Return the bar at the top and the navigation, without what is another one at each answer."""
    page = browser.get(address).content.decode()
    found = page[page.index('<header class="topbar">') : page.index("</nav>")]
    return re.sub(r'<input type="hidden"[^>]*>', "", found)


def test_it_stays_the_same_from_page_to_page(browser: Client) -> None:
    assert frame(browser) == frame(browser) == frame(browser, f"{LIST_URL}?q=bank")


def test_each_person_has_their_own(browser: Client, person: Person) -> None:
    first = frame(browser)
    other = Person.objects.create_user("taro", password="taro's password", role=Role.VIEWER)
    browser.force_login(other)
    theirs = frame(browser, "/connect/")
    assert "hanako" in first
    assert "hanako" not in theirs
    assert "taro" in theirs
    assert 'href="/audit/"' in first
    assert 'href="/audit/"' not in theirs


def rename(person: Person, browser: Client) -> None:
    person.name = "Hanako Yamada"
    person.save()


def become_a_viewer(person: Person, browser: Client) -> None:
    person.role = Role.VIEWER
    person.save()


def choose_the_dark_theme(person: Person, browser: Client) -> None:
    browser.cookies[THEME_COOKIE] = "dark"


def name_the_connection_anew(person: Person, browser: Client) -> None:
    session = browser.session
    kept = connections.find(session, person_id=person.pk, organization_id=ORGANIZATION_ID)
    assert kept
    renamed = Connection(
        organization_id=ORGANIZATION_ID, label="Another name", credential=kept.credential
    )
    connections.keep(session, person_id=person.pk, connection=renamed)
    session.save()


def connect_another_organization(person: Person, browser: Client) -> None:
    session = browser.session
    kept = connections.find(session, person_id=person.pk, organization_id=ORGANIZATION_ID)
    assert kept
    other = Connection(organization_id="1420000000000", label="Other", credential=kept.credential)
    connections.keep(session, person_id=person.pk, connection=other)
    session.save()


@pytest.mark.parametrize(
    "change",
    [
        rename,
        become_a_viewer,
        choose_the_dark_theme,
        name_the_connection_anew,
        connect_another_organization,
    ],
    ids=lambda change: change.__name__,
)
def test_what_changes_shows_at_once(
    change: Callable[[Person, Client], None], browser: Client, person: Person
) -> None:
    before = frame(browser)
    change(person, browser)
    assert frame(browser) != before


def test_where_somebody_is_shows(browser: Client) -> None:
    expiry_url = f"/organizations/{ORGANIZATION_ID}/expiry/"
    for here in (LIST_URL, expiry_url, "/connect/", "/accounts/people/"):
        marked = re.findall(r'href="([^"]+)" aria-current="page"', frame(browser, here))
        assert marked == [here]


@pytest.mark.parametrize(
    ("form", "address"), [("themes", "/theme/"), ("sign-out", "/accounts/sign-out/")]
)
def test_its_forms_have_the_token_of_this_very_answer(
    browser: Client, form: str, address: str
) -> None:
    """The token is no part of what is kept."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    tokens: list[str] = []
    for _ in range(2):
        page = strict.get(f"{LIST_URL}?q=bank").content.decode()
        pattern = rf'name="csrfmiddlewaretoken" value="(\w+)" form="{form}"'
        tokens += re.findall(pattern, page)
    assert len(set(tokens)) == 2
    assert re.search(rf'<form[^>]* id="{form}"', page)
    assert strict.post(address, {"theme": "dark"}).status_code == 403
    answer = strict.post(address, {"theme": "dark", "csrfmiddlewaretoken": tokens[0]})
    assert answer.status_code == 302


def test_the_theme_form_leads_back_to_this_very_page(browser: Client) -> None:
    for address in (LIST_URL, f"{LIST_URL}?q=a&amp;sort=name"):
        page = browser.get(address.replace("&amp;", "&")).content.decode()
        assert f'name="next" value="{address}" form="themes"' in page


def test_no_other_process_and_no_disk_has_it() -> None:
    backend = django_settings.CACHES["template_fragments"]["BACKEND"]
    assert backend == "django.core.cache.backends.locmem.LocMemCache"

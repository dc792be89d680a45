"""Saving what the list shows under a name, and forgetting it again."""

import html
import re

import pytest
from django.template.loader import render_to_string
from django.test import Client

from accounts.models import Person
from accounts.roles import Role
from secrets_ui import saved_views
from secrets_ui.connection import Connection
from secrets_ui.models import SavedView
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.views.support import LIST_URL, filled, text_of, trail

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

URL = f"/organizations/{ORGANIZATION_ID}/views/"


def views(person: Person) -> dict[str, str]:
    return {view.name: view.query for view in saved_views.of(person.pk, ORGANIZATION_ID)}


def test_what_is_saved_leads_back_to_the_list_it_was_saved_from(
    browser: Client, person: Person
) -> None:
    person.role = Role.VIEWER
    person.save()
    answer = browser.post(URL, {"name": " Expired ", "query": "page=2&expiry=expired&evil=1"})
    assert answer.headers["Location"] == f"{LIST_URL}?expiry=expired"
    assert views(person) == {"Expired": "expiry=expired"}
    assert trail() == [], "a preference is no act"


@pytest.mark.parametrize(
    ("name", "query", "says"),
    [
        ("", "q=a", "This field is required."),
        ("x" * 61, "q=a", "at most 60 characters"),
        ("turned\u202eover", "q=a", "characters that cannot be printed"),
        ("a\nb", "q=a", "characters that cannot be printed"),
        ("Long", f"q={'x' * 1000}", "This search is too long to be saved."),
    ],
    ids=["no name", "long", "direction", "two lines", "long search"],
)
def test_a_refused_view_says_why_and_keeps_all_that_was_typed(
    browser: Client, person: Person, name: str, query: str, says: str
) -> None:
    page = browser.post(URL, {"name": name, "query": query})
    assert page.status_code == 422
    assert says in text_of(page)
    form = filled(page, "view-form")
    assert (form["name"], form["query"]) == (name, query)
    assert views(person) == {}


def test_a_name_in_use_is_replaced_only_once_that_was_said(browser: Client, person: Person) -> None:
    browser.post(URL, {"name": "Mine", "query": "q=old"})
    page = browser.post(URL, {"name": "Mine", "query": "q=new"})
    assert page.status_code == 422
    assert "You have a view of this name" in text_of(page)
    assert views(person) == {"Mine": "q=old"}
    form = filled(page, "view-form")
    assert 'name="replace" value="on"' in text_of(page)
    browser.post(URL, {**form, "replace": "on"})
    assert views(person) == {"Mine": "q=new"}


def test_one_too_many_says_so(browser: Client, person: Person) -> None:
    for number in range(saved_views.MOST):
        SavedView.objects.create(
            person_id=person.pk, organization_id=ORGANIZATION_ID, name=str(number), query=""
        )
    page = browser.post(URL, {"name": "One more", "query": ""})
    assert page.status_code == 422
    assert "You have 30 saved views. Delete one of them first." in text_of(page)
    assert len(views(person)) == 30


def test_ones_own_view_can_be_deleted_and_the_list_stays_as_it_was(
    browser: Client, person: Person
) -> None:
    browser.post(URL, {"name": "Mine", "query": "q=old"})
    view = SavedView.objects.get()
    answer = browser.post(f"{URL}{view.pk}/delete/", {"query": "q=bank&next=//evil"})
    assert answer.headers["Location"] == f"{LIST_URL}?q=bank"
    assert views(person) == {}


@pytest.mark.parametrize("other", [{"person_id": 0}, {"organization_id": "1420000000000"}], ids=str)
def test_anothers_view_is_not_there(
    browser: Client, person: Person, other: dict[str, object]
) -> None:
    mine: dict[str, object] = {"person_id": person.pk, "organization_id": ORGANIZATION_ID}
    view = SavedView.objects.create(**{**mine, **other}, name="Theirs", query="q=theirs")
    assert browser.post(f"{URL}{view.pk}/delete/").status_code == 404
    assert SavedView.objects.get() == view
    assert browser.post(f"{URL}{'9' * 40}/delete/").status_code == 404


def test_both_take_forms_only(browser: Client) -> None:
    for address in (URL, f"{URL}1/delete/"):
        for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert browser.generic(method, address).status_code == 405


def test_without_a_connection_nothing_is_saved(signed_in: Client) -> None:
    answer = signed_in.post(URL, {"name": "Mine", "query": ""})
    assert answer.headers["Location"].startswith("/connect/")
    assert not SavedView.objects.exists()


def test_the_menu_shows_views_as_links_and_saves_what_the_list_shows(
    connection: Connection, person: Person
) -> None:
    for name, query in (("Bank & <b>", "q=a%26b&status=on"), ("Other", "q=x")):
        SavedView.objects.create(
            person_id=person.pk, organization_id=ORGANIZATION_ID, name=name, query=query
        )
    menu = render_to_string(
        "includes/saved_views.html",
        {
            "saved_views": saved_views.of(person.pk, ORGANIZATION_ID),
            "current_query": "q=x",
            "connection": connection,
        },
    )
    links = re.findall(r'<a href="([^"]*)"([^>]*)>([^<]*)</a>', menu)
    assert [(html.unescape(to), now.strip(), html.unescape(name)) for to, now, name in links] == [
        (f"{LIST_URL}?q=a%26b&status=on", "", "Bank & <b>"),
        (f"{LIST_URL}?q=x", 'aria-current="page"', "Other"),
    ]
    # What the list shows is told by its own part of the page: that one changes while somebody types.
    assert menu.count('<button class="quiet icon-only" form="view-delete" formaction=') == 2
    assert menu.count("/delete/") == 2

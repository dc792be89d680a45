"""What each role is offered, and that what it is not offered is refused with a reason and recorded."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from secrets_ui.connection import Connection
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.support import names_in
from tests.secrets_ui.views.support import LIST_URL, text_of

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

READERS = (Role.VIEWER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
WRITERS = READERS[1:]
DELETERS = READERS[2:]

# Each thing a page offers: how it is found there, and who is offered it.
IN_THE_LIST = {
    "new secret": ('href="{list}new/"', WRITERS),
    "copy the value": ('data-copy="{version}reveal/"', WRITERS),
    "open": ('href="{secret}"', READERS),
    "new value": ('href="{secret}versions/new/"', WRITERS),
    "edit": ('href="{secret}edit/"', WRITERS),
    "delete": ('href="{secret}delete/"', DELETERS),
}
ON_THE_PAGE = {
    "show": ('action="{version}reveal/"', WRITERS),
    "copy": ('data-copy="{version}reveal/"', WRITERS),
    "download": ('value="download"', WRITERS),
    "edit": ('href="{secret}edit/"', WRITERS),
    "new value": ('href="{secret}versions/new/"', WRITERS),
    "turn off": ('href="{version}status/?to=off"', WRITERS),
    "delete": ('href="{secret}delete/"', DELETERS),
    "delete version": ('href="{version}delete/"', DELETERS),
}
IN_THE_MENU = {
    "connections": ('href="/connect/"', READERS),
    "trail": ('href="/audit/"', (Role.AUDITOR, Role.ADMINISTRATOR)),
    "people": ('href="/accounts/people/"', (Role.ADMINISTRATOR,)),
}

# Every act: method, address, what is sent, what it lacks in words, and who may.
ACTS = {
    "list": ("GET", "{list}", {}, READERS),
    "detail": ("GET", "{secret}", {}, READERS),
    "create form": ("GET", "{list}new/", {}, WRITERS),
    "create": ("POST", "{list}new/", {"name": "new_one", "value": "x"}, WRITERS),
    "edit form": ("GET", "{secret}edit/", {}, WRITERS),
    "edit": ("POST", "{secret}edit/", {"description": "changed"}, WRITERS),
    "new value": ("POST", "{secret}versions/new/", {"value": "x"}, WRITERS),
    "turn off": ("POST", "{version}status/", {"to": "off"}, WRITERS),
    "show": ("POST", "{version}reveal/", {"purpose": "show"}, WRITERS),
    "copy": ("POST", "{version}reveal/", {"purpose": "copy"}, WRITERS),
    "download": ("POST", "{version}reveal/", {"purpose": "download"}, WRITERS),
    "outcome": ("GET", "/organizations/{organization}/writes/0123456789abcdef/", {}, WRITERS),
    "delete": ("POST", "{secret}delete/", {"typed_name": "crm-webhook-signing"}, DELETERS),
    "delete version": ("POST", "{version}delete/", {}, DELETERS),
    "connect": ("GET", "/connect/", {}, READERS),
    "forget": ("POST", "/connect/{organization}/forget/", {}, READERS),
}


@pytest.fixture
def places(secret_url: str, version_id: str) -> dict[str, str]:
    return {
        "list": LIST_URL,
        "secret": secret_url,
        "version": f"{secret_url}versions/{version_id}/",
        "organization": ORGANIZATION_ID,
    }


def as_role(browser: Client, person: Person, role: str) -> Client:
    """Give the person of a connected browser another role; the connection stays."""
    person.role = role
    person.save()
    return browser


def offered(page: Any, offers: dict[str, Any], places: dict[str, str]) -> set[str]:
    text = text_of(page)
    return {name for name, (mark, _) in offers.items() if mark.format(**places) in text}


def may_be_offered(role: str, offers: dict[str, Any]) -> set[str]:
    return {name for name, (_, roles) in offers.items() if role in roles}


@pytest.mark.parametrize("role", READERS)
def test_the_list_offers_what_the_role_allows(
    browser: Client, person: Person, places: dict[str, str], role: Role
) -> None:
    page = as_role(browser, person, role).get(LIST_URL)
    assert offered(page, IN_THE_LIST, places) == may_be_offered(role, IN_THE_LIST)


@pytest.mark.parametrize("role", READERS)
def test_a_secrets_page_offers_what_the_role_allows(
    browser: Client, person: Person, places: dict[str, str], role: Role
) -> None:
    page = as_role(browser, person, role).get(places["secret"])
    assert offered(page, ON_THE_PAGE, places) == may_be_offered(role, ON_THE_PAGE)


def test_a_viewer_is_told_why_there_is_no_value(
    browser: Client, person: Person, places: dict[str, str]
) -> None:
    page = text_of(as_role(browser, person, Role.VIEWER).get(places["secret"]))
    assert "Your role shows no values; an operator of this dashboard can." in page
    assert "the first value" not in page


@pytest.mark.parametrize("role", Role)
def test_the_menu_offers_what_the_role_allows(
    browser: Client, person: Person, places: dict[str, str], role: Role
) -> None:
    page = as_role(browser, person, role).get("/", follow=True)
    assert page.status_code == 200
    assert offered(page, IN_THE_MENU, places) == may_be_offered(role, IN_THE_MENU)


def test_an_auditor_sees_the_trail_and_no_organization(
    browser: Client, person: Person, secret: Secret
) -> None:
    page = as_role(browser, person, Role.AUDITOR).get("/")
    assert page.headers["Location"] == "/audit/"
    text = text_of(browser.get("/audit/"))
    assert 'class="menu switcher"' not in text
    assert LIST_URL not in text


@pytest.mark.parametrize("part", ["secret-table", "version-table"])
def test_parts_for_htmx_offer_no_more(
    browser: Client, person: Person, places: dict[str, str], part: str
) -> None:
    viewer = as_role(browser, person, Role.VIEWER)
    address = LIST_URL if part == "secret-table" else places["secret"]
    text = text_of(viewer.get(address, headers={**HTMX, "HX-Target": part}))
    assert f'id="{part}"' in text
    assert not re.search(r"reveal/|edit/|delete/|versions/new/|status/", text)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.AUDITOR])
def test_what_is_not_offered_is_refused_recorded_and_not_done(
    browser: Client,
    person: Person,
    places: dict[str, str],
    truth: SecretManagerClient,
    asked: list[tuple[str, str]],
    role: Role,
) -> None:
    before = truth.get_secret(ORGANIZATION_ID, places["secret"].split("/")[-2])
    as_role(browser, person, role)
    refused = {name: act for name, act in ACTS.items() if role not in act[3]}
    for name, (method, address, typed, allowed) in refused.items():
        answer = getattr(browser, method.lower())(address.format(**places), typed)
        assert answer.status_code == 403, name
        text = text_of(answer)
        assert "Your role does not allow this" in text, name
        assert all(str(each.label) in text for each in allowed), "and says who could"
        assert "the first value" not in text, name
    refusals = Event.objects.order_by("sequence")
    assert {(each.action, each.outcome) for each in refusals} == {("access.refused", "denied")}
    assert {(each.actor, each.person_id) for each in refusals} == {("hanako", person.pk)}
    assert [each.detail.split()[0] for each in refusals] == [act[0] for act in refused.values()]
    assert asked == []
    assert names_in(truth) == ["crm-webhook-signing"]
    assert truth.get_secret(ORGANIZATION_ID, before.id) == before


@pytest.mark.parametrize("role", Role)
def test_everything_else_is_not_refused(
    browser: Client, person: Person, places: dict[str, str], role: Role
) -> None:
    as_role(browser, person, role)
    for name, (method, address, typed, allowed) in ACTS.items():
        # What deletes or forgets comes first in no list: the next act would find nothing.
        if role in allowed and name not in {"delete", "delete version", "forget"}:
            answer = getattr(browser, method.lower())(address.format(**places), typed)
            assert answer.status_code != 403, name
    assert not Event.objects.filter(action="access.refused").exists()


@pytest.mark.parametrize("name", ["show", "delete", "edit", "create"])
def test_htmx_is_told_why_in_a_note(
    browser: Client, person: Person, places: dict[str, str], name: str
) -> None:
    method, address, typed, _ = ACTS[name]
    as_role(browser, person, Role.VIEWER)
    answer = getattr(browser, method.lower())(address.format(**places), typed, headers=HTMX)
    assert answer.status_code == 403
    assert "<html" not in text_of(answer)
    assert "Your role does not allow this" in text_of(answer)
    assert answer.headers["HX-Retarget"] == "#toasts"


def test_a_refusal_names_no_secret_and_no_value(
    browser: Client, person: Person, places: dict[str, str]
) -> None:
    as_role(browser, person, Role.VIEWER)
    browser.post(f"{LIST_URL}new/?note=canary-query", {"name": "canary-name", "value": "canary-v"})
    refusal = Event.objects.filter(action="access.refused").values().get()
    assert "canary" not in repr(refusal)
    assert refusal["detail"] == "POST secret-create: write"


def test_a_role_takes_away_and_gives_nothing(
    browser: Client, person: Person, places: dict[str, str], connection: Connection
) -> None:
    """Whatever a role allows, the credential decides at the API: no other organization opens."""
    as_role(browser, person, Role.ADMINISTRATOR)
    answer = browser.get("/organizations/1420000000000/secrets/")
    assert answer.headers["Location"].startswith("/connect/")

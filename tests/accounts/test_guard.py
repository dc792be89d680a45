"""Each role reaches what it takes, and a refusal says why and is recorded."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from accounts.guard import NotPermitted, RoleMiddleware, requires
from accounts.models import Person
from accounts.roles import CAPABILITIES, Capability, Role
from audit.models import Event
from tests.accounts.support import (
    PEOPLE,
    break_trail,
    browser_of,
    outcomes,
    request_of,
    somebody,
)
from tests.secrets_ui.conftest import HTMX

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

# Of each capability an address that takes it, and no connection.
ADDRESSES = {
    Capability.READ: "/connect/",
    Capability.TRAIL: "/audit/",
    Capability.PEOPLE: PEOPLE,
}


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("reached")


def refusal_of(view: Callable[..., Any], person: Person | None) -> NotPermitted | None:
    """Return how the middleware refuses this person's request; None where it lets it through."""
    request = request_of(person)
    request.resolver_match = resolve("/")
    try:
        RoleMiddleware(view).process_view(request, view, (), {})
    except NotPermitted as refusal:
        return refusal
    return None


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("capability", Capability)
def test_a_view_is_reached_by_the_roles_that_have_what_it_takes(
    role: Role, capability: Capability
) -> None:
    refusal = refusal_of(requires(capability)(view), somebody(role))
    assert (refusal is None) == (capability in CAPABILITIES[role])
    assert refusal is None or refusal.missing == capability


def test_a_view_that_takes_several_things_takes_all_of_them() -> None:
    marked = requires(Capability.READ, Capability.DELETE)(view)
    assert refusal_of(marked, somebody(Role.OPERATOR)).missing == Capability.DELETE  # type: ignore[union-attr]
    assert refusal_of(marked, somebody(Role.MANAGER)) is None


@pytest.mark.parametrize("role", Role)
def test_a_view_that_names_nothing_is_open_to_every_role(role: Role) -> None:
    assert refusal_of(requires()(view), somebody(role)) is None


@pytest.mark.parametrize("role", ["", "root", *Role])
def test_a_view_that_says_nothing_is_closed_to_everybody(role: str) -> None:
    def unmarked(request: HttpRequest) -> HttpResponse:
        raise AssertionError("reached")

    assert refusal_of(unmarked, somebody(role, "somebody")) is not None


@pytest.mark.parametrize("role", ["", "root"])
def test_whoever_has_no_role_reaches_nothing(role: str) -> None:
    assert refusal_of(requires()(view), somebody("", "nobody")).missing is None  # type: ignore[union-attr]
    assert refusal_of(requires(Capability.READ)(view), somebody(role, "somebody")) is not None


def test_a_visitor_is_refused_even_where_nobody_asked_them_to_sign_in() -> None:
    assert refusal_of(requires()(view), None) is not None


def test_what_is_open_to_visitors_is_open() -> None:
    assert refusal_of(login_not_required(view), None) is None


def views(patterns: list[URLPattern | URLResolver]) -> Iterator[Callable[..., Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns)
        else:
            yield pattern.callback


def test_every_view_says_what_it_takes_or_that_it_takes_nothing() -> None:
    found = list(views(get_resolver().url_patterns))
    assert len(found) > 20
    for each in found:
        takes_no_session = getattr(each, "login_required", True) is False
        assert takes_no_session != hasattr(each, "capabilities"), each


# Through the pages


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("capability", ADDRESSES)
def test_the_pages_hold_to_it(role: Role, capability: Capability) -> None:
    answer = browser_of(somebody(role)).get(ADDRESSES[capability])
    assert answer.status_code == (200 if capability in CAPABILITIES[role] else 403)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_method_gets_around_it(method: str) -> None:
    browser = browser_of(somebody(Role.OPERATOR))
    assert browser.generic(method, PEOPLE).status_code == 403
    assert Event.objects.get().detail == f"{method} people: people"


def test_a_refusal_says_why_and_who_could_and_is_recorded() -> None:
    person = somebody(Role.VIEWER)
    page = browser_of(person).get(f"{PEOPLE}?q=hanako", REMOTE_ADDR="192.0.2.7")
    assert page.status_code == 403
    text = page.content.decode()
    assert "Your role does not allow this" in text
    assert "It takes the role Administrator." in text
    event = Event.objects.get()
    assert (event.action, event.outcome) == ("access.refused", "denied")
    assert (event.actor, event.person_id) == ("some-viewer", person.pk)
    assert event.actor_address == "192.0.2.7"
    assert event.detail == "GET people: people"


def test_a_script_gets_the_reason_as_a_note() -> None:
    note = browser_of(somebody(Role.VIEWER)).get(PEOPLE, headers=HTMX)
    assert note.status_code == 403
    assert "<html" not in note.content.decode()
    assert 'class="toast error"' in note.content.decode()
    assert note.headers["HX-Retarget"] == "#toasts"


def test_a_refusal_that_cannot_be_recorded_is_still_one(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = browser_of(somebody(Role.VIEWER))
    break_trail(monkeypatch)
    assert browser.get(PEOPLE).status_code == 403
    assert browser.get("/connect/").status_code == 200


def test_somebody_without_a_role_is_told_so_and_reaches_only_the_way_out() -> None:
    browser = browser_of(somebody("", "nobody"))
    for address in ("/", "/accounts/session/", "/accounts/confirm/", *ADDRESSES.values()):
        page = browser.get(address)
        assert page.status_code == 403
        assert "You have no role here" in page.content.decode()
    assert set(outcomes("access.refused")) == {"denied"}
    assert browser.post("/accounts/sign-out/").status_code == 302


def test_a_role_that_is_taken_away_is_gone_at_the_next_page() -> None:
    person = somebody(Role.ADMINISTRATOR)
    browser = browser_of(person)
    assert browser.get(PEOPLE).status_code == 200
    person.role = Role.AUDITOR
    person.save()
    assert browser.get(PEOPLE).status_code == 403
    assert browser.get("/connect/").status_code == 403
    assert browser.get("/audit/").status_code == 200
    person.role = ""
    person.save()
    assert browser.get("/audit/").status_code == 403


def test_a_visitor_is_asked_to_sign_in_and_nothing_is_recorded(client: Client) -> None:
    assert client.get(PEOPLE).status_code == 302
    assert not Event.objects.exists()

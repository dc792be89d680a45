"""What the tests of people and their sessions share."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest
from django.test import Client, RequestFactory

from accounts.models import Person
from accounts.sessions import SessionStore
from audit.models import Event

SIGN_IN, CONFIRM, PEOPLE = "/accounts/sign-in/", "/accounts/confirm/", "/accounts/people/"


def browser_of(person: Person) -> Client:
    """Return a browser in which somebody has just signed in."""
    browser = Client()
    browser.force_login(person)
    return browser


def somebody(role: str, name: str = "", **facts: Any) -> Person:
    return Person.objects.create_user(name or f"some-{role}", role=role, **facts)


def outcomes(action: str) -> list[str]:
    """Return how each line of the trail about one kind of act ended, in order."""
    events = Event.objects.filter(action=action).order_by("sequence")
    return list(events.values_list("outcome", flat=True))


def everything_recorded() -> str:
    return repr(list(Event.objects.values()))


def break_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the audit trail cannot record."""

    def fail(**facts: Any) -> Event:
        raise DatabaseError("disk full")

    monkeypatch.setattr(Event.objects, "create", fail)


def request_of(person: Person | None = None, **meta: str) -> HttpRequest:
    """Return a request of somebody, or of a visitor, with a session as the middleware gives it."""
    request = RequestFactory().get("/", **meta)
    request.session = SessionStore()
    request.user = person or AnonymousUser()
    return request

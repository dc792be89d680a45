"""What happens around every request that has a session."""

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.models import Person


class SessionMiddleware(DjangoSessionMiddleware):
    """Note that somebody is there, and ask who they are where their session ended meanwhile.

    Where a session ended while it was being answered, Django would say that the request was bad, and
    invite to send again what may well be done. It says so before any middleware around this one could,
    hence a subclass. There is no way back to where they were: that may be the form they had just sent.
    Their cookie is left alone: it may by now be that of a new session.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            _note_presence(request)
            return super().process_response(request, response)
        except (SessionInterrupted, UpdateError):
            return redirect(settings.LOGIN_URL)


def is_automatic(request: HttpRequest) -> bool:
    """Tell whether a page asks by itself: nobody has to be there for that."""
    return "auto" in request.GET


def _note_presence(request: HttpRequest) -> None:
    """Let a session go on for whoever does something. No trouble with that takes their answer away."""
    session, person = request.session, getattr(request, "user", None)
    if not session.accessed or not isinstance(person, Person):
        return
    if is_automatic(request) or not session.is_to_be_noted:  # type: ignore[attr-defined]
        return
    is_all = not session.modified
    session.note()  # type: ignore[attr-defined]
    try:
        if is_all:
            session.save()
            session.modified = False
        Person.objects.filter(pk=person.pk).update(last_seen_at=timezone.now())
    except DatabaseError:
        session.modified = not is_all

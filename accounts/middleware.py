"""What happens around every request that has a session."""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from accounts.entry import ROLE
from accounts.models import Person


class SessionMiddleware(DjangoSessionMiddleware):
    """Note that somebody is there, and ask who they are where their session ended meanwhile.

    Where a session ended while it was being answered, Django would say that the request was bad, and
    invite to send again what may well be done. It says so before any middleware around this one could,
    hence a subclass. There is no way back to where they were: that may be the form they had just sent.
    Their cookie is left alone, also where its session was over before: the browser may have a new one
    by now, and takes whatever is said about a cookie of this name to be about that.
    """

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Ask who they are where a view was about to give the session a new cookie."""
        return redirect(settings.LOGIN_URL) if isinstance(exception, UpdateError) else None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            if person := _person_of_session(request):
                _rotate_on_role_change(request, response, person)
                _note_presence(request, person)
            if request.session.is_empty() and not request.session.modified:
                if request.session.accessed:
                    patch_vary_headers(response, ["Cookie"])
                return response
            return super().process_response(request, response)
        except (SessionInterrupted, UpdateError):
            return redirect(settings.LOGIN_URL)


def is_automatic(request: HttpRequest) -> bool:
    """Tell whether a page asks by itself: nobody has to be there for that."""
    return "auto" in request.GET


def will_be_noted(request: HttpRequest) -> bool:
    """Tell whether the session goes on for longer once this request is answered."""
    return not is_automatic(request) and request.session.is_to_be_noted  # type: ignore[attr-defined]


def _person_of_session(request: HttpRequest) -> Person | None:
    """Return whose session it is still, at the end of a request that looked at it."""
    if not request.session.accessed or SESSION_KEY not in request.session:
        return None
    person = getattr(request, "user", None)
    return person if isinstance(person, Person) else None


def _rotate_on_role_change(request: HttpRequest, response: HttpResponse, person: Person) -> None:
    """Give the session a new cookie, at the first answer that the cookie goes with."""
    if request.session.get(ROLE) == person.role or response.status_code >= 500:
        return
    try:
        request.session.cycle_key()
    except DatabaseError:
        return  # their next request tries again
    request.session[ROLE] = person.role


def _note_presence(request: HttpRequest, person: Person) -> None:
    """Let a session go on for whoever does something. No trouble with that takes their answer away."""
    if not will_be_noted(request):
        return
    session = request.session
    is_all = not session.modified
    session.note()  # type: ignore[attr-defined]
    try:
        if is_all:
            session.save()
            session.modified = False
        Person.objects.filter(pk=person.pk).update(last_seen_at=timezone.now())
    except DatabaseError:
        session.modified = not is_all

"""What happens around every request that has a session."""

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


class SessionMiddleware(DjangoSessionMiddleware):
    """Ask who somebody is where their session ended while they were being answered.

    Django would say that the request was bad, and invite to send again what may well be done. It
    says so before any middleware around this one could, hence a subclass. There is no way back to
    where they were: that may be the form they had just sent. Their cookie is left alone: it may by
    now be that of a new session.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            return super().process_response(request, response)
        except SessionInterrupted:
            return redirect(settings.LOGIN_URL)

"""Proving once more who one is, before what could do most harm (NIST SP 800-63B, reauthentication)."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.entry import SIGNED_IN_AT
from accounts.http import actor_of, client_redirect, local_address
from audit.models import Outcome
from audit.trail import Subject, noted

View = Callable[..., HttpResponse]


def is_due(request: HttpRequest) -> bool:
    """Tell whether this session's last proof is older than STEP_UP_MINUTES."""
    return time.time() - request.session.get(SIGNED_IN_AT, 0) >= settings.STEP_UP_MINUTES * 60


def ask(request: HttpRequest, *, back: str) -> HttpResponse:
    """Send somebody to prove who they are; they come back to the page at `back`."""
    query = urlencode({"next": local_address(request, back)})
    return client_redirect(request, f"{reverse('confirm')}?{query}")


def fresh_sign_in_required(view: View) -> View:
    """Ask for a fresh proof before the view runs, where the last one is too old.

    They come back to the page itself, or, from what a button sent, to the page with the button.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_due(request):
            return ask(request, back=page_of(request))
        return view(request, *args, **kwargs)

    return guarded


def page_of(request: HttpRequest) -> str:
    """Return the address of the page that a request was made from, or for."""
    if request.method in {"GET", "HEAD"} and not getattr(request, "htmx", False):
        return request.get_full_path()
    referrer = request.headers.get("Referer", "")
    own = f"{request.scheme}://{request.get_host()}"
    return referrer.removeprefix(own) if referrer.startswith(f"{own}/") else "/"


def confirmed(request: HttpRequest) -> None:
    """Note a fresh proof in this session alone, under a new cookie.

    Raises:
        audit.trail.TrailUnavailable: it cannot be recorded, and does not count.
    """
    noted(
        action="person.confirmed",
        outcome=Outcome.OK,
        actor=actor_of(request),
        subject=Subject(),
    )
    request.session.cycle_key()
    request.session[SIGNED_IN_AT] = time.time()

"""Coming in and going out. What differs between the modes of AUTH_MODE is decided here."""

import logging
import time
from dataclasses import replace

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth import logout as forget_session
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import entry, oidc
from accounts.forms import SignInForm
from accounts.http import (
    NOBODY,
    actor_of,
    client_address,
    client_redirect,
    local_address,
)
from accounts.limits import WINDOW, TooManyAttempts, insist_on_few_failures, is_closed
from accounts.models import Person
from audit.models import Outcome
from audit.trail import Actor, Refused, Subject, TrailUnavailable, noted, recorded

logger = logging.getLogger(__name__)

# What the browser is told to throw away (W3C, Clear Site Data).
WIPED = '"cache", "storage"'


@sensitive_post_parameters("password")
@never_cache
@csrf_protect
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask who somebody is, on a page of its own, in the one way that AUTH_MODE names.

    Where a session ended while a page was open, the script follows the redirect to here. It must
    not take this page for what it asked for: a part of the page, or a value to copy.
    """
    if getattr(request, "htmx", False):
        return client_redirect(request, request.get_full_path())
    back = local_address(request, request.POST.get("next", request.GET.get("next", "")))
    if isinstance(request.user, Person):
        return redirect(back)
    form = SignInForm(request.POST if request.method == "POST" else None)
    if settings.AUTH_MODE != "local" or request.method != "POST":
        return _page(request, form, back)
    try:
        person = _checked(request, form)
    except TooManyAttempts:
        form.add_error(None, _("Too many attempts. Wait a quarter of an hour, then try again."))
        response = _page(request, form, back, status=429)
        response.headers["Retry-After"] = str(int(WINDOW.total_seconds()))
        return response
    except entry.NoRole:
        form.add_error(None, _("You have no role here. Ask an administrator of this dashboard."))
        return _page(request, form, back, status=403)
    except Refused:
        form.add_error(
            None,
            _(
                "The user name and password do not fit together. Check both and try again. After"
                " several failed attempts an account stays closed for a quarter of an hour."
            ),
        )
        return _page(request, form, back, status=422)
    entry.begin_session(request, person, at=time.time())
    return redirect(back)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, here and at the company's sign-in. Whoever had none has got what they want."""
    if isinstance(request.user, Person):
        _record_leaving(request)
    forget_session(request)
    response = redirect(_after_sign_out(request))
    response.headers["Clear-Site-Data"] = WIPED
    return response


@login_not_required
@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    """Say that the session is over; who signs in elsewhere would come in again at any other page."""
    return render(request, "accounts/signed_out.html", {"proxy_exit": settings.PROXY_SIGN_OUT_URL})


def _checked(request: HttpRequest, form: SignInForm) -> Person:
    """Return whose name and password these are. The name of nobody is not recorded: it may be a password.

    An account that is closed for a while is like one that does not exist: whoever tries names learns
    nothing from it.

    Raises:
        TooManyAttempts: from this address, so nothing was looked at.
        Refused: they are nobody's, or this person has no role, or the account is closed.
    """
    if not form.is_valid():
        raise Refused
    username = form.cleaned_data["username"]
    actor = Actor(name=NOBODY, address=client_address(request))
    insist_on_few_failures(actor)
    known = Person.objects.filter(username=username, issuer="").first()
    if known:
        actor = replace(actor, name=known.display_name, person_id=known.pk)
    closed = known is not None and is_closed(actor)
    if closed:
        actor = replace(actor, name=NOBODY)
    subject = Subject(detail="closed after too many attempts" if closed else "")
    with recorded(action="person.signed_in", actor=actor, subject=subject):
        person = authenticate(request, username=username, password=form.cleaned_data["password"])
        # Asked again: of many attempts at once, the others have failed by now.
        if closed or not isinstance(person, Person) or is_closed(actor):
            raise Refused
        if not person.role:
            raise entry.NoRole
    return person


def _record_leaving(request: HttpRequest) -> None:
    try:
        noted(
            action="person.signed_out",
            outcome=Outcome.OK,
            actor=actor_of(request),
            subject=Subject(),
        )
    except TrailUnavailable:
        logger.error("a sign-out could not be recorded")


def _page(request: HttpRequest, form: SignInForm, back: str, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "next": back, "mode": settings.AUTH_MODE, "begin": _begin(back)}
    return render(request, "accounts/sign_in.html", context, status=status)


def _begin(back: str) -> str:
    return oidc.begin_address(back) if settings.AUTH_MODE == "oidc" else ""


def _after_sign_out(request: HttpRequest) -> str:
    """Return a page of ours: a form's own redirect may not lead elsewhere (form-action 'self')."""
    if settings.AUTH_MODE == "local":
        return reverse("sign-in")
    at_provider = oidc.sign_out_address(request) if settings.AUTH_MODE == "oidc" else None
    return at_provider or reverse("signed-out")

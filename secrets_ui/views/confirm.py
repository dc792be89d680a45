"""Proving once more who one is: by password, at the company's sign-in, or with one's own credential."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import oidc, step_up
from accounts.guard import requires
from accounts.http import PersonRequest, actor_of, client_redirect, local_address
from accounts.limits import WINDOW, TooManyAttempts, insist_on_few_failures
from audit.trail import Refused, Subject, recorded
from secrets_ui import connection as connections


@sensitive_post_parameters("proof")
@require_http_methods(["GET", "HEAD", "POST"])
@requires()
def confirm(request: PersonRequest) -> HttpResponse:
    """Ask for the proof that AUTH_MODE allows, then lead back to where it was wanted."""
    back = local_address(request, request.POST.get("next", request.GET.get("next", "")))
    if settings.AUTH_MODE == "oidc":
        return client_redirect(request, oidc.step_up_address(back))
    if request.method != "POST":
        return _page(request, back)
    try:
        _check(request, request.POST.get("proof", ""))
    except TooManyAttempts:
        words = _("Too many attempts. Wait a quarter of an hour, then try again.")
        response = _page(request, back, words, 429)
        response.headers["Retry-After"] = str(int(WINDOW.total_seconds()))
        return response
    except Refused:
        return _page(request, back, _("That is not it. Check what you typed and try again."), 422)
    step_up.confirmed(request)
    return redirect(back)


def _check(request: PersonRequest, proof: str) -> None:
    """Raise Refused where the proof is none; each failed one counts as a failed sign-in.

    The count is asked again after the check: of many attempts at once, the others have failed by then.
    """
    actor = actor_of(request)
    insist_on_few_failures(actor)
    is_good = _is_password if settings.AUTH_MODE == "local" else _is_credential
    if not is_good(request, proof):
        with recorded(action="person.signed_in", actor=actor, subject=Subject(detail="step-up")):
            raise Refused
    insist_on_few_failures(actor)


def _is_password(request: PersonRequest, proof: str) -> bool:
    person = authenticate(request, username=request.user.get_username(), password=proof)
    return person is not None and person.pk == request.user.pk


def _is_credential(request: PersonRequest, proof: str) -> bool:
    return connections.is_own_secret(request.session, person_id=request.user.pk, text=proof.strip())


def _page(request: PersonRequest, back: str, problem: str = "", status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "next": back,
        "problem_text": problem,
        "by_password": settings.AUTH_MODE == "local",
        "has_connection": bool(connections.summaries(request.session)),
    }
    return render(request, "accounts/confirm.html", context, status=status)

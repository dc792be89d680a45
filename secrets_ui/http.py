"""What every view shares: the request's type, and the two ways to answer htmx and plain pages alike."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import Person
from audit.trail import Actor
from secrets_ui.connection import Connection
from secrets_ui.models import Intent


class DashboardRequest(HttpRequest):
    """A signed-in person's request.

    `connection` is there behind `@connection_required`, and a POST's `intent` behind `@written_once`.
    """

    user: Person
    htmx: HtmxDetails
    connection: Connection
    intent: Intent


def actor_of(request: DashboardRequest) -> Actor:
    """Return who acts, for the audit trail."""
    return Actor(name=request.user.get_username(), address=request.META.get("REMOTE_ADDR") or None)


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form was sent with; None on a plain visit. An empty form was sent, too."""
    return request.POST if request.method == "POST" else None


def render_part(
    request: HttpRequest, template: str, part: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Answer with the whole page, or with the one part that htmx asked for.

    `part` is at once the name of the partial in `template`, the id of its element and htmx's target.
    """
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    wants_part = htmx and not htmx.history_restore_request and not htmx.boosted
    name = f"{template}#{part}" if wants_part else template
    return render(request, name, context, status=status)


def client_redirect(request: HttpRequest, to: str) -> HttpResponse:
    """Send the whole browser to another page: htmx would follow a plain redirect inside a part."""
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(to)
    return HttpResponseRedirect(to)


def local_address(request: HttpRequest, address: str) -> str:
    """Return `address` where it is one of ours, otherwise the home page (no open redirect)."""
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else "/"

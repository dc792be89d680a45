"""What every view shares: the request's type, what a form brought, and parts of pages for htmx."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails

from accounts.http import PersonRequest
from secrets_ui.connection import Connection
from secrets_ui.models import Intent


class DashboardRequest(PersonRequest):
    """A signed-in person's request.

    `connection` is there behind `@connection_required`, and a POST's `intent` behind `@written_once`.
    """

    connection: Connection
    intent: Intent


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

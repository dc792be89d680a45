from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guard import requires
from accounts.http import client_redirect
from accounts.middleware import is_automatic
from accounts.roles import Capability, capabilities_of
from audit.queries import changes_of, recent_of
from audit.rows import ActRow, act_rows
from secret_manager import Deadline
from secrets_ui import charts, overview_words, services, visits
from secrets_ui import connection as connections
from secrets_ui.catalog import current as catalog
from secrets_ui.connection import Connection
from secrets_ui.dates import exactly
from secrets_ui.decorators import READ_SECONDS
from secrets_ui.http import DashboardRequest, render_part
from secrets_ui.notes.favourites import favourites_of
from secrets_ui.overview import tally, total_of
from secrets_ui.since_rows import EVERY_ACT, since_groups

TEMPLATE = "secrets_ui/overview.html"
# A small organization is read while the page waits so long.
PATIENCE = 0.4
RECENT = 8
# So many are looked through for those that somebody may be shown who may not read the trail.
LOOKED_THROUGH = 60


@require_safe
@requires()
def home(request: DashboardRequest) -> HttpResponse:
    """How an organization's secrets stand, and what needs care: where everybody arrives.

    Who may not read secrets is led to the trail, and who has no connection to making one.
    """
    if Capability.READ not in capabilities_of(request.user.role):
        return client_redirect(request, reverse("trail"))
    connection = _connection(request)
    if connection is None:
        return client_redirect(request, reverse("connect"))
    request.connection = connection
    view = catalog.await_complete(connection, PATIENCE)
    if view.is_there and view.is_reading and is_automatic(request):
        return HttpResponse(status=204)  # what is shown stays until there is something newer
    if not view.is_there and not view.is_reading:
        # Whatever keeps it from being read has a page of its own.
        services.list_secrets(connection=connection, page=1, per_page=1)
    now = timezone.now()
    context = {
        "view": view,
        "again": f"?{urlencode({'organization': connection.organization_id})}&auto=",
        "greeting": overview_words.greeting(request.user.display_name, now=now),
        "list_url": overview_words.list_url_of(connection.organization_id),
        **(_told(request, view, now) if view.is_there else {}),
    }
    return render_part(request, TEMPLATE, "overview", context)


def _connection(request: DashboardRequest) -> Connection | None:
    """Return the connection that the address names, else the first one that opens."""
    known = [each.organization_id for each in connections.summaries(request.session)]
    named = request.GET.get("organization", "")
    for organization_id in sorted(known, key=lambda each: each != named):
        found = connections.find(
            request.session,
            person_id=request.user.pk,
            organization_id=organization_id,
            deadline=Deadline.after(READ_SECONDS),
        )
        if found:
            return found
    return None


def _told(request: DashboardRequest, view: catalog.View, now: datetime) -> dict[str, Any]:
    """Return all that is told of a catalog that was read."""
    organization_id = request.connection.organization_id
    list_url = overview_words.list_url_of(organization_id)
    found = tally(view.snapshot.entries, now=now)
    favourites = favourites_of(request.user.pk, organization_id)
    timeline = overview_words.timeline(found, list_url=list_url)
    ages = overview_words.ages(found, list_url=list_url)
    return {
        "tally": found,
        "figures": overview_words.figures(
            found,
            favourites=total_of(favourites, view.snapshot.position_of),
            list_url=list_url,
        ),
        "timeline": timeline,
        "timeline_upright": charts.upright(timeline),
        "timeline_lying": charts.lying(timeline),
        "ages": ages,
        "ages_upright": charts.upright(ages),
        "ages_lying": charts.lying(ages),
        "cares": overview_words.cares(found, list_url=list_url, now=now),
        "recent": _recent(request, view, now),
        **(_since(request, view, list_url, now) if view.is_complete else {}),
    }


def _since(
    request: DashboardRequest, view: catalog.View, list_url: str, now: datetime
) -> dict[str, Any]:
    """Return what is different since this person's last visit, and who did it."""
    organization_id = request.connection.organization_id
    last = visits.look(
        person_id=request.user.pk, organization_id=organization_id, snapshot=view.snapshot
    )
    if last is None:
        return {"is_first_visit": True}
    shown = [each.secret.id for group in last.found.first.values() for each in group]
    events = changes_of(organization_id, shown, actions=EVERY_ACT, since=last.read_at)
    groups = since_groups(last.found, events, list_url=list_url, since=last.read_at, now=now)
    return {"since": groups, "last_visit": exactly(last.at)}


def _recent(request: DashboardRequest, view: catalog.View, now: datetime) -> list[ActRow] | None:
    """Return who did what lately; None where the trail cannot be read.

    Who may not read the trail sees the acts on secrets that their own credential lists.
    """
    events = recent_of(request.connection.organization_id, LOOKED_THROUGH)
    if events is None:
        return None
    if Capability.TRAIL not in capabilities_of(request.user.role):
        known = view.snapshot.position_of
        events = [event for event in events if event.secret_id in known]
    return act_rows(events[:RECENT], now=now)

import re
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.guard import requires
from accounts.middleware import is_automatic
from accounts.roles import Capability
from secret_manager import Summary
from secrets_ui import expiry_list as work_list
from secrets_ui import services
from secrets_ui.calendar import CONTENT_TYPE, calendar_of
from secrets_ui.catalog import current as catalog
from secrets_ui.catalog.sifting import EXPIRIES
from secrets_ui.decorators import connection_required
from secrets_ui.http import DashboardRequest, render_part
from secrets_ui.overview_words import list_url_of

TEMPLATE = "secrets_ui/expiry_list.html"
# A small organization is read while the page, or the download, waits so long.
PATIENCE, DOWNLOAD_PATIENCE = 0.4, 5.0
# A calendar takes in no more at once in reasonable time, nor would anybody want it to.
MOST_EVENTS = 2000
PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,5}")


@require_safe
@requires(Capability.READ)
@connection_required
def expiry_list(request: DashboardRequest) -> HttpResponse:
    """The organization's secrets by when they expire, or one section of them."""
    view = catalog.await_complete(request.connection, PATIENCE)
    if view.is_there and view.is_reading and is_automatic(request):
        return HttpResponse(status=204)  # what is shown stays until there is something newer
    if not view.is_there and not view.is_reading:
        # Whatever keeps it from being read has a page of its own.
        services.list_secrets(connection=request.connection, page=1, per_page=1)
    show = _show(request)
    context = {
        "view": view,
        "again": f"?show={show}&auto=",
        "show": show,
        **(_shown(request, view, show) if view.is_there else {}),
    }
    return render_part(request, TEMPLATE, "expiry-list", context)


@require_safe
@requires(Capability.READ)
@connection_required
def expiry_calendar(request: DashboardRequest) -> HttpResponse:
    """What the work list shows, as a file for a calendar. It holds what the page shows and no value."""
    organization_id = request.connection.organization_id
    show, now = _show(request), timezone.now()
    view = catalog.await_complete(request.connection, DOWNLOAD_PATIENCE)
    if not view.is_there:
        messages.info(
            request, _("The secrets are still being read. Download the file once they are.")
        )
        page = reverse("expiry-list", args=[organization_id])
        return redirect(f"{page}?show={show}" if show else page)
    found = work_list.sections_of(view.snapshot.entries, now=now)
    content = calendar_of(
        _dated(found, show)[:MOST_EVENTS],
        organization_id=organization_id,
        list_address=request.build_absolute_uri(list_url_of(organization_id)),
        meaning=render_to_string("includes/expiry_meaning.html").strip(),
        now=now,
    )
    name = "-".join(part for part in ("expiry", organization_id, show) if part)
    headers = {"Content-Disposition": f'attachment; filename="{name}.ics"'}
    return HttpResponse(content, content_type=CONTENT_TYPE, headers=headers)


def _shown(request: DashboardRequest, view: catalog.View, show: str) -> dict[str, Any]:
    """Return the sections of a catalog that was read."""
    organization_id = request.connection.organization_id
    now = timezone.now()
    found = work_list.sections_of(view.snapshot.entries, now=now)
    asked = request.GET.get("page", "")
    sections = work_list.shown_sections(
        found,
        show=show,
        page=int(asked) if PAGE_NUMBER.fullmatch(asked) else 1,
        organization_id=organization_id,
        list_url=list_url_of(organization_id),
        now=now,
    )
    return {
        "tabs": [(name, title, len(found[name])) for name, title in work_list.titles().items()],
        "sections": sections,
        "total": len(view.snapshot),
        "zone": timezone.localtime(now).tzname(),
        "dated": len(_dated(found, show)),
        "most_events": MOST_EVENTS,
    }


def _show(request: DashboardRequest) -> str:
    """Return the section that the address asks for; empty for all of them."""
    asked = request.GET.get("show", "")
    return asked if asked in EXPIRIES else ""


def _dated(found: work_list.Sections, show: str) -> list[Summary]:
    """Return the secrets of what is shown that have a date, by date."""
    names = [name for name in EXPIRIES if name != "none" and show in ("", name)]
    return [entry for name in names for entry in found[name]]

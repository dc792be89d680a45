from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guard import requires
from accounts.middleware import is_automatic
from accounts.roles import Capability, capabilities_of
from secret_manager import summary_of
from secrets_ui import saved_views, services
from secrets_ui.catalog import current as catalog
from secrets_ui.decorators import connection_required
from secrets_ui.filters import filter_fields
from secrets_ui.http import DashboardRequest, render_part
from secrets_ui.list_query import PER_PAGE, ListQuery
from secrets_ui.list_rows import RowContext, html_rows
from secrets_ui.listing import list_page
from secrets_ui.notes.favourites import favourites_of
from secrets_ui.notes.index import index_of
from secrets_ui.orders import columns, orders
from secrets_ui.views.writes import settle_left_open

TEMPLATE = "secrets_ui/secret_list.html"
# Who asks to have all of it read again waits so long, seconds, and sees the rest a moment later.
PATIENCE = 1.0


@require_safe
@requires(Capability.READ)
@connection_required
def secret_list(request: DashboardRequest) -> HttpResponse:
    """The organization's secrets: searched, narrowed and ordered as the address says.

    Until they have all been read once, the plain list is shown page by page as the API gives it, and a
    search shows what is in so far.
    """
    query = ListQuery.of(request.GET)
    is_asking = is_automatic(request) and query.is_plain
    if "reread" in request.GET:
        view = catalog.read_again(request.connection, PATIENCE)
    else:
        view = catalog.look(request.connection, begin=is_asking or not query.is_plain)
    if is_asking and not view.is_there:
        return _progress(request, view, query)
    as_listed = query.is_plain and not view.is_there
    found = _page_of_api(request, query) if as_listed else _page_of_catalog(request, view, query)
    if query.is_plain:
        # Only now, so that the reading is in nobody's way.
        view = catalog.look(request.connection)
    context = {
        **found,
        "query": query,
        "view": view,
        "again": f"?{query.query_string()}&auto=",
        "reread": f"{query.link(page=query.page)}&reread=",
        "first_page": query.link(),
        "columns": columns(query),
        "orders": orders(query),
        "per_page_choices": [(choice, query.link(per_page=choice)) for choice in PER_PAGE],
        # Called where they are shown: a part of the page has no use for them.
        "filters": partial(filter_fields, query, view.snapshot, request.connection.organization_id),
        "saved_views": partial(saved_views.of, request.user.pk, request.connection.organization_id),
        "current_query": saved_views.clean_query(query.query_string()),
        "left_open": partial(settle_left_open, request),
        "is_late": view.is_there and (is_automatic(request) or "early" in request.GET),
    }
    response = render_part(request, TEMPLATE, "secret-table", context)
    _tell_address(request, response, query)
    return response


def _page_of_catalog(
    request: DashboardRequest, view: catalog.View, query: ListQuery
) -> dict[str, Any]:
    organization_id = request.connection.organization_id
    now = timezone.now()
    notes = index_of(organization_id)
    favourites = favourites_of(request.user.pk, organization_id)
    page = list_page(view.snapshot, query, notes=notes, favourites=favourites, now=now.timestamp())
    row_context = RowContext(
        organization_id=organization_id,
        now=now,
        may=capabilities_of(request.user.role),
        query=query.q,
        favourites=favourites,
        labels=notes.labels_of,
    )
    return {
        "rows": html_rows(page.entries, row_context),
        "listing": page,
        "first": page.first,
        "last": page.last,
        "page": page.page,
        "previous": query.link(page=page.page - 1) if page.page > 1 else "",
        "next": query.link(page=page.page + 1) if page.page < page.pages else "",
    }


def _page_of_api(request: DashboardRequest, query: ListQuery) -> dict[str, Any]:
    found = services.list_secrets(
        connection=request.connection, page=query.page, per_page=query.per_page
    )
    organization_id = request.connection.organization_id
    row_context = RowContext(
        organization_id=organization_id,
        now=timezone.now(),
        may=capabilities_of(request.user.role),
        favourites=favourites_of(request.user.pk, organization_id),
        labels=index_of(organization_id).labels_of,
    )
    before = (query.page - 1) * query.per_page
    return {
        "rows": html_rows([summary_of(secret) for secret in found.secrets], row_context),
        "dropped": found.dropped,
        "first": before + 1,
        "last": before + len(found.secrets),
        "page": query.page,
        "previous": query.link(page=query.page - 1) if query.page > 1 else "",
        "next": query.link(page=query.page + 1) if found.has_next else "",
    }


def _progress(request: DashboardRequest, view: catalog.View, query: ListQuery) -> HttpResponse:
    """Answer the page that asks how far the reading is: the list itself stays as somebody uses it."""
    context = {"view": view, "again": f"?{query.query_string()}&auto="}
    response = render_part(request, TEMPLATE, "reading", context)
    response["HX-Retarget"] = "#reading"
    return response


def _tell_address(request: DashboardRequest, response: HttpResponse, query: ListQuery) -> None:
    """Let the browser's address follow: typing changes it, everything else can be gone back from."""
    try:
        current = getattr(request.htmx, "current_url_abs_path", None) or ""
        parts = urlsplit(current)
    except ValueError:  # it is what a browser says, or somebody in its place
        return
    if not current or parts.path != request.path:
        return
    before = ListQuery.of(QueryDict(parts.query))
    if before == query:
        return
    is_typing = before.q != query.q and before.changed(q="") == query.changed(q="")
    response["HX-Replace-Url" if is_typing else "HX-Push-Url"] = request.path + query.link(
        page=query.page
    )

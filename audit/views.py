"""The pages of the audit trail, for those who look into what happened."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guard import requires
from accounts.http import PersonRequest, actor_of
from accounts.models import Person
from accounts.roles import Capability
from accounts.step_up import fresh_sign_in_required
from audit import export
from audit.forms import TrailForm
from audit.models import Checkpoint, Event
from audit.queries import page_of_acts
from audit.rows import act_rows
from audit.seen import seen_by
from audit.seen_rows import seen_rows
from secrets_ui.http import render_part
from secrets_ui.shown import shown

PER_PAGE = (25, 50, 100)
DEFAULT_PER_PAGE = 50
SEEN_PER_PAGE = 100


@require_safe
@requires(Capability.TRAIL)
def trail(request: PersonRequest) -> HttpResponse:
    """Who did what: an act a line, the newest first."""
    form = TrailForm(request.GET)
    if not form.is_valid():
        return _wrong_filters(request, form)
    per_page = _per_page(request.GET)
    page = page_of_acts(
        form.filters(),
        per_page=per_page,
        before=_place(request.GET.get("before")),
        after=_place(request.GET.get("after")),
    )
    context = {
        "form": form,
        "given": form.given(),
        "rows": act_rows(page.events, now=timezone.now()),
        "per_page": per_page,
        "per_page_urls": [(each, _address(form, per_page=each)) for each in PER_PAGE],
        "is_default_per_page": per_page == DEFAULT_PER_PAGE,
        "newest_url": _address(form, per_page=per_page),
        "newer_url": page.newer_after and _address(form, per_page=per_page, after=page.newer_after),
        "older_url": page.older_before
        and _address(form, per_page=per_page, before=page.older_before),
        "is_first": not {"before", "after"} & request.GET.keys(),
    }
    return render_part(request, "audit/trail.html", "trail-table", context)


@require_POST
@requires(Capability.TRAIL)
@fresh_sign_in_required
def trail_export(request: PersonRequest) -> Any:
    """The filtered trail as a file. It is recorded before its first byte is sent."""
    form = TrailForm(request.POST)
    if not form.is_valid():
        return _wrong_filters(request, form)
    name = request.POST.get("format", "")
    if name not in export.FORMATS:
        raise BadRequest("There is no such format.")
    pieces = export.stream(
        actor=actor_of(request),
        format_name=name,
        filters=form.filters(),
        filter_names=list(form.given()),
    )
    filename = f"audit-trail-{timezone.localdate():%Y-%m-%d}.{name}"
    return StreamingHttpResponse(
        pieces,
        content_type=export.FORMATS[name].content_type,
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


@require_safe
@requires(Capability.TRAIL)
def trail_seen(request: PersonRequest, person: int) -> HttpResponse:
    """What one person has seen, first what is still to be replaced when they leave."""
    name = _name_of(person)
    values = seen_by(person)
    waiting = [each for each in values if each.replaced is None]
    replaced = [each for each in values if each.replaced is not None]
    page = Paginator([*waiting, *replaced], SEEN_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "name": name,
        "trail_query": urlencode({"person": name}),
        "waiting": len(waiting),
        "replaced": len(replaced),
        "page": page,
        "rows": seen_rows(page.object_list, now=timezone.now()),
        "is_pruned": Checkpoint.objects.exists(),
    }
    return render(request, "audit/trail_seen.html", context)


def _wrong_filters(request: PersonRequest, form: TrailForm) -> HttpResponse:
    """Show what has to be put right. No line is shown as if it were what was asked for."""
    return render_part(request, "audit/trail.html", "trail-table", {"form": form}, status=422)


def _name_of(person: int) -> str:
    """Return what the trail calls a person, also one whose account is gone."""
    account = Person.objects.filter(pk=person).first()
    if account:
        return shown(account.display_name)
    last = Event.objects.filter(person_id=person).order_by("-at").first()
    if last is None:
        raise Http404
    return shown(last.actor)


def _per_page(asked: Mapping[str, Any]) -> int:
    known = {str(each): each for each in PER_PAGE}
    return known.get(asked.get("per_page", ""), DEFAULT_PER_PAGE)


def _place(text: str | None) -> int | None:
    """Return a place in the chain; what is none means the newest."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else None


def _address(form: TrailForm, *, per_page: int, **place: int) -> str:
    """Return the address of a page of the same filters."""
    return f"?{urlencode({**form.given(), 'per_page': per_page, **place})}"

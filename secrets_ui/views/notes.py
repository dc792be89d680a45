"""What this dashboard itself knows of a secret: shown on its page, changed here."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guard import requires
from accounts.http import actor_of, client_redirect
from accounts.roles import Capability, capabilities_of
from secret_manager import Secret
from secrets_ui import notes, services
from secrets_ui.conflicts import FieldConflict
from secrets_ui.dates import exactly, in_words
from secrets_ui.decorators import connection_required
from secrets_ui.http import DashboardRequest, posted, render_part
from secrets_ui.models import Note
from secrets_ui.note_forms import KNOWN_LABELS, NotesForm, settled
from secrets_ui.views.answers import form_status


@dataclass(frozen=True, kw_only=True)
class NotesPanel:
    """What a secret's page shows of ours. `earlier` is what an earlier secret of its name had."""

    note: Note | None
    changed: str
    changed_exact: str
    earlier: Note | None
    earlier_changed: str


def notes_panel(request: DashboardRequest, secret: Secret) -> NotesPanel:
    """Return the panel of a secret that this person has read."""
    now = timezone.now()
    note = notes.find(connection=request.connection, secret=secret)
    may_write = Capability.WRITE in capabilities_of(request.user.role)
    earlier = notes.offered(connection=request.connection, secret=secret) if may_write else None
    return NotesPanel(
        note=note,
        changed=in_words(note.changed_at, now=now) if note else "",
        changed_exact=exactly(note.changed_at) if note else "",
        earlier=earlier,
        earlier_changed=in_words(earlier.changed_at, now=now) if earlier else "",
    )


def is_favourite(request: DashboardRequest, secret: Secret) -> bool:
    """Tell whether a secret is one of this person's favourites."""
    return secret.id in notes.favourites_of(request.user.pk, request.connection.organization_id)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.WRITE)
@connection_required
def notes_update(request: DashboardRequest, secret_id: str) -> HttpResponse:
    """Write down who owns a secret, its labels, and how to renew it."""
    secret = services.get_secret(connection=request.connection, secret_id=secret_id)
    note = notes.find(connection=request.connection, secret=secret)
    typed = posted(request)
    form = NotesForm(None if typed is None else settled(typed), shown_now=notes.fields_of(note))
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, form, secret)
    try:
        notes.change(
            connection=request.connection,
            actor=actor_of(request),
            secret=secret,
            seen=form.shown_before,
            wanted=form.wanted,
        )
    except notes.ChangedMeanwhile as meanwhile:
        rebased = form.rebased(meanwhile.current)
        return _form_page(request, rebased, secret, in_the_way=rebased.conflicts(meanwhile))
    messages.success(request, _("The notes are saved."))
    return client_redirect(request, _page_of(request, secret))


@require_POST
@requires(Capability.WRITE)
@connection_required
def notes_adopt(request: DashboardRequest, secret_id: str) -> HttpResponse:
    """Take over what an earlier secret of this name had, or forget it."""
    secret = services.get_secret(connection=request.connection, secret_id=secret_id)
    note_id = request.POST.get("note", "")
    acts = {
        "use": (notes.adopt, _("These notes are now those of this secret.")),
        "leave": (notes.dismiss, _("The earlier notes are forgotten.")),
    }
    if request.POST.get("act") not in acts or not (note_id.isascii() and note_id.isdigit()):
        raise Http404
    act, done = acts[request.POST["act"]]
    try:
        act(
            connection=request.connection,
            actor=actor_of(request),
            secret=secret,
            note_id=int(note_id),
        )
    except notes.NothingOffered:
        messages.warning(request, _("Somebody else was faster. This is how it is now."))
    else:
        messages.success(request, done)
    return client_redirect(request, _page_of(request, secret))


@require_POST
@requires(Capability.READ)
@connection_required
def favourite(request: DashboardRequest, secret_id: str) -> HttpResponse:
    """Keep a secret at hand, or not any more: `to` says which."""
    secret = services.get_secret(connection=request.connection, secret_id=secret_id)
    wanted = request.POST.get("to")
    if wanted not in {"on", "off"}:
        raise Http404
    notes.set_favourite(
        connection=request.connection,
        person_id=request.user.pk,
        secret=secret,
        is_favourite=wanted == "on",
    )
    if not request.htmx:
        return client_redirect(request, _page_of(request, secret))
    context = {
        "secret": secret,
        "url": _page_of(request, secret),
        "is_favourite": wanted == "on",
    }
    return render(request, "includes/favourite.html", context)


def _form_page(
    request: DashboardRequest,
    form: NotesForm,
    secret: Secret,
    *,
    in_the_way: list[FieldConflict] | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "secret": secret,
        "url": _page_of(request, secret),
        "conflicts": in_the_way,
        "known_labels": notes.index_of(request.connection.organization_id).labels,
        "known_labels_id": KNOWN_LABELS,
    }
    template, status = "secrets_ui/notes_update.html", form_status(request, None)
    return render_part(request, template, "notes-form", context, status=status)


def _page_of(request: DashboardRequest, secret: Secret) -> str:
    return reverse("secret-detail", args=[request.connection.organization_id, secret.id])

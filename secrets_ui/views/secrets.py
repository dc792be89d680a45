from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guard import requires
from accounts.http import client_redirect
from accounts.roles import Capability
from accounts.step_up import fresh_sign_in_required
from audit.queries import history_of
from audit.rows import HistoryRow
from secret_manager import NotFound, Secret, SecretManagerError, SecretVersion
from secrets_ui import again, conflicts, services, writes
from secrets_ui.catalog import current as catalog
from secrets_ui.conflicts import FieldConflict
from secrets_ui.dates import exactly, in_words
from secrets_ui.decorators import connection_required, written_once
from secrets_ui.forms import SecretEditForm, SecretForm, TypedNameForm
from secrets_ui.http import DashboardRequest, posted, render_part
from secrets_ui.outcomes import AlreadyGone, ChangedMeanwhile
from secrets_ui.problems import Problem, name_is_taken
from secrets_ui.rows import version_label, version_rows
from secrets_ui.shown import shown
from secrets_ui.status import current_version, expiry_tone, secret_badge
from secrets_ui.views.answers import doing, form_status, problem_for_form
from secrets_ui.views.notes import is_favourite, notes_panel
from secrets_ui.views.writes import written_before

VERSIONS_PER_PAGE = 25
HISTORY_ROWS = 10


@require_safe
@requires(Capability.READ)
@connection_required
def secret_detail(request: DashboardRequest, secret_id: str) -> HttpResponse:
    """One secret: what it is, its value behind a button, and its versions, newest first."""
    try:
        secret = services.get_secret(connection=request.connection, secret_id=secret_id)
    except NotFound:
        catalog.gone(request.connection, secret_id)
        raise
    versions = services.list_versions(connection=request.connection, secret_id=secret_id)
    if versions.complete:
        catalog.saw(request.connection, replace(secret, versions=versions.items))
    now = timezone.now()
    current = current_version(versions.items)
    url = secret_address(request, secret.id)
    page = Paginator(versions.items, VERSIONS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "secret": secret,
        "url": url,
        "badge": secret_badge(secret, versions.items, now=now),
        "current_url": f"{url}versions/{current.id}/" if current else "",
        "current_label": version_label(current) if current else "",
        "rows": version_rows(page.object_list, current=current, secret_url=url, now=now),
        "page": page,
        "versions_count": len(versions.items),
        "versions_complete": versions.complete,
        "expiry": in_words(secret.expired_at, now=now) if secret.expired_at else "",
        "expiry_exact": exactly(secret.expired_at) if secret.expired_at else "",
        "expiry_tone": expiry_tone(secret.expired_at, now=now),
        "is_favourite": partial(is_favourite, request, secret),
        "notes_panel": partial(notes_panel, request, secret),
        "history": partial(_history, request, secret, versions.items),
        "created_exact": exactly(secret.created_at) if secret.created_at else "",
        "changed_exact": exactly(secret.updated_at) if secret.updated_at else "",
    }
    return render_part(request, "secrets_ui/secret_detail.html", "version-table", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.WRITE)
@connection_required
@written_once
def secret_create(request: DashboardRequest) -> HttpResponse:
    """A new secret with its first value."""
    form = SecretForm(posted(request), initial=again.for_create(written_before(request)))
    if request.method != "POST":
        return _create_form(request, form)
    if not form.is_valid():
        return _create_form(request, form)
    try:
        secret_id = writes.create_secret(doing=doing(request), new=_new_secret(form))
    except SecretManagerError as error:
        if name_is_taken(error):
            form.add_error("name", _("This name is taken. Choose another one."))
            return _create_form(request, form)
        return _create_form(request, form, problem=problem_for_form(request, error))
    messages.success(request, _("%s is saved.") % form.cleaned_data["name"])
    return client_redirect(request, secret_address(request, secret_id))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.WRITE)
@connection_required
@written_once
def secret_update(request: DashboardRequest, secret_id: str) -> HttpResponse:
    """Change what describes a secret; only fields that the person changed are sent."""
    secret = services.get_secret(connection=request.connection, secret_id=secret_id)
    typed = conflicts.settled(request.POST) if request.method == "POST" else None
    form = SecretEditForm(typed, initial=SecretEditForm.initial_of(secret))
    if request.method != "POST":
        return _edit_form(request, again.for_edit(written_before(request), secret) or form, secret)
    if not form.is_valid():
        return _edit_form(request, form, secret)
    changes = form.changes()
    if not changes:
        messages.info(request, _("You changed nothing, so nothing was sent."))
        return client_redirect(request, secret_address(request, secret.id))
    try:
        writes.update_secret(
            doing=doing(request),
            secret_id=secret.id,
            changes=changes,
            is_in_the_way=lambda current: bool(conflicts.found(form, current)),
        )
    except ChangedMeanwhile as meanwhile:
        return _conflict_form(request, form, meanwhile.current)
    except SecretManagerError as error:
        return _edit_form(request, form, secret, problem=problem_for_form(request, error))
    messages.success(request, _("The changes are saved."))
    return client_redirect(request, secret_address(request, secret.id))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.DELETE)
@fresh_sign_in_required
@connection_required
@written_once
def secret_delete(request: DashboardRequest, secret_id: str) -> HttpResponse:
    """Delete a secret with all its versions, once its name was typed."""
    secret = services.get_secret(connection=request.connection, secret_id=secret_id)
    name = shown(secret.name) or secret.id
    form = TypedNameForm(posted(request), name=name)
    context = {
        "form": form,
        "secret": secret,
        "name": name,
        "url": secret_address(request, secret.id),
        "on": sum(version.is_on for version in secret.versions or ()),
    }
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        template = "secrets_ui/secret_confirm_delete.html"
        return render_part(request, template, "confirm", context, status=status)
    try:
        writes.delete_secret(doing=doing(request), secret=secret)
    except AlreadyGone:
        messages.info(request, _("Somebody else had already deleted %s.") % name)
    else:
        messages.success(request, _("%s is deleted.") % name)
    return client_redirect(
        request, reverse("secret-list", args=[request.connection.organization_id])
    )


def _history(
    request: DashboardRequest, secret: Secret, versions: Sequence[SecretVersion]
) -> list[HistoryRow] | None:
    """Return who did what with a secret lately. Called where it is shown, not for a part of the page."""
    return history_of(
        request.connection.organization_id,
        secret.id,
        HISTORY_ROWS,
        version_labels={version.id: version_label(version) for version in versions},
    )


def secret_address(request: DashboardRequest, secret_id: str) -> str:
    """Return the address of a secret's page."""
    return reverse("secret-detail", args=[request.connection.organization_id, secret_id])


def _new_secret(form: SecretForm) -> writes.NewSecret:
    return writes.NewSecret(
        name=form.cleaned_data["name"],
        value=form.cleaned_data["value"],
        description=form.cleaned_data["description"] or None,
        expired_at=form.expired_at,
        app_ids=form.cleaned_data["app_ids"],
    )


def _create_form(
    request: DashboardRequest, form: SecretForm, *, problem: Problem | None = None
) -> HttpResponse:
    context = {"form": form, "problem": problem}
    template, status = "secrets_ui/secret_create.html", form_status(request, problem)
    return render_part(request, template, "secret-form", context, status=status)


def _edit_form(
    request: DashboardRequest,
    form: SecretEditForm,
    secret: Secret,
    *,
    problem: Problem | None = None,
    in_the_way: list[FieldConflict] | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "secret": secret,
        "url": secret_address(request, secret.id),
        "problem": problem,
        "conflicts": in_the_way,
    }
    template, status = "secrets_ui/secret_update.html", form_status(request, problem)
    return render_part(request, template, "secret-form", context, status=status)


def _conflict_form(
    request: DashboardRequest, form: SecretEditForm, current: Secret
) -> HttpResponse:
    """Show theirs and mine, field by field, over the form as it was typed."""
    in_the_way = conflicts.found(form, current)
    return _edit_form(request, conflicts.rebased(form, current), current, in_the_way=in_the_way)

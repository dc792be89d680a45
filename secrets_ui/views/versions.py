from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.guard import requires
from accounts.http import actor_of, client_redirect
from accounts.roles import Capability
from accounts.step_up import fresh_sign_in_required
from secret_manager import Secret, SecretManagerError, SecretVersion, Value
from secrets_ui import services, writes
from secrets_ui.decorators import connection_required, written_once
from secrets_ui.forms import VersionForm
from secrets_ui.http import DashboardRequest, posted, render_part
from secrets_ui.outcomes import AlreadyGone
from secrets_ui.problems import Problem
from secrets_ui.rows import version_label
from secrets_ui.shown import shown
from secrets_ui.status import current_version
from secrets_ui.views.answers import doing, form_status, problem_for_form, reason_of
from secrets_ui.views.secrets import secret_address

SHOWN_SECONDS = 30
FILENAME_LENGTH = 100
PURPOSES: dict[str, services.Purpose] = {
    "show": "revealed",
    "copy": "copied",
    "download": "downloaded",
}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.WRITE)
@connection_required
@written_once
def version_create(request: DashboardRequest, secret_id: str) -> HttpResponse:
    """Put in a new value. The versions before it stay as they are."""
    secret = services.get_secret(connection=request.connection, secret_id=secret_id)
    form = VersionForm(posted(request))
    if request.method != "POST":
        return _value_form(request, form, secret)
    if not form.is_valid():
        return _value_form(request, form, secret)
    try:
        writes.add_version(doing=doing(request), secret=secret, value=form.cleaned_data["value"])
    except SecretManagerError as error:
        return _value_form(request, form, secret, problem=problem_for_form(request, error))
    messages.success(request, _("The new value is saved."))
    return client_redirect(request, secret_address(request, secret.id))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.REVEAL)
@fresh_sign_in_required
@connection_required
def version_reveal(request: DashboardRequest, secret_id: str, version_id: str) -> HttpResponse:
    """Show, copy or download one value. A plain visit (after signing in again, say) shows nothing."""
    if request.method != "POST":
        return redirect(secret_address(request, secret_id))
    secret = services.get_secret(connection=request.connection, secret_id=secret_id)
    purpose = request.POST.get("purpose", "show")
    value = services.read_value(
        connection=request.connection,
        actor=actor_of(request),
        secret=secret,
        version_id=version_id,
        purpose=PURPOSES.get(purpose, "revealed"),
        reason=reason_of(request),
    )
    if purpose == "download":
        return _download(secret, version_id, value)
    if purpose == "copy":
        return _copy(value)
    return _show(request, secret, version_id, value)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.WRITE)
@connection_required
@written_once
def version_status(request: DashboardRequest, secret_id: str, version_id: str) -> HttpResponse:
    """Turn one version on or off, once the consequence was read."""
    to = request.POST.get("to", request.GET.get("to"))
    secret, version, others_on = _version_among_others(request, secret_id, version_id)
    # Who does not say which way (after signing in again, say) is asked, and offered the other way.
    turn_on = to == "on" if to in ("on", "off") else not version.is_on
    if request.method != "POST" or to not in ("on", "off"):
        context = {"turn_on": turn_on, "others_on": others_on}
        return _confirm(request, "secrets_ui/version_status.html", secret, version, context)
    writes.turn_version(doing=doing(request), secret=secret, version_id=version.id, on=turn_on)
    try:
        now = services.get_version(
            connection=request.connection, secret_id=secret.id, version_id=version.id
        )
    except SecretManagerError:
        # The change was accepted: an error page would say that nothing had happened.
        messages.warning(
            request, _("The change was accepted, but its result could not be read. See below.")
        )
    else:
        is_on = _("Version %s is on.") if now.is_on else _("Version %s is off.")
        messages.success(request, is_on % version_label(now))
    return client_redirect(request, secret_address(request, secret.id))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.DELETE)
@fresh_sign_in_required
@connection_required
@written_once
def version_delete(request: DashboardRequest, secret_id: str, version_id: str) -> HttpResponse:
    """Delete one version, once the consequence was read."""
    secret, version, others_on = _version_among_others(request, secret_id, version_id)
    if request.method != "POST":
        template = "secrets_ui/version_confirm_delete.html"
        return _confirm(request, template, secret, version, {"others_on": others_on})
    try:
        writes.delete_version(doing=doing(request), secret=secret, version_id=version.id)
    except AlreadyGone:
        messages.info(
            request, _("Somebody else had already deleted version %s.") % version_label(version)
        )
    else:
        messages.success(request, _("Version %s is deleted.") % version_label(version))
    return client_redirect(request, secret_address(request, secret.id))


def _version_among_others(
    request: DashboardRequest, secret_id: str, version_id: str
) -> tuple[Secret, SecretVersion, SecretVersion | None]:
    """Return the secret, the version, and what would be the current version without it."""
    secret = services.get_secret(connection=request.connection, secret_id=secret_id)
    listed = services.list_versions(connection=request.connection, secret_id=secret_id)
    others = [other for other in listed.items if other.id != version_id]
    found = [version for version in listed.items if version.id == version_id]
    version = (
        found[0]
        if found
        else services.get_version(
            connection=request.connection, secret_id=secret_id, version_id=version_id
        )
    )
    return secret, version, current_version(others)


def _confirm(
    request: DashboardRequest,
    template: str,
    secret: Secret,
    version: SecretVersion,
    extra: dict[str, Any],
) -> HttpResponse:
    context = {
        "secret": secret,
        "url": secret_address(request, secret.id),
        "version": version,
        "label": version_label(version),
        "others_on_label": version_label(extra["others_on"]) if extra["others_on"] else "",
        **extra,
    }
    return render_part(request, template, "confirm", context)


def _value_form(
    request: DashboardRequest, form: VersionForm, secret: Secret, *, problem: Problem | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "secret": secret,
        "url": secret_address(request, secret.id),
        "problem": problem,
    }
    template, status = "secrets_ui/version_create.html", form_status(request, problem)
    return render_part(request, template, "version-form", context, status=status)


def _show(request: DashboardRequest, secret: Secret, version_id: str, value: Value) -> HttpResponse:
    url = secret_address(request, secret.id)
    context = {
        "secret": secret,
        "url": url,
        "reveal_url": request.path,
        "value": value,
        "seconds": SHOWN_SECONDS,
    }
    response = render_part(request, "secrets_ui/version_value.html", "version-value", context)
    # Without a script the page itself goes away; with one, the value is taken off the page.
    response.headers["Refresh"] = f"{SHOWN_SECONDS}; url={url}"
    return response


def _copy(value: Value) -> HttpResponse:
    if not value.is_text:
        return HttpResponse(
            _("This value is not text, so it cannot be copied. Download it instead."),
            content_type="text/plain; charset=utf-8",
            status=422,
        )
    return HttpResponse(value.text, content_type="text/plain; charset=utf-8")


def _download(secret: Secret, version_id: str, value: Value) -> HttpResponse:
    ending = f"-{version_id}.{'txt' if value.is_text else 'bin'}"
    name = (shown(secret.name) or secret.id)[: FILENAME_LENGTH - len(ending)]
    header = content_disposition_header(as_attachment=True, filename=name + ending)
    return HttpResponse(
        value.raw,
        content_type="application/octet-stream",
        headers={"Content-Disposition": header or "attachment"},
    )

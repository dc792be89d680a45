from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import step_up
from accounts.guard import requires
from accounts.http import actor_of, client_redirect, local_address
from accounts.roles import Capability
from audit.models import Outcome
from audit.trail import Subject, noted
from secret_manager import SecretManagerError
from secrets_ui import connection as connections
from secrets_ui import services
from secrets_ui.connection import Connection
from secrets_ui.forms import ConnectionForm
from secrets_ui.http import DashboardRequest, render_part
from secrets_ui.problems import explain

TEMPLATE, PART = "secrets_ui/connect.html", "connection-form"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.READ)
def connect(request: DashboardRequest) -> HttpResponse:
    """Ask for an organization and a credential; keep them only if the API lets them in."""
    back = request.POST.get("next", request.GET.get("next", ""))
    if step_up.is_due(request) and settings.AUTH_MODE != "proxy":
        return step_up.ask(request, back=_address_with_what_was_typed(request, back))
    if request.method != "POST":
        form = ConnectionForm(initial=_initial(request))
        return render_part(request, TEMPLATE, PART, _context(request, form, back))

    form = ConnectionForm(request.POST)
    if not form.is_valid():
        return render_part(request, TEMPLATE, PART, _context(request, form, back), status=422)

    found = _connection(form.cleaned_data)
    try:
        services.check_connection(connection=found, actor=actor_of(request))
    except SecretManagerError as error:
        if request.htmx:
            raise  # A note in the corner says it, and the form stays as it is, credential and all.
        problem = explain(error)
        form.add_error(None, f"{problem.title}. {problem.advice}")
        return render_part(
            request, TEMPLATE, PART, _context(request, form, back), status=problem.status
        )
    is_proof = settings.AUTH_MODE == "proxy" and _proves_who_it_is(request, found)
    request.session.cycle_key()
    connections.keep(request.session, person_id=request.user.pk, connection=found)
    if is_proof:
        step_up.confirmed(request)
    messages.success(request, _("Connected to %s.") % found.label)
    to = local_address(request, back) if back else _list_address(found.organization_id)
    return client_redirect(request, to)


@require_POST
@requires(Capability.READ)
def forget(request: DashboardRequest, organization_id: str) -> HttpResponse:
    """Drop one connection and its credential from the session."""
    known = {each.organization_id for each in connections.summaries(request.session)}
    if organization_id in known:
        noted(
            action="connection.forgotten",
            outcome=Outcome.OK,
            actor=actor_of(request),
            subject=Subject(organization_id=organization_id),
        )
    connections.forget(request.session, organization_id=organization_id)
    messages.success(request, _("The connection and its credential are forgotten."))
    return redirect("connect")


def _proves_who_it_is(request: DashboardRequest, found: Connection) -> bool:
    """Tell whether a credential that was just typed is this person's: known here, or the first one.

    Any other may be that of whoever sits at a browser that was left open.
    """
    return not connections.summaries(request.session) or connections.is_own_secret(
        request.session, person_id=request.user.pk, text=found.credential.secret
    )


def _connection(cleaned: dict[str, Any]) -> Connection:
    organization_id = cleaned["organization_id"]
    return Connection(
        organization_id=organization_id,
        label=cleaned["label"] or organization_id,
        credential=cleaned["credential"],
    )


def _initial(request: DashboardRequest) -> dict[str, str]:
    asked = {
        "organization_id": request.GET.get("organization", ""),
        "label": request.GET.get("label", ""),
    }
    return {**settings.DEMO_CONNECTION, **{name: text for name, text in asked.items() if text}}


def _address_with_what_was_typed(request: DashboardRequest, back: str) -> str:
    """Return the address of this form with what was typed, the credential apart."""
    typed = {
        "organization": request.POST.get("organization_id", request.GET.get("organization", "")),
        "label": request.POST.get("label", request.GET.get("label", "")),
        "next": back,
    }
    return f"{reverse('connect')}?{urlencode({name: text for name, text in typed.items() if text})}"


def _context(request: DashboardRequest, form: ConnectionForm, back: str) -> dict[str, Any]:
    return {"form": form, "next": back, "prefilled": bool(settings.DEMO_CONNECTION)}


def _list_address(organization_id: str) -> str:
    return reverse("secret-list", args=[organization_id])

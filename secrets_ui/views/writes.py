import time
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.guard import requires
from accounts.http import actor_of
from accounts.roles import Capability
from audit.trail import TrailUnavailable
from secret_manager import NotReached, SecretManagerError
from secrets_ui import again, journal, sending
from secrets_ui.decorators import connection_required
from secrets_ui.http import DashboardRequest
from secrets_ui.models import Intent
from secrets_ui.settlement import QUIET

State = Intent.State
# So many are looked up at one visit of the list.
LOOKED_UP = 3
WAIT_SECONDS, PAUSE_SECONDS = 3.0, 0.1


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.WRITE)
@connection_required
def write_outcome(request: DashboardRequest, nonce: str) -> HttpResponse:
    """How a write ended: where a form that arrives twice, and one without an answer, leads to."""
    intent = _finished(request, nonce)
    now = timezone.now()
    is_working = journal.is_being_worked_on(intent, now=now)
    if request.method == "POST" and intent.is_open and not is_working:
        _look_again(request, intent)
        return redirect(request.path)
    if intent.state == State.SAVED:
        is_deleted = intent.action == "secret.deleted"
        done = _("%s is deleted.") if is_deleted else _("Your change to %s is saved.")
        messages.success(request, done % (intent.secret_name or intent.secret_id))
        return redirect(place_of(intent))
    context = {
        "intent": intent,
        "is_working": is_working,
        "place": place_of(intent),
        "again_url": again.address(intent),
        "again_at": again_at(intent) if again_at(intent) > now else None,
    }
    response = render(request, "secrets_ui/write_outcome.html", context)
    if is_working:
        response.headers["Refresh"] = f"2; url={request.path}?auto"
    return response


def settle_left_open(request: DashboardRequest) -> list[Intent]:
    """Look up what was left open at an earlier visit; return what is still not known."""
    found = journal.left_open(
        person_id=request.user.pk,
        organization_id=request.connection.organization_id,
        now=timezone.now(),
    )
    now = timezone.now()
    for intent in [intent for intent in found if journal.is_due(intent, now=now)][:LOOKED_UP]:
        try:
            sending.settle(connection=request.connection, actor=actor_of(request), intent=intent)
        except (NotReached, TrailUnavailable):
            break
        except SecretManagerError:
            continue
    return [intent for intent in found if intent.state != State.SAVED]


def written_before(request: DashboardRequest) -> Intent | None:
    """Return the write that a form is opened for again, as its address says."""
    nonce = request.GET.get("again")
    if not nonce:
        return None
    return journal.find(
        nonce=nonce,
        person_id=request.user.pk,
        organization_id=request.connection.organization_id,
    )


def _look_again(request: DashboardRequest, intent: Intent) -> None:
    try:
        sending.settle(connection=request.connection, actor=actor_of(request), intent=intent)
    except SecretManagerError:
        messages.error(request, _("It could not be looked up just now. Check again in a minute."))


def place_of(intent: Intent) -> str:
    """Return the address where a write shows: its secret's page, or the list where that is gone."""
    if intent.secret_id and intent.action != "secret.deleted":
        return reverse("secret-detail", args=[intent.organization_id, intent.secret_id])
    return reverse("secret-list", args=[intent.organization_id])


def again_at(intent: Intent) -> datetime:
    """Return from when on a look-up can tell that something was not saved."""
    sent_at = intent.sent_at or intent.claimed_at
    return sent_at + QUIET


def _finished(request: DashboardRequest, nonce: str) -> Intent:
    """Return the intent, after a moment's patience while it is being worked on."""
    give_up_at = time.monotonic() + WAIT_SECONDS
    while True:
        intent = journal.find(
            nonce=nonce,
            person_id=request.user.pk,
            organization_id=request.connection.organization_id,
        )
        if intent is None:
            raise Http404
        is_over = not journal.is_being_worked_on(intent, now=timezone.now())
        if is_over or time.monotonic() >= give_up_at:
            return intent
        time.sleep(PAUSE_SECONDS)

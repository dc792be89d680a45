import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse

from accounts.http import client_redirect
from secret_manager import Deadline
from secrets_ui import connection as connections
from secrets_ui import journal
from secrets_ui.http import DashboardRequest
from secrets_ui.journal import Claim
from secrets_ui.models import Intent
from secrets_ui.outcomes import NotKnownYet, TakenOver

# All that a page may ask of the API, seconds; a write's share includes looking up a lost answer.
READ_SECONDS, WRITE_SECONDS = 10.0, 15.0
# How long a form that arrives twice waits for its first arrival.
PATIENCE_SECONDS, PAUSE_SECONDS = 3.0, 0.1
State = Intent.State


def connection_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Put this person's connection to the address's organization on the request.

    Without one, the person is asked to connect and then comes back to where they were going.
    """

    @wraps(view)
    def guarded(request: DashboardRequest, organization_id: str, **kwargs: str) -> HttpResponse:
        seconds = WRITE_SECONDS if request.method == "POST" else READ_SECONDS
        found = connections.find(
            request.session,
            person_id=request.user.pk,
            organization_id=organization_id,
            deadline=Deadline.after(seconds),
        )
        if found is None:
            return client_redirect(request, connect_address(request, organization_id))
        request.connection = found
        return view(request, **kwargs)

    return guarded


def written_once(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Act on each form once: one that arrives again is shown how the first one ended.

    A write whose outcome is not known leads to the page that says so and looks again.
    """

    @wraps(view)
    def guarded(request: DashboardRequest, **kwargs: str) -> HttpResponse:
        if request.method != "POST":
            return view(request, **kwargs)
        claim = _claim(request)
        if claim.is_repeat:
            return client_redirect(request, outcome_address(claim.intent))
        request.intent = claim.intent
        try:
            return view(request, **kwargs)
        except (NotKnownYet, TakenOver):
            return client_redirect(request, outcome_address(claim.intent))
        finally:
            journal.release(claim.intent)

    return guarded


def _claim(request: DashboardRequest) -> Claim:
    """Claim the form, once it is known whether its first arrival sends anything.

    It may only have been sent back for correction, and that has no page to be shown again.
    """
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    nonce = journal.nonce_of(request.POST.get("nonce", ""))
    while True:
        claim = journal.claim(
            nonce=nonce,
            person_id=request.user.pk,
            organization_id=request.connection.organization_id,
        )
        is_undecided = claim.is_repeat and claim.intent.state == State.CLAIMED
        if not is_undecided or time.monotonic() >= give_up_at:
            return claim
        time.sleep(PAUSE_SECONDS)


def outcome_address(intent: Intent) -> str:
    """Return the address of the page that tells how a write ended."""
    return reverse("write-outcome", args=[intent.organization_id, intent.nonce])


def connect_address(request: DashboardRequest, organization_id: str) -> str:
    """Return the address of the connect page that leads back to a page of the organization."""
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
    query = {"organization": organization_id, **({"next": back} if back else {})}
    return f"{reverse('connect')}?{urlencode(query)}"

"""AUTH_MODE=proxy: who somebody is, is proved anew by every request."""

import logging
from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from accounts import proxy
from accounts.entry import SIGNED_IN_AT, NoRole, enter, give_role, role_of
from accounts.guard import NotPermitted, NotRecorded, NotVouchedFor
from accounts.http import actor_of
from accounts.identity import Identity
from accounts.middleware import is_automatic
from accounts.models import Person
from accounts.refusals import record_refusal
from accounts.roles import Capability, capabilities_of
from audit.models import Outcome
from audit.trail import Subject, TrailUnavailable, noted

# Takes no session: what runs the process, and the API with credentials of its own.
WITHOUT_IDENTITY = ("/livez", "/readyz", "/metrics", "/secret-manager/", "/static/")
logger = logging.getLogger(__name__)


class ProxyIdentityMiddleware:
    """Take whom the proxy vouches for, end every session that is somebody else's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(WITHOUT_IDENTITY):
            request.user = AnonymousUser()  # a cookie alone says nothing, not even on an error page
        else:
            # Set further in as well, but a refusal here has to know who asks, too.
            request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
            _insist_on_identity(request)
        return self.get_response(request)


def _insist_on_identity(request: HttpRequest) -> None:
    try:
        identity = proxy.identity_of(request)
    except proxy.KeysUnavailable as refusal:
        # Nobody's fault: their session waits for the keys as they do, and opens nothing meanwhile.
        request.user = AnonymousUser()
        record_refusal(request, refusal.reason)
        raise NotVouchedFor(passes=True) from None
    except proxy.NotProven as refusal:
        _end_session(request)
        record_refusal(request, refusal.reason)
        raise NotVouchedFor(passes=False) from None
    person = request.user
    if isinstance(person, Person) and not _is(person, identity):
        _end_session(request)
    try:
        if isinstance(request.user, Person):
            give_role(request.user, role_of(identity), actor=actor_of(request))
            _take_newer_proof(request, identity)
        elif not _is_nobody_there(request):
            _enter(request, identity)
    except NoRole:
        raise NotPermitted(None) from None
    except TrailUnavailable:
        raise NotRecorded from None


def _enter(request: HttpRequest, identity: Identity) -> None:
    """Let somebody in. Whom no rule fits is told so without filling the trail at every visit."""
    if (
        not role_of(identity)
        and not Person.objects.filter(issuer=identity.issuer, subject=identity.subject)
        .exclude(role="")
        .exists()
    ):
        record_refusal(request, "somebody without a role")
        raise NoRole
    person = enter(request, identity)
    if identity.signed_in_at is None and Capability.READ in capabilities_of(person.role):
        # Nobody says when they signed in there. Their own credential is proof enough, once asked for;
        # who has none here, an auditor, proves as much as can be had by coming in.
        request.session[SIGNED_IN_AT] = 0


def _take_newer_proof(request: HttpRequest, identity: Identity) -> None:
    proved_at = identity.signed_in_at.timestamp() if identity.signed_in_at else 0
    if proved_at > request.session.get(SIGNED_IN_AT, 0):
        request.session[SIGNED_IN_AT] = proved_at


def _is_nobody_there(request: HttpRequest) -> bool:
    """A page that asks by itself, and whoever has just signed out, get no new session."""
    return is_automatic(request) or request.path == reverse("signed-out")


def _is(person: Person, identity: Identity) -> bool:
    return (person.issuer, person.subject) == (identity.issuer, identity.subject)


def _end_session(request: HttpRequest) -> None:
    if not isinstance(request.user, Person):
        return
    try:
        noted(
            action="person.signed_out",
            outcome=Outcome.OK,
            actor=actor_of(request),
            subject=Subject(detail="the proxy vouches for somebody else, or for nobody"),
        )
    except TrailUnavailable:
        logger.error("the end of a session could not be recorded")
    request.session.flush()
    request.user = AnonymousUser()

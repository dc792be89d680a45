"""What happens to somebody who comes back from the provider, once it is proved who they are."""

import logging
from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts import entry, step_up
from accounts.http import actor_of, local_address
from accounts.identity import Identity
from accounts.models import Person
from accounts.oidc.claims import Said, identity_of
from accounts.oidc.config import current
from accounts.oidc.errors import AnotherPerson, NotBelieved, NotFresh, StateLost
from audit.models import Outcome
from audit.trail import Subject, TrailUnavailable, noted

# How much earlier than our own clock says a provider's may place the sign-in of a step-up.
CLOCKS_DIFFER_SECONDS = 60

logger = logging.getLogger(__name__)


def welcome(request: HttpRequest, said: Said, state: dict[str, Any]) -> HttpResponse:
    """Let somebody in, or note that they have proved once more who they are.

    Args:
        state: what `protocol.begin` had put into this session.

    Raises:
        NotBelieved: the token was made for another sign-in.
        NotFresh, AnotherPerson, StateLost: see there. After AnotherPerson the session is over.
        accounts.entry.NoRole: they have no role here; whatever session there was is over.
        audit.trail.TrailUnavailable: it cannot be recorded.
    """
    begun = state["data"]
    if said.nonce != begun["nonce"]:
        raise NotBelieved("the nonce is not the one of this sign-in")
    identity = identity_of(said, current())
    _insist_on_same_person(request, identity)
    if begun["is_step_up"]:
        _confirm(request, identity, said, began_at=begun["began_at"])
    else:
        entry.enter(request, identity)
    return HttpResponseRedirect(local_address(request, state.get("next", "")))


def _confirm(request: HttpRequest, identity: Identity, said: Said, *, began_at: float) -> None:
    if not isinstance(request.user, Person):
        raise StateLost("the session has ended meanwhile")
    signed_in_at = said.signed_in_at
    if signed_in_at is None:
        raise NotFresh("the provider does not say when the person signed in")
    if signed_in_at.timestamp() < began_at - CLOCKS_DIFFER_SECONDS:
        raise NotFresh("the provider did not ask the person again")
    # Their groups came along as well, so their role is today's.
    role = entry.role_of(identity)
    entry.give_role(request.user, role, actor=actor_of(request))
    if not role:
        logout(request)
        raise entry.NoRole
    step_up.confirmed(request)


def _insist_on_same_person(request: HttpRequest, identity: Identity) -> None:
    """End the session of somebody in whose place another one has come."""
    person = request.user
    if not isinstance(person, Person):
        return
    if (person.issuer, person.subject) == (identity.issuer, identity.subject):
        return
    try:
        noted(
            action="person.signed_out",
            outcome=Outcome.OK,
            actor=actor_of(request),
            subject=Subject(detail="the provider vouches for somebody else"),
        )
    except TrailUnavailable:
        logger.error("the end of a session could not be recorded")
    logout(request)
    raise AnotherPerson("the provider vouches for somebody else")

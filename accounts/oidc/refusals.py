"""What the trail keeps of sign-ins that came to nothing."""

import logging

from django.core.cache import cache
from django.http import HttpRequest

from accounts.http import actor_of, client_address
from accounts.oidc.errors import AnotherPerson, NotBelieved, NotFresh, ProviderSaidNo, SignInProblem
from audit.models import Outcome
from audit.trail import Subject, TrailUnavailable, noted

# Lost states and a provider that is down are nobody's attempt at anything: the log has them.
RECORDED = (NotBelieved, NotFresh, AnotherPerson, ProviderSaidNo)
# One refusal an address and minute is recorded: nobody fills the trail from outside.
EVERY_SECONDS = 60

logger = logging.getLogger(__name__)


def record(request: HttpRequest, problem: SignInProblem) -> None:
    """Record that somebody did not get in."""
    if not isinstance(problem, RECORDED):
        return
    if not cache.add(f"accounts.oidc.{client_address(request)}", "recorded", EVERY_SECONDS):
        return
    try:
        noted(
            action="access.refused",
            outcome=Outcome.DENIED,
            actor=actor_of(request),
            subject=Subject(detail=f"OpenID Connect: {problem.reason}"),
        )
    except TrailUnavailable:
        # Nobody came in, so there is nothing that may not go on.
        logger.error("a refusal could not be recorded")

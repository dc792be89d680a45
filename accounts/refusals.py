"""What the trail keeps of those who are kept out: enough to notice, too little to fill it."""

import logging

from django.core.cache import cache
from django.http import HttpRequest

from accounts.http import actor_of, client_address
from audit.models import Outcome
from audit.trail import Subject, TrailUnavailable, noted

# One refusal an address and minute is recorded, each is in the log.
EVERY_SECONDS = 60

logger = logging.getLogger(__name__)


def record_refusal(request: HttpRequest, reason: str) -> None:
    """Record that somebody was kept out. `reason` is a phrase of ours and quotes nothing of theirs."""
    logger.warning("kept out: %s", reason)
    is_new = cache.add(f"accounts.kept_out.{client_address(request)}", "recorded", EVERY_SECONDS)
    if is_new is False:  # a cache that is away says neither
        return
    try:
        noted(
            action="access.refused",
            outcome=Outcome.DENIED,
            actor=actor_of(request),
            subject=Subject(detail=reason),
        )
    except TrailUnavailable:
        # Nobody came in, so there is nothing that may not go on.
        logger.error("a refusal could not be recorded")

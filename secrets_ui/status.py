"""How a secret stands, in a word: the one place that decides it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from secret_manager import Secret, SecretVersion, Summary, summary_of

Tone = Literal["good", "warning", "bad", "muted"]
EXPIRES_SOON = timedelta(days=30)


@dataclass(frozen=True)
class Badge:
    """A word with a colour; the colour never says more than the word."""

    text: str
    tone: Tone


def current_version(versions: Sequence[SecretVersion]) -> SecretVersion | None:
    """Return the newest version that is on: the one a person means by "the value"."""
    on = [version for version in versions if version.is_on]
    return max(on, key=lambda version: version.version or 0, default=None)


def secret_badge(
    secret: Secret, versions: Sequence[SecretVersion] | None, *, now: datetime
) -> Badge:
    """Return how a secret stands with these versions; None where the API did not list them."""
    return summary_badge(
        summary_of(replace(secret, versions=None if versions is None else tuple(versions))), now=now
    )


def summary_badge(summary: Summary, *, now: datetime) -> Badge:
    """Return how a secret stands, as a list knows it."""
    return _badge(
        summary.on,
        has_versions=summary.versions > 0,
        is_expired=summary.expired_at is not None and summary.expired_at <= now.timestamp(),
        number=summary.current_number,
        language=get_language(),
    )


@lru_cache(maxsize=1024)
def _badge(
    on: int | None,
    *,
    has_versions: bool,
    is_expired: bool,
    number: int | None,
    language: str | None,
) -> Badge:
    """Return a badge; a list has few different ones. `language` is the one that is active."""
    if on is None:
        return Badge(_("Not known"), "muted")
    if not has_versions:
        return Badge(_("No value"), "muted")
    if not on:
        return Badge(_("All off"), "muted")
    if is_expired:
        return Badge(_("Expired, still on"), "bad")
    if on > 1:
        return Badge(ngettext("%d version on", "%d versions on", on) % on, "warning")
    return Badge(_("On · v%s") % number if number else _("On"), "good")


def version_badge(version: SecretVersion) -> Badge:
    """Return a version's status as people read it."""
    if version.is_on:
        return Badge(_("On"), "good")
    if version.status == "inactive":
        return Badge(_("Off"), "muted")
    return Badge(_("Not known"), "muted")


def expiry_tone(expired_at: datetime | None, *, now: datetime) -> Tone | None:
    """Return the colour of an expiry date: passed, near, or none."""
    if expired_at is None:
        return None
    if expired_at <= now:
        return "bad"
    return "warning" if expired_at - now <= EXPIRES_SOON else None

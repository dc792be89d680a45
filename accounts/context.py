"""What templates know of the person: what they may do, and how long their session lasts."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.middleware import will_be_noted
from accounts.models import Person
from accounts.roles import Capability, capabilities_of


@dataclass(frozen=True)
class May:
    """What a person's role allows, by name: `{% if may.delete %}`."""

    capabilities: frozenset[Capability]

    def __getattr__(self, name: str) -> bool:
        try:
            return Capability(name.removesuffix("_")) in self.capabilities
        except ValueError:
            raise AttributeError(name) from None


def person(request: HttpRequest) -> dict[str, Any]:
    """Return `may`, and the seconds that this session has left."""
    user = getattr(request, "user", None)
    if not isinstance(user, Person):
        return {"may": May(frozenset())}
    session = request.session
    # The page is read after its request was noted.
    ends_in = session.ends_in(if_noted=will_be_noted(request))  # type: ignore[attr-defined]
    return {
        "may": May(capabilities_of(user.role)),
        "session_ends_in": ends_in,
        "accounts_are_kept_here": settings.AUTH_MODE == "local",
    }

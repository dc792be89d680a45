"""What the frame around every page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts.models import Person
from secrets_ui import connection as connections
from secrets_ui.journal import nonce_of

THEME_COOKIE = f"{settings.COOKIE_PREFIX}theme"
THEMES = {"light", "dark"}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the switcher's connections, where we are, the chosen theme, and a form's nonce.

    `frame_key` is what a frame that was made before is found by.
    """
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    theme = chosen if chosen in THEMES else ""
    connection, known = getattr(request, "connection", None), _connections(request)
    return {
        "theme": theme,
        "connection": connection,
        "connections": known,
        "frame_key": _frame_key(request, theme, connection, known),
        # A form that comes back for correction is still the same form.
        "nonce": nonce_of(request.POST.get("nonce", "")),
    }


def _connections(request: HttpRequest) -> list[connections.ConnectionSummary]:
    user = getattr(request, "user", None)
    return connections.summaries(request.session) if user and user.is_authenticated else []


def _frame_key(
    request: HttpRequest,
    theme: str,
    connection: connections.Connection | None,
    known: list[connections.ConnectionSummary],
) -> str:
    """Return all that the frame is made of: where it is the same, the frame is."""
    user = getattr(request, "user", None)
    # First, as it is the one thing here that nobody can choose for themselves.
    person = (user.pk, user.display_name, user.role) if isinstance(user, Person) else ()
    place = (connection.organization_id, connection.label) if connection else ()
    return repr((person, get_language(), theme, settings.AUTH_MODE, place, known))

"""What the frame around every page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from secrets_ui import connection as connections
from secrets_ui.journal import nonce_of

THEME_COOKIE = f"{settings.COOKIE_PREFIX}theme"
THEMES = {"light", "dark"}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the switcher's connections, where we are, the chosen theme, and a form's nonce."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "theme": theme if theme in THEMES else "",
        "connection": getattr(request, "connection", None),
        "connections": _connections(request),
        # A form that comes back for correction is still the same form.
        "nonce": nonce_of(request.POST.get("nonce", "")),
    }


def _connections(request: HttpRequest) -> list[connections.ConnectionSummary]:
    user = getattr(request, "user", None)
    return connections.summaries(request.session) if user and user.is_authenticated else []

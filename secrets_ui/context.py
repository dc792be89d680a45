"""What the frame around every page shows."""

from typing import Any

from django.http import HttpRequest

from secrets_ui import connection as connections

THEME_COOKIE = "theme"
THEMES = {"light", "dark"}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the switcher's connections, where we are, and the chosen theme."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "theme": theme if theme in THEMES else "",
        "connection": getattr(request, "connection", None),
        "connections": _connections(request),
    }


def _connections(request: HttpRequest) -> list[connections.ConnectionSummary]:
    user = getattr(request, "user", None)
    return connections.summaries(request.session) if user and user.is_authenticated else []

from typing import Any

from django.apps import AppConfig
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase


class SecretsUiConfig(AppConfig):
    name = "secrets_ui"

    def ready(self) -> None:
        from accounts.sessions import renamed

        renamed.connect(_move_connections, dispatch_uid="secrets_ui.move_connections")


def _move_connections(session: SessionBase, before: str | None, **kwargs: Any) -> None:
    """A session got another cookie, which is part of what opens its credentials."""
    from secrets_ui import connection

    if person_id := session.get(SESSION_KEY):
        connection.move(session, person_id=int(person_id), before=before)

"""Keeps the emulator's tables in a database of their own, and everything else out of it."""

from typing import Any

from django.db.models import Model

DATABASE = "emulator"
APP_LABEL = "emulator"


class EmulatorRouter:
    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return DATABASE if model._meta.app_label == APP_LABEL else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        return self.db_for_read(model)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        if (db == DATABASE) != (app_label == APP_LABEL):
            return False
        return None

"""What must be true before the emulator may serve."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from emulator import crypto
from emulator.db_router import DATABASE
from emulator.models import SecretVersion


@register(Tags.database)
def every_stored_key_is_known(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse to start with a key missing, instead of failing later, one value at a time."""
    if DATABASE not in (databases or ()):
        return []
    if not settings.EMULATOR_KEYS:
        return [Error("EMULATOR_KEYS holds no key, so values cannot be kept.", id="emulator.E001")]
    if SecretVersion._meta.db_table not in connections[DATABASE].introspection.table_names():
        return []  # nothing stored yet: before the first migrate
    stored = set(SecretVersion.objects.values_list("key_id", flat=True).distinct())
    missing = sorted(stored - crypto.known_key_ids())
    if not missing:
        return []
    return [
        Error(
            "The emulator's data was encrypted with a key that EMULATOR_KEYS does not hold"
            f" (key id {', '.join(missing)}): add that key behind the newest one.",
            id="emulator.E002",
        )
    ]

"""Two people edit one secret: what the second one meets, field by field.

The edit form carries what it showed. Only a field that this person changes and that is no longer as
shown is in the way; a moved `updated_at` alone says nothing (the platform moves it by itself).
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from secret_manager import Secret
from secrets_ui import expiry_choice
from secrets_ui.dates import exactly
from secrets_ui.forms import SecretEditForm, split_ids

# The fields of the form that make up one field of the secret.
PARTS = {
    "description": ("description",),
    "expired_at": ("expiry", "expiry_date", "expiry_time", "expiry_zone"),
    "app_ids": ("app_ids",),
}


@dataclass(frozen=True, kw_only=True)
class FieldConflict:
    """A field as somebody else left it, and as this person wants it."""

    name: str
    label: str | Promise
    theirs: str
    mine: str


def found(form: SecretEditForm, current: Secret) -> list[FieldConflict]:
    """Return the fields that this person changes and somebody else changed since they were shown."""
    now = _as_compared(current)
    return [
        FieldConflict(
            name=name,
            label=form.fields[PARTS[name][0]].label or "",
            theirs=_in_words(now[name]),
            mine=_in_words(mine),
        )
        for name, mine in form.changes().items()
        if _shown(form, name) != now[name]
    ]


def rebased(form: SecretEditForm, current: Secret) -> SecretEditForm:
    """Return the form with what was typed, measured against how the secret is now."""
    data = QueryDict(mutable=True)
    data.update(form.data)
    fresh = SecretEditForm(initial=SecretEditForm.initial_of(current))
    for name in (part for parts in PARTS.values() for part in parts):
        bound = fresh[name]
        hidden = fresh.fields[name].hidden_widget()
        data[bound.html_initial_name] = hidden.format_value(bound.value()) or ""
    again = SecretEditForm(data)
    again.is_valid()
    return again


def _as_compared(secret: Secret) -> dict[str, Any]:
    expired_at = secret.expired_at
    return {
        "description": _lines(secret.description or ""),
        "expired_at": expired_at.replace(second=0, microsecond=0) if expired_at else None,
        "app_ids": list(secret.integration_service_ids),
    }


def _shown(form: SecretEditForm, name: str) -> Any:
    """Return a field as the form showed it, from its hidden copies."""
    texts = [form.data.get(form[part].html_initial_name, "") for part in PARTS[name]]
    match name:
        case "app_ids":
            return split_ids(texts[0])
        case "expired_at":
            return _moment(*texts)
        case _:
            return _lines(texts[0])


def _moment(choice: str, day: str, at: str, zone: str) -> datetime | None:
    if choice != expiry_choice.ON_A_DATE:
        return None
    try:
        return datetime.combine(
            date.fromisoformat(day), time.fromisoformat(at), tzinfo=ZoneInfo(zone)
        )
    except (ValueError, OSError):
        # Only a hand-made form gets here; what it showed is then unlike anything.
        return datetime.min.replace(tzinfo=ZoneInfo("UTC"))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _in_words(field: Any) -> str:
    if isinstance(field, datetime):
        return exactly(field)
    if isinstance(field, list):
        return ", ".join(field) or _("none")
    return field or _("none")

"""Two people edit one secret: what the second one meets, field by field.

The edit form carries what it showed. Only a field that this person changes and that is no longer as
shown is in the way; a moved `updated_at` alone says nothing (the platform moves it by itself).
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from secret_manager import Secret
from secrets_ui import dates, expiry_choice
from secrets_ui.forms import SecretEditForm, split_ids
from secrets_ui.shown import shown

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
    theirs = {
        "description": current.description,
        "expired_at": current.expired_at,
        "app_ids": list(current.integration_service_ids),
    }
    return [
        FieldConflict(
            name=name,
            label=form.fields[PARTS[name][0]].label or "",
            theirs=_in_words(theirs[name]),
            mine=_in_words(mine),
        )
        for name, mine in form.changes().items()
        if _was_shown_otherwise(form, name, current)
    ]


def settled(data: QueryDict) -> QueryDict:
    """Return what a form was sent with, after the person's choices between theirs and mine.

    Where theirs stays, the form's own copy of it takes the place of what was typed: also a form that
    comes back for another reason shows the choice, and does not send what was given up.
    """
    chosen = data.copy()
    for name, parts in PARTS.items():
        if data.get(f"keep-{name}") == "theirs":
            for part in parts:
                chosen[part] = data.get(f"initial-{part}", "")
    return chosen


def rebased(form: SecretEditForm, current: Secret) -> SecretEditForm:
    """Return the form with what was typed, measured against how the secret is now.

    Fields that the person left alone become as they are now, or saving would undo another's change.
    """
    edited = form.changes()
    data = QueryDict(mutable=True)
    data.update(form.data)
    now = shown_of(current)
    for name, parts in PARTS.items():
        for part in parts:
            data[f"initial-{part}"] = now[part]
            if name not in edited:
                data[part] = now[part]
    again = SecretEditForm(data)
    again.is_valid()
    return again


def shown_of(secret: Secret) -> dict[str, str]:
    """Return the form's fields for a secret as it is, as a browser sends them."""
    fresh = SecretEditForm(initial=SecretEditForm.initial_of(secret))
    return {
        bound.name: bound.field.hidden_widget().format_value(bound.value()) or "" for bound in fresh
    }


def _was_shown_otherwise(form: SecretEditForm, name: str, current: Secret) -> bool:
    """Compare what the form showed, by its hidden copies, with what it would show now."""
    shown = [form.data.get(form[part].html_initial_name, "") for part in PARTS[name]]
    match name:
        case "app_ids":
            return set(split_ids(shown[0])) != set(
                split_ids(" ".join(current.integration_service_ids))
            )
        case "expired_at":
            return _moment(*shown) != _on_the_clock(current.expired_at, zone=shown[-1])
        case _:
            return _lines(shown[0]) != _lines(current.description or "")


def _moment(choice: str, day: str, at: str, zone: str) -> datetime | None:
    if choice != expiry_choice.ON_A_DATE:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(at))
    except ValueError:
        # Only a hand-made form gets here; what it showed is then unlike anything.
        return datetime.min


def _on_the_clock(moment: datetime | None, *, zone: str) -> datetime | None:
    """Return a moment as a clock there shows it, to the minute: an hour that comes twice is one."""
    if moment is None:
        return None
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except (ValueError, OSError, ZoneInfoNotFoundError, OverflowError):
        return datetime.max
    return local.replace(second=0, microsecond=0, tzinfo=None)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _in_words(field: Any) -> str:
    if isinstance(field, datetime):
        return dates.exactly(field)
    if isinstance(field, list):
        return ", ".join(field) or _("none")
    return shown(field) or _("none")

"""What a person typed for a write that was not saved, for the form that sends it anew. Never a value."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from secret_manager import Secret
from secrets_ui import conflicts, expiry_choice
from secrets_ui.forms import SecretEditForm
from secrets_ui.models import Intent

NOT_THERE = {Intent.State.NOT_SAVED, Intent.State.TAKEN}


def address(intent: Intent) -> str:
    """Return the address of the form on which a write that was not saved can be sent anew."""
    ids = [intent.organization_id, intent.secret_id]
    match intent.action:
        case "secret.created":
            return f"{reverse('secret-create', args=ids[:1])}?again={intent.nonce}"
        case "secret.changed":
            return f"{reverse('secret-update', args=ids)}?again={intent.nonce}"
        case "version.added":
            return reverse("version-create", args=ids)
        case "":
            return reverse("secret-list", args=ids[:1])
        case _:
            return reverse("secret-detail", args=ids)


def for_create(intent: Intent | None) -> dict[str, Any]:
    """Return what the form for a new secret starts with."""
    if intent is None or intent.action != "secret.created" or intent.state not in NOT_THERE:
        return {}
    wishes = _wishes(intent.wanted)
    return {
        "name": intent.secret_name,
        "description": wishes.get("description") or "",
        "app_ids": ", ".join(wishes.get("integration_service_ids", ())),
        **expiry_choice.initial_of(wishes.get("expired_at")),
    }


def for_edit(intent: Intent | None, current: Secret) -> SecretEditForm | None:
    """Return the edit form as it was typed, measured against how the secret is now."""
    is_theirs = intent is not None and intent.secret_id == current.id
    if intent is None or not is_theirs or intent.state not in NOT_THERE or not intent.wanted:
        return None
    data = QueryDict(mutable=True)
    data.update(conflicts.shown_of(replace(current, **_wishes(intent.wanted))))
    data.update({f"initial-{name}": now for name, now in conflicts.shown_of(current).items()})
    form = SecretEditForm(data)
    form.is_valid()
    return form


def _wishes(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return a journal's wishes as the fields of a secret."""
    wishes = dict(wanted)
    if "app_ids" in wishes:
        wishes["integration_service_ids"] = tuple(wishes.pop("app_ids"))
    if wishes.get("expired_at"):
        wishes["expired_at"] = datetime.fromisoformat(wishes["expired_at"])
    return wishes

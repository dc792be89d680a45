"""What people change: one function an act, each sent once and told truthfully.

Every act is recorded before and after (`audit.trail`) and noted in the journal before it is sent. An
answer that is lost is looked up; nothing is ever sent again by itself. Besides what the client raises,
they raise what `outcomes` names, and `audit.trail.TrailUnavailable`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from secret_manager import Conflict, Secret
from secrets_ui import leases, settlement
from secrets_ui.models import Intent
from secrets_ui.outcomes import ChangedMeanwhile
from secrets_ui.problems import PRECONDITION_FAILED
from secrets_ui.sending import Doing, comparing, unless_gone, write
from secrets_ui.settlement import Finding
from secrets_ui.subjects import facts_of

LABS = "abeja-platform-labs"
# How often an edit starts over because somebody wrote between our reading and our writing.
EDIT_ATTEMPTS = 3
State = Intent.State


@dataclass(frozen=True, kw_only=True)
class NewSecret:
    """What a person typed for a new secret."""

    name: str
    value: str
    description: str | None
    expired_at: datetime | None
    app_ids: list[str]


def create_secret(*, doing: Doing, new: NewSecret) -> str:
    """Create a secret with its first version and return its id."""
    connection = doing.connection

    def send() -> Finding:
        secret = connection.client.create_secret(
            connection.organization_id,
            new.name,
            new.value,
            description=new.description,
            expired_at=new.expired_at,
            integration_service_type=LABS if new.app_ids else None,
            integration_service_ids=new.app_ids or None,
            idempotency_key=doing.intent.idempotency_key.hex,
        )
        return Finding(state=State.SAVED, secret_id=secret.id)

    found = write(
        doing,
        "secret.created",
        send,
        holds=comparing(doing, new.value),
        facts={"secret_name": new.name, "wanted": settlement.wanted_fields(_typed(new))},
    )
    return found.secret_id


def update_secret(
    *,
    doing: Doing,
    secret_id: str,
    changes: Mapping[str, Any],
    is_in_the_way: Callable[[Secret], bool],
) -> None:
    """Change only the fields in `changes` (description, expired_at, app_ids); None or [] clears.

    Args:
        is_in_the_way: tells whether somebody changed one of these fields since the person saw them.

    Raises:
        ChangedMeanwhile: somebody did; nothing was sent.
        leases.StillBeingEdited: another edit of the same secret does not end.
    """
    connection = doing.connection
    organization_id = connection.organization_id
    with leases.held(organization_id=organization_id, secret_id=secret_id):
        for attempt in range(EDIT_ATTEMPTS):
            current = connection.client.get_secret(organization_id, secret_id)
            if is_in_the_way(current):
                raise ChangedMeanwhile(current)
            try:
                return _send_changes(doing, current, changes)
            except Conflict as refusal:
                wrote_in_between = refusal.code == PRECONDITION_FAILED
                if not wrote_in_between or attempt + 1 == EDIT_ATTEMPTS:
                    raise


def delete_secret(*, doing: Doing, secret: Secret) -> None:
    """Delete a secret with all its versions. It cannot be undone."""
    client, organization_id = doing.connection.client, doing.connection.organization_id

    def send() -> Finding:
        client.delete_secret(organization_id, secret.id)
        return Finding(state=State.SAVED)

    write(doing, "secret.deleted", unless_gone(doing, send), facts=facts_of(secret))


def add_version(*, doing: Doing, secret: Secret, value: str) -> None:
    """Put in a new value; the versions before it stay as they are."""
    client, organization_id = doing.connection.client, doing.connection.organization_id
    before = client.list_secret_versions(organization_id, secret.id)

    def send() -> Finding:
        version = client.create_secret_version(
            organization_id,
            secret.id,
            value,
            idempotency_key=doing.intent.idempotency_key.hex,
        )
        return Finding(state=State.SAVED, version_id=version.id)

    write(
        doing,
        "version.added",
        send,
        holds=comparing(doing, value),
        facts={**facts_of(secret), "known_version_ids": [version.id for version in before.items]},
    )


def turn_version(*, doing: Doing, secret: Secret, version_id: str, on: bool) -> None:
    """Turn one version on or off."""
    client, organization_id = doing.connection.client, doing.connection.organization_id

    def send() -> Finding:
        status = "active" if on else "inactive"
        client.update_secret_version(organization_id, secret.id, version_id, status)
        return Finding(state=State.SAVED)

    action = "version.turned_on" if on else "version.turned_off"
    write(doing, action, send, facts=facts_of(secret, version_id))


def delete_version(*, doing: Doing, secret: Secret, version_id: str) -> None:
    """Delete one version. It cannot be undone."""
    client, organization_id = doing.connection.client, doing.connection.organization_id

    def send() -> Finding:
        client.delete_secret_version(organization_id, secret.id, version_id)
        return Finding(state=State.SAVED)

    facts = facts_of(secret, version_id)
    write(doing, "version.deleted", unless_gone(doing, send), facts=facts)


def _typed(new: NewSecret) -> dict[str, Any]:
    """Return what the form gets back should it not be saved: everything but the value."""
    return {
        "description": new.description,
        "expired_at": new.expired_at,
        "app_ids": new.app_ids,
    }


def _send_changes(doing: Doing, current: Secret, changes: Mapping[str, Any]) -> None:
    sent = {name: wish for name, wish in changes.items() if name != "app_ids"}
    if "app_ids" in changes:
        sent["integration_service_ids"] = changes["app_ids"]
        sent["integration_service_type"] = LABS if changes["app_ids"] else None

    def send() -> Finding:
        doing.connection.client.update_secret(
            doing.connection.organization_id, current.id, if_match=current.etag, **sent
        )
        return Finding(state=State.SAVED)

    facts = {
        **facts_of(current),
        "before": {name: settlement.field_of(current, name) for name in changes},
        "wanted": settlement.wanted_fields(changes),
    }
    write(doing, "secret.changed", send, facts=facts)

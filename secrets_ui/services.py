"""What people do, one function an act. Whatever reveals or changes is recorded before and after.

Every function may raise what the client raises (`secret_manager.SecretManagerError`), and every act
`audit.trail.TrailUnavailable`, in which case nothing was shown and nothing was asked of the API
unless the exception says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from audit.trail import Actor, Subject, recorded
from secret_manager import (
    Listing,
    Secret,
    SecretPage,
    SecretVersion,
    UpstreamFailed,
    Value,
    check_id,
)
from secrets_ui.connection import Connection

LABS = "abeja-platform-labs"
Purpose = Literal["revealed", "copied", "downloaded"]


@dataclass(frozen=True, kw_only=True)
class NewSecret:
    """What a person typed for a new secret."""

    name: str
    value: str
    description: str | None
    expired_at: datetime | None
    app_ids: list[str]


def check_connection(*, connection: Connection, actor: Actor) -> None:
    """Make one harmless read, to learn whether the credential opens the organization."""
    with recorded(action="connection.added", actor=actor, subject=_subject(connection)):
        connection.client.get_secrets(connection.organization_id, 0, 1)


def list_secrets(*, connection: Connection, page: int, per_page: int) -> SecretPage:
    """Return one page of secrets without values; `page` counts from 1."""
    return connection.client.get_secrets(
        connection.organization_id, (page - 1) * per_page, per_page
    )


def get_secret(*, connection: Connection, secret_id: str) -> Secret:
    """Return one secret without values."""
    return connection.client.get_secret(connection.organization_id, secret_id)


def list_versions(*, connection: Connection, secret_id: str) -> Listing[SecretVersion]:
    """Return a secret's versions without values, newest first whatever the API's order."""
    found = connection.client.list_secret_versions(connection.organization_id, secret_id)
    newest_first = sorted(found.items, key=lambda each: each.version or 0, reverse=True)
    return Listing(items=tuple(newest_first), complete=found.complete)


def get_version(*, connection: Connection, secret_id: str, version_id: str) -> SecretVersion:
    """Return one version without its value."""
    return connection.client.get_secret_version(connection.organization_id, secret_id, version_id)


def read_value(
    *, connection: Connection, actor: Actor, secret: Secret, version_id: str, purpose: Purpose
) -> Value:
    """Return one value, for a person who asked to see, copy or download it."""
    subject = _subject(connection, secret, version_id)
    with recorded(action=f"value.{purpose}", actor=actor, subject=subject):
        version = connection.client.get_secret_version(
            connection.organization_id, secret.id, version_id, with_value=True
        )
        if version.value is None:
            raise UpstreamFailed("The Secret Manager answered without the value.")
    return version.value


def create_secret(*, connection: Connection, actor: Actor, new: NewSecret) -> Secret:
    """Create a secret with its first version."""
    subject = _subject(connection, detail="", secret_name=new.name)
    with recorded(action="secret.created", actor=actor, subject=subject) as act:
        secret = connection.client.create_secret(
            connection.organization_id,
            new.name,
            new.value,
            description=new.description,
            expired_at=new.expired_at,
            integration_service_type=LABS if new.app_ids else None,
            integration_service_ids=new.app_ids or None,
        )
        act.learned(secret_id=secret.id)
    return secret


def update_secret(
    *, connection: Connection, actor: Actor, secret: Secret, changes: Mapping[str, Any]
) -> None:
    """Change only the fields in `changes` (description, expired_at, app_ids); None or [] clears."""
    sent = {name: value for name, value in changes.items() if name != "app_ids"}
    if "app_ids" in changes:
        sent["integration_service_ids"] = changes["app_ids"]
        sent["integration_service_type"] = LABS if changes["app_ids"] else None
    subject = _subject(connection, secret, detail=", ".join(changes))
    with recorded(action="secret.changed", actor=actor, subject=subject):
        connection.client.update_secret(connection.organization_id, secret.id, **sent)


def delete_secret(*, connection: Connection, actor: Actor, secret: Secret) -> None:
    """Delete a secret with all its versions. It cannot be undone."""
    with recorded(action="secret.deleted", actor=actor, subject=_subject(connection, secret)):
        connection.client.delete_secret(connection.organization_id, secret.id)


def add_version(
    *, connection: Connection, actor: Actor, secret: Secret, value: str
) -> SecretVersion:
    """Put in a new value; the versions before it stay as they are."""
    subject = _subject(connection, secret)
    with recorded(action="version.added", actor=actor, subject=subject) as act:
        version = connection.client.create_secret_version(
            connection.organization_id, secret.id, value
        )
        act.learned(version_id=version.id)
    return version


def turn_version(
    *, connection: Connection, actor: Actor, secret: Secret, version_id: str, on: bool
) -> None:
    """Turn one version on or off."""
    subject = _subject(connection, secret, version_id)
    action = "version.turned_on" if on else "version.turned_off"
    with recorded(action=action, actor=actor, subject=subject):
        connection.client.update_secret_version(
            connection.organization_id, secret.id, version_id, "active" if on else "inactive"
        )


def delete_version(
    *, connection: Connection, actor: Actor, secret: Secret, version_id: str
) -> None:
    """Delete one version. It cannot be undone."""
    subject = _subject(connection, secret, version_id)
    with recorded(action="version.deleted", actor=actor, subject=subject):
        connection.client.delete_secret_version(connection.organization_id, secret.id, version_id)


def _subject(
    connection: Connection,
    secret: Secret | None = None,
    version_id: str = "",
    *,
    secret_name: str = "",
    detail: str = "",
) -> Subject:
    return Subject(
        organization_id=connection.organization_id,
        api_identity=connection.identity,
        secret_id=secret.id if secret else "",
        secret_name=_recordable(secret.name) if secret else secret_name,
        version_id=check_id(version_id, "version_id") if version_id else "",
        detail=detail,
    )


def _recordable(name: str) -> str:
    """The API's names are hostile: no control character may break a line of the trail."""
    return "".join(character for character in name if character.isprintable())[:255]

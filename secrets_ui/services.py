"""What people look at, one function an act; what they change is in `writes`.

Every function may raise what the client raises (`secret_manager.SecretManagerError`). A value is
fetched only by `read_value`, recorded before and after: it may raise `audit.trail.TrailUnavailable`.
"""

from datetime import timedelta
from typing import Literal, get_args

from django.conf import settings
from django.utils import timezone

from audit.trail import Actor, Refused, count_of, recorded
from secret_manager import (
    Listing,
    Secret,
    SecretPage,
    SecretVersion,
    UpstreamFailed,
    Value,
)
from secrets_ui.connection import Connection
from secrets_ui.subjects import facts_of, subject_of

Purpose = Literal["revealed", "copied", "downloaded"]
REVEALS = tuple(f"value.{purpose}" for purpose in get_args(Purpose))
QUOTA_WINDOW = timedelta(hours=1)


class QuotaReached(Refused):
    """Somebody asked for more values within an hour than REVEALS_PER_HOUR."""


def check_connection(*, connection: Connection, actor: Actor) -> None:
    """Make one harmless read, to learn whether the credential opens the organization."""
    with recorded(action="connection.added", actor=actor, subject=subject_of(connection)):
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
    *,
    connection: Connection,
    actor: Actor,
    secret: Secret,
    version_id: str,
    purpose: Purpose,
    reason: str = "",
) -> Value:
    """Return one value, for a person who asked to see, copy or download it.

    Raises:
        QuotaReached: they asked for so many lately that this one is refused.
    """
    subject = subject_of(connection, **facts_of(secret, version_id))
    with recorded(action=f"value.{purpose}", actor=actor, subject=subject, reason=reason):
        _insist_on_quota(actor)
        version = connection.client.get_secret_version(
            connection.organization_id, secret.id, version_id, with_value=True
        )
        if version.value is None:
            raise UpstreamFailed("The Secret Manager answered without the value.")
    return version.value


def _insist_on_quota(actor: Actor) -> None:
    """This attempt is recorded already and counts, so that several at once do not slip through."""
    if actor.person_id is None:
        return
    asked = count_of(
        person_id=actor.person_id, actions=REVEALS, since=timezone.now() - QUOTA_WINDOW
    )
    if asked > settings.REVEALS_PER_HOUR:
        raise QuotaReached

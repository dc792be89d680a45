"""What became of a write whose answer was lost: it is looked up, never sent again by itself.

With the value at hand (right after sending) the look-up is exact. Without it (the process was killed,
the person came back later) it goes by names, ids and times, and says so where that is not enough.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from secret_manager import NotFound, Secret
from secrets_ui.connection import Connection
from secrets_ui.models import Intent

State = Intent.State

# The server may commit a request that was under way when we first looked: look twice.
PAUSE_SECONDS = 1.0
# So many values are fetched at most to find out which version is ours.
COMPARED = 3
# A request that got no answer may still be carried out. Only when the server has surely let go of it
# does "not there" mean "not saved".
QUIET = timedelta(seconds=30)
GIVEN_UP = timedelta(days=1)
# How far the server's clock may be from where its answers say it is.
SKEW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a look-up says."""

    state: Intent.State
    secret_id: str = ""
    version_id: str = ""


# Tells whether a version holds the value that was sent: given the secret's and the version's id.
Holds = Callable[[str, str], bool]


@dataclass(frozen=True, kw_only=True)
class JustSent:
    """What is known right after sending, and nowhere kept.

    holds: compares one version's value with what was sent.
    has_key: the server knows what was sent by its key, so the same form makes nothing twice.
    """

    holds: Holds | None = None
    has_key: bool = False


LATER = JustSent()


def look_up(connection: Connection, intent: Intent, sent: JustSent = LATER) -> Finding:
    """Find out how `intent` ended.

    Raises:
        SecretManagerError: the API cannot be read either.
    """
    try:
        finding = _LOOKS[intent.action](connection, intent, sent)
    except NotFound:
        if intent.action == "secret.created":
            # The list itself is not found, and that says nothing about what is in it.
            raise
        # The secret is gone, and what was to be changed in it with it.
        finding = Finding(state=State.NOT_SAVED)
    is_final = sent.has_key or _age(intent) >= QUIET
    if finding.state == State.NOT_SAVED and not is_final:
        return Finding(state=State.UNKNOWN)
    return finding


def is_beyond_hope(intent: Intent) -> bool:
    """Tell whether nothing more will be learned: then a person has to look."""
    return _age(intent) > GIVEN_UP


def look_up_twice(connection: Connection, intent: Intent, sent: JustSent) -> Finding:
    """Look right after sending: a second time, after a pause, where it is not there yet."""
    finding = look_up(connection, intent, sent)
    if finding.state in {State.NOT_SAVED, State.UNKNOWN}:
        time.sleep(PAUSE_SECONDS)
        finding = look_up(connection, intent, sent)
    return finding


def _created(connection: Connection, intent: Intent, sent: JustSent) -> Finding:
    client = connection.client
    listed = client.list_secrets(intent.organization_id)
    found = next((each for each in listed.items if each.name == intent.secret_name), None)
    if found is None:
        is_readable = listed.complete and all(each.name for each in listed.items)
        return Finding(state=State.NOT_SAVED if is_readable else State.UNKNOWN)
    began, ended = _window(intent, client.clock_offset)
    if found.created_at is not None and found.created_at < began:
        return Finding(state=State.TAKEN, secret_id=found.id)
    if sent.holds:
        versions = client.list_secret_versions(intent.organization_id, found.id)
        is_ours = any(sent.holds(found.id, version.id) for version in versions.items[:COMPARED])
        if not is_ours and not versions.complete:
            return Finding(state=State.UNKNOWN, secret_id=found.id)
        return Finding(state=State.SAVED if is_ours else State.TAKEN, secret_id=found.id)
    is_ours = (
        _by_us(connection, found) and found.created_at is not None and found.created_at <= ended
    )
    return Finding(state=State.SAVED if is_ours else State.UNSURE, secret_id=found.id)


def _version_added(connection: Connection, intent: Intent, sent: JustSent) -> Finding:
    listed = connection.client.list_secret_versions(intent.organization_id, intent.secret_id)
    new = [version for version in listed.items if version.id not in intent.known_version_ids]
    for version in new[:COMPARED]:
        if sent.holds and sent.holds(intent.secret_id, version.id):
            return Finding(state=State.SAVED, version_id=version.id)
    if new and (sent.holds is None or len(new) > COMPARED):
        return Finding(state=State.UNSURE)
    return Finding(state=State.NOT_SAVED if listed.complete else State.UNKNOWN)


def _changed(connection: Connection, intent: Intent, sent: JustSent) -> Finding:
    secret = connection.client.get_secret(intent.organization_id, intent.secret_id)
    if not secret.name or secret.created_at is None:
        # An answer with holes: what is missing is not what is empty.
        return Finding(state=State.UNKNOWN)
    now = {name: field_of(secret, name) for name in intent.wanted}
    if now == intent.wanted:
        return Finding(state=State.SAVED)
    return Finding(state=State.NOT_SAVED if now == intent.before else State.UNSURE)


def _deleted(connection: Connection, intent: Intent, sent: JustSent) -> Finding:
    return _gone(lambda: connection.client.get_secret(intent.organization_id, intent.secret_id))


def _version_deleted(connection: Connection, intent: Intent, sent: JustSent) -> Finding:
    return _gone(
        lambda: connection.client.get_secret_version(
            intent.organization_id, intent.secret_id, intent.version_id
        )
    )


def _turned(connection: Connection, intent: Intent, sent: JustSent) -> Finding:
    version = connection.client.get_secret_version(
        intent.organization_id, intent.secret_id, intent.version_id
    )
    if version.status not in {"active", "inactive"}:
        return Finding(state=State.UNKNOWN)
    is_as_wanted = version.is_on == (intent.action == "version.turned_on")
    return Finding(state=State.SAVED if is_as_wanted else State.NOT_SAVED)


_LOOKS: dict[str, Callable[[Connection, Intent, JustSent], Finding]] = {
    "secret.created": _created,
    "secret.changed": _changed,
    "secret.deleted": _deleted,
    "version.added": _version_added,
    "version.turned_on": _turned,
    "version.turned_off": _turned,
    "version.deleted": _version_deleted,
}


def _gone(read: Callable[[], object]) -> Finding:
    try:
        read()
    except NotFound:
        return Finding(state=State.SAVED)
    return Finding(state=State.NOT_SAVED)


def _window(intent: Intent, server_ahead: timedelta) -> tuple[datetime, datetime]:
    """Return from when to when, by the server's clock, what was sent can have been made."""
    began = intent.claimed_at + server_ahead - SKEW
    return began, (intent.sent_at or intent.claimed_at) + server_ahead + QUIET + SKEW


def _age(intent: Intent) -> timedelta:
    return timezone.now() - (intent.sent_at or intent.claimed_at)


def _by_us(connection: Connection, secret: Secret) -> bool:
    """Compare the creator. A bearer token does not say who it belongs to, so it proves nothing."""
    ours, theirs = connection.identity, secret.user_id or ""
    return bool(ours) and ours.rpartition("-")[2] == theirs.rpartition("-")[2]


def field_of(secret: Secret, name: str) -> Any:
    """Return a field as the journal holds what it should become."""
    if name == "app_ids":
        return sorted(secret.integration_service_ids)
    if name == "expired_at":
        return secret.expired_at.isoformat() if secret.expired_at else None
    return secret.description or None


def wanted_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes as the journal keeps them: JSON, in one spelling."""
    return {name: _spelled(name, wish) for name, wish in changes.items()}


def _spelled(name: str, wish: Any) -> Any:
    if name == "app_ids":
        return sorted(wish or [])
    if name == "expired_at":
        return wish.astimezone(UTC).isoformat() if wish else None
    return wish or None

"""What people change: one function an act, each sent once and told truthfully.

Every act is recorded before and after (`audit.trail`) and noted in the journal before it is sent. An
answer that is lost is looked up; nothing is ever sent again by itself. Besides what the client raises,
they raise what `outcomes` names, and `audit.trail.TrailUnavailable`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.trail import Actor, Subject, TrailUnavailable, recorded
from secret_manager import Conflict, NotFound, Secret, SecretManagerError, Value
from secrets_ui import journal, leases, settlement
from secrets_ui.connection import Connection
from secrets_ui.models import Intent
from secrets_ui.outcomes import AlreadyGone, ChangedMeanwhile, NameTaken, NotKnownYet, NotSaved
from secrets_ui.problems import PRECONDITION_FAILED, name_is_taken
from secrets_ui.settlement import Finding, Holds, JustSent
from secrets_ui.subjects import facts_of, subject_of

LABS = "abeja-platform-labs"
# How often an edit starts over because somebody wrote between our reading and our writing.
EDIT_ATTEMPTS = 3
State = Intent.State


@dataclass(frozen=True, kw_only=True)
class Doing:
    """Who does it, over which connection, and the form it is done for."""

    connection: Connection
    actor: Actor
    intent: Intent


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

    found = _write(
        doing,
        "secret.created",
        send,
        holds=_comparing(doing, new.value),
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

    _write(doing, "secret.deleted", _unless_gone(doing, send), facts=facts_of(secret))


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

    _write(
        doing,
        "version.added",
        send,
        holds=_comparing(doing, value),
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
    _write(doing, action, send, facts=facts_of(secret, version_id))


def delete_version(*, doing: Doing, secret: Secret, version_id: str) -> None:
    """Delete one version. It cannot be undone."""
    client, organization_id = doing.connection.client, doing.connection.organization_id

    def send() -> Finding:
        client.delete_secret_version(organization_id, secret.id, version_id)
        return Finding(state=State.SAVED)

    facts = facts_of(secret, version_id)
    _write(doing, "version.deleted", _unless_gone(doing, send), facts=facts)


def settle(*, connection: Connection, actor: Actor, intent: Intent) -> Intent.State:
    """Look up an intent that was left open, without its value, and note what is found."""
    subject = subject_of(
        connection,
        secret_id=intent.secret_id,
        secret_name=intent.secret_name,
        version_id=intent.version_id,
        detail=intent.action,
    )
    still_open = State.UNSURE if settlement.is_beyond_hope(intent) else State.UNKNOWN
    try:
        with recorded(action="write.looked_up", actor=actor, subject=subject) as act:
            found = settlement.look_up(connection, intent)
            if found.state == State.UNKNOWN:
                found = Finding(state=still_open)
            act.learned(detail=f"{intent.action}: {found.state}", **_learned(found))
    except SecretManagerError:
        # It rests, so that others have their turn, and does not stay open for ever.
        _note(intent, Finding(state=still_open))
        raise
    _note(intent, found)
    return found.state


def _write(
    doing: Doing,
    action: str,
    send: Callable[[], Finding],
    *,
    facts: Mapping[str, Any],
    holds: Holds | None = None,
) -> Finding:
    """Record, note, send once, and find out how it ended."""
    lost_at = doing.intent.sent_at
    with recorded(action=action, actor=doing.actor, subject=_subject(doing, facts)) as act:
        journal.sent(doing.intent, action=action, **facts)
        try:
            found = send()
        except SecretManagerError as error:
            ours_may_have_the_name = lost_at is not None and action == "secret.created"
            is_open = error.write_may_have_happened or (
                ours_may_have_the_name and name_is_taken(error)
            )
            if not is_open:
                journal.refused(doing.intent, lost_at=lost_at)
                raise
            found = _looked_up(doing, error, holds)
        act.learned(**_learned(found))
        _note(doing.intent, found)
        _insist_on_saved(found)
    return found


def _looked_up(doing: Doing, error: SecretManagerError, holds: Holds | None) -> Finding:
    try:
        sent = JustSent(holds=holds, has_key=error.idempotency_key_sent)
        return settlement.look_up_twice(doing.connection, doing.intent, sent)
    except SecretManagerError:
        journal.not_known(doing.intent)
        raise NotKnownYet(request_id=error.request_id) from None
    except TrailUnavailable:
        # The comparison could not be recorded, but what was sent was sent.
        journal.not_known(doing.intent)
        raise TrailUnavailable(act_was_done=True) from None


def _note(intent: Intent, found: Finding) -> None:
    if found.state == State.UNKNOWN:
        journal.not_known(intent)
    else:
        journal.settled(intent, found.state, **_learned(found))


def _insist_on_saved(found: Finding) -> None:
    match found.state:
        case State.NOT_SAVED:
            raise NotSaved
        case State.TAKEN:
            raise NameTaken
        case State.UNKNOWN | State.UNSURE:
            raise NotKnownYet


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
    _write(doing, "secret.changed", send, facts=facts)


def _unless_gone(doing: Doing, send: Callable[[], Finding]) -> Callable[[], Finding]:
    """A 404 to our first and only attempt means that somebody else was faster."""
    ours_may_have_deleted_it = doing.intent.sent_at is not None

    def attempt() -> Finding:
        try:
            return send()
        except NotFound as error:
            if ours_may_have_deleted_it:
                return Finding(state=State.SAVED)
            raise AlreadyGone(request_id=error.request_id, status=error.status) from None

    return attempt


def _comparing(doing: Doing, value: str) -> Holds:
    """Return how to tell our version from another's: its value is fetched, which is recorded too."""
    wanted = Value.of_text(value)

    def holds(secret_id: str, version_id: str) -> bool:
        subject = _subject(doing, {"secret_id": secret_id, "version_id": version_id})
        with recorded(action="value.compared", actor=doing.actor, subject=subject):
            version = doing.connection.client.get_secret_version(
                doing.connection.organization_id, secret_id, version_id, with_value=True
            )
        if version.value is None:
            # An answer with holes tells neither that it is ours nor that it is not.
            raise NotKnownYet
        return version.value == wanted

    return holds


def _subject(doing: Doing, facts: Mapping[str, Any]) -> Subject:
    """The trail gets the names of changed fields, the journal what they should become."""
    named = {key: facts[key] for key in ("secret_id", "secret_name", "version_id") if key in facts}
    changed = facts.get("before", {})
    return subject_of(doing.connection, **named, detail=", ".join(changed))


def _learned(found: Finding) -> dict[str, str]:
    ids = {"secret_id": found.secret_id, "version_id": found.version_id}
    return {name: found_id for name, found_id in ids.items() if found_id}

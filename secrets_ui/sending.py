"""How a write is sent: recorded, noted, sent once, and its outcome found out.

`writes` says what is sent; this is the same for every act. Nothing is ever sent again by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.trail import Actor, Subject, TrailUnavailable, recorded
from secret_manager import NotFound, SecretManagerError, Value
from secrets_ui import journal, settlement
from secrets_ui.catalog import current
from secrets_ui.connection import Connection
from secrets_ui.models import Intent
from secrets_ui.outcomes import AlreadyGone, NameTaken, NotKnownYet, NotSaved
from secrets_ui.problems import name_is_taken
from secrets_ui.settlement import Finding, Holds, JustSent
from secrets_ui.subjects import subject_of

State = Intent.State


@dataclass(frozen=True, kw_only=True)
class Doing:
    """Who does it, over which connection, for which form, and why where they say so."""

    connection: Connection
    actor: Actor
    intent: Intent
    reason: str = ""


def write(
    doing: Doing,
    action: str,
    send: Callable[[], Finding],
    *,
    facts: Mapping[str, Any],
    holds: Holds | None = None,
) -> Finding:
    """Record, note, send once, and find out how it ended."""
    lost_at = doing.intent.sent_at
    with recorded(
        action=action, actor=doing.actor, subject=_subject(doing, facts), reason=doing.reason
    ) as act:
        journal.sent(doing.intent, action=action, **facts)
        try:
            found = send()
        except SecretManagerError as error:
            current.touched(doing.connection, doing.intent.secret_id)
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
        current.touched(doing.connection, found.secret_id or doing.intent.secret_id)
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
    current.touched(connection, found.secret_id or intent.secret_id)
    return found.state


def unless_gone(doing: Doing, send: Callable[[], Finding]) -> Callable[[], Finding]:
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


def comparing(doing: Doing, value: str) -> Holds:
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

"""The trail in plain words: what each action and each outcome is called on pages and in exports."""

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

from audit.models import Outcome

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Phrase(NamedTuple):
    """What an action is called where it was done, and where that did not happen or is not known."""

    done: "StrOrPromise"
    tried: "StrOrPromise"


class Group(NamedTuple):
    """Actions that belong together. `key` stands for all of them in an address."""

    key: str
    label: "StrOrPromise"
    everything: "StrOrPromise"
    phrases: dict[str, Phrase]


GROUPS = (
    Group(
        "values",
        _("Values"),
        _("Everything about values"),
        {
            "value.revealed": Phrase(_("Showed the value"), _("Tried to show the value")),
            "value.copied": Phrase(_("Copied the value"), _("Tried to copy the value")),
            "value.downloaded": Phrase(_("Downloaded the value"), _("Tried to download the value")),
            "value.compared": Phrase(
                _("Read the value to compare it"),
                _("Tried to read the value to compare it"),
            ),
        },
    ),
    Group(
        "secrets",
        _("Secrets"),
        _("Everything about secrets"),
        {
            "secret.created": Phrase(_("Created the secret"), _("Tried to create the secret")),
            "secret.changed": Phrase(_("Edited the details"), _("Tried to edit the details")),
            "secret.deleted": Phrase(_("Deleted the secret"), _("Tried to delete the secret")),
            "notes.changed": Phrase(_("Edited the notes"), _("Tried to edit the notes")),
            "notes.adopted": Phrase(
                _("Took over the notes of an earlier secret"),
                _("Tried to take over the notes of an earlier secret"),
            ),
            "notes.dismissed": Phrase(
                _("Forgot the notes of an earlier secret"),
                _("Tried to forget the notes of an earlier secret"),
            ),
            "write.looked_up": Phrase(
                _("Looked up a lost answer"),
                _("Tried to look up a lost answer"),
            ),
        },
    ),
    Group(
        "versions",
        _("Versions"),
        _("Everything about versions"),
        {
            "version.added": Phrase(_("Put in a new value"), _("Tried to put in a new value")),
            "version.turned_on": Phrase(_("Turned on a version"), _("Tried to turn on a version")),
            "version.turned_off": Phrase(
                _("Turned off a version"), _("Tried to turn off a version")
            ),
            "version.deleted": Phrase(_("Deleted a version"), _("Tried to delete a version")),
        },
    ),
    Group(
        "connections",
        _("Connections"),
        _("Everything about connections"),
        {
            "connection.added": Phrase(
                _("Connected the organization"), _("Tried to connect the organization")
            ),
            "connection.forgotten": Phrase(
                _("Forgot the connection"), _("Tried to forget the connection")
            ),
        },
    ),
    Group(
        "people",
        _("People and access"),
        _("Everything about people and access"),
        {
            "person.signed_in": Phrase(_("Signed in"), _("Tried to sign in")),
            "person.signed_out": Phrase(_("Signed out"), _("Tried to sign out")),
            "person.confirmed": Phrase(
                _("Proved again who they are"), _("Tried to prove again who they are")
            ),
            "person.added": Phrase(_("Added a person"), _("Tried to add a person")),
            "person.changed": Phrase(_("Changed who gets in"), _("Tried to change who gets in")),
            "role.changed": Phrase(_("Changed a role"), _("Tried to change a role")),
            "sessions.ended": Phrase(
                _("Ended a person’s sessions"), _("Tried to end a person’s sessions")
            ),
            "access.refused": Phrase(_("Was refused access"), _("Was refused access")),
        },
    ),
    Group(
        "notices",
        _("Notices"),
        _("Everything about notices"),
        {
            "notices.sent": Phrase(
                _("Sent notices of secrets that expire"),
                _("Tried to send notices of secrets that expire"),
            ),
        },
    ),
    Group(
        "trail",
        _("Audit trail"),
        _("Everything about the audit trail"),
        {
            "trail.exported": Phrase(
                _("Exported the audit trail"), _("Tried to export the audit trail")
            ),
            "trail.pruned": Phrase(
                _("Archived the oldest entries"), _("Tried to archive the oldest entries")
            ),
        },
    ),
)
PHRASES = {action: phrase for group in GROUPS for action, phrase in group.phrases.items()}

OUTCOMES: dict[str, "StrOrPromise"] = {
    Outcome.OK: _("Done"),
    Outcome.DENIED: _("Refused"),
    Outcome.FAILED: _("Failed"),
    Outcome.UNKNOWN: _("Not known"),
    Outcome.ATTEMPTED: _("No outcome recorded"),
}

# How `detail` names what was edited.
FIELDS: dict[str, "StrOrPromise"] = {
    "description": _("description"),
    "expired_at": _("expiry"),
    "app_ids": _("apps"),
    "owner": _("owner"),
    "labels": _("labels"),
    "how_to_renew": _("how to renew it"),
}
# How `detail` says what a look-up found.
FINDINGS: dict[str, "StrOrPromise"] = {
    "saved": _("it was saved"),
    "not_saved": _("it was not saved"),
    "taken": _("the name was taken"),
    "unsure": _("not to be told"),
    "unknown": _("not known yet"),
}


def phrase(action: str, outcome: str) -> str:
    """Return what somebody did, or tried to do; an action without words is shown as it is."""
    known = PHRASES.get(action)
    if known is None:
        return action
    return str(known.done if outcome == Outcome.OK else known.tried)


def about(action: str, detail: str) -> str:
    """Return what a line's `detail` says: field names and findings in words, all else as it is."""
    if action in {"secret.changed", "notes.changed"}:
        return ", ".join(str(FIELDS.get(name, name)) for name in detail.split(", "))
    if action == "write.looked_up":
        looked_up, _colon, found = detail.partition(": ")
        words = phrase(looked_up, Outcome.ATTEMPTED)
        return f"{words}: {FINDINGS.get(found, found)}" if found else words
    return detail


def actions_of(choice: str) -> tuple[str, ...]:
    """Return the actions that a choice of the filter stands for: those of a group, or itself."""
    for group in GROUPS:
        if choice == group.key:
            return tuple(group.phrases)
    return (choice,) if choice else ()

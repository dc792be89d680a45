"""Reading and changing a secret's note, and taking over that of an earlier secret of its name.

Every change is recorded before and after, and may raise `audit.trail.TrailUnavailable`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit.trail import Act, Actor, Refused, recorded
from secret_manager import Secret
from secrets_ui.connection import Connection
from secrets_ui.models import Note
from secrets_ui.notes import index
from secrets_ui.notes.fields import NOTHING, Fields
from secrets_ui.subjects import facts_of, recordable, subject_of


class ChangedMeanwhile(Refused):
    """Somebody changed a field that this person changes, too. Nothing is saved.

    `current` is how it is now; `fields` names those that are in the way.
    """

    def __init__(self, current: Fields, fields: list[str]) -> None:
        super().__init__("Changed by somebody else meanwhile.")
        self.current = current
        self.fields = fields


class NothingOffered(Refused):
    """That earlier note is gone, or the secret has one of its own by now."""


def find(*, connection: Connection, secret: Secret) -> Note | None:
    """Return what is kept about a secret, and its owner."""
    return _note_of(connection, secret).select_related("owner").first()


def fields_of(note: Note | None) -> Fields:
    """Return what a note says."""
    if note is None:
        return NOTHING
    return Fields(owner=note.owner_id, labels=tuple(note.labels), how_to_renew=note.how_to_renew)


def change(
    *, connection: Connection, actor: Actor, secret: Secret, seen: Fields, wanted: Fields
) -> None:
    """Save the fields in which `wanted` differs from `seen`, which is what the person was shown.

    Raises:
        ChangedMeanwhile: one of these fields is no longer as it was shown, nor as it is wanted.
    """
    changed = wanted.changed_from(seen)
    if not changed:
        return
    _insist_on_unmoved(_note_of(connection, secret).first(), seen, wanted)
    with _recorded("notes.changed", connection, actor, secret, detail=", ".join(changed)):
        note, _is_new = (
            _note_of(connection, secret)
            .select_for_update()
            .get_or_create(organization_id=connection.organization_id, secret_id=secret.id)
        )
        # Once more, now that nobody else can change it.
        _insist_on_unmoved(note, seen, wanted)
        _write(note, secret, {name: getattr(wanted, name) for name in changed})


def offered(*, connection: Connection, secret: Secret) -> Note | None:
    """Return the note of an earlier secret of this name, where this one has none of its own.

    Names are unique in an organization and cannot be changed, so that earlier secret is gone.
    """
    if _note_of(connection, secret).exists():
        return None
    return _earlier(connection, secret).select_related("owner").order_by("-changed_at").first()


def adopt(*, connection: Connection, actor: Actor, secret: Secret, note_id: int) -> None:
    """Let a secret have the note that was offered for it.

    Raises:
        NothingOffered: it is not to be had any more.
    """
    with _recorded("notes.adopted", connection, actor, secret) as act:
        note = _earlier(connection, secret).select_for_update().filter(pk=note_id).first()
        if note is None:
            raise NothingOffered
        act.learned(detail=note.secret_id)
        note.secret_id = secret.id
        try:
            with transaction.atomic():
                note.save(update_fields=["secret_id"])
        except IntegrityError:
            # A secret has one note, and this one has one already.
            raise NothingOffered from None


def dismiss(*, connection: Connection, actor: Actor, secret: Secret, note_id: int) -> None:
    """Forget the note that was offered for a secret.

    Raises:
        NothingOffered: it is gone already.
    """
    with _recorded("notes.dismissed", connection, actor, secret) as act:
        note = _earlier(connection, secret).select_for_update().filter(pk=note_id).first()
        if note is None:
            raise NothingOffered
        act.learned(detail=note.secret_id)
        note.delete()


def _note_of(connection: Connection, secret: Secret) -> QuerySet[Note]:
    return Note.objects.filter(organization_id=connection.organization_id, secret_id=secret.id)


def _earlier(connection: Connection, secret: Secret) -> QuerySet[Note]:
    ours = Note.objects.filter(organization_id=connection.organization_id)
    name = _telling_name(secret)
    return ours.filter(secret_name=name).exclude(secret_id=secret.id) if name else ours.none()


def _telling_name(secret: Secret) -> str:
    """Return a name by which a secret is known again; none where keeping it would alter it."""
    name = recordable(secret.name)
    return name if name == secret.name else ""


def _insist_on_unmoved(note: Note | None, seen: Fields, wanted: Fields) -> None:
    current = fields_of(note)
    moved, changed = current.changed_from(seen), wanted.changed_from(seen)
    in_the_way = [
        name for name in wanted.changed_from(current) if name in moved and name in changed
    ]
    if in_the_way:
        raise ChangedMeanwhile(current, in_the_way)


def _write(note: Note, secret: Secret, changes: dict[str, object]) -> None:
    """Change a note that is held. One that says nothing any more goes."""
    if "owner" in changes:
        note.owner_id = changes.pop("owner")  # type: ignore[assignment]
    for name, wanted in changes.items():
        setattr(note, name, wanted)
    note.secret_name = _telling_name(secret)
    if fields_of(note) == NOTHING:
        note.delete()
    else:
        note.save()


@contextmanager
def _recorded(
    action: str, connection: Connection, actor: Actor, secret: Secret, *, detail: str = ""
) -> Iterator[Act]:
    """Record the attempt, change all of it or nothing, record the outcome."""
    subject = subject_of(connection, **facts_of(secret), detail=detail)
    with recorded(action=action, actor=actor, subject=subject) as act:
        with transaction.atomic():
            yield act
        index.forget(connection.organization_id)

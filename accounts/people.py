"""What an administrator does about people. Each is recorded before and after."""

from accounts.entry import end_sessions, give_role
from accounts.models import Person
from accounts.roles import Role
from audit.trail import Actor, Refused, Subject, recorded


class LastAdministrator(Refused):
    """Nobody would be left who may look after people."""


def add(*, actor: Actor, username: str, password: str, role: str) -> Person:
    """Make an account that is kept here."""
    with recorded(
        action="person.added", actor=actor, subject=Subject(detail=f"{username}: {role}")
    ):
        return Person.objects.create_user(username, password=password, role=role)


def change_role(*, actor: Actor, person: Person, role: str) -> None:
    """Give an account that is kept here another role.

    Raises:
        LastAdministrator: it is the last one's own.
    """
    if role != Role.ADMINISTRATOR:
        _insist_on_another_administrator(person)
    give_role(person, role, actor=actor)


def allow_in(*, actor: Actor, person: Person, is_active: bool) -> None:
    """Let a person sign in, or not any more; then their sessions end, too.

    Raises:
        LastAdministrator: nobody else is one.
    """
    if not is_active:
        _insist_on_another_administrator(person)
    word = "enabled" if is_active else "disabled"
    subject = Subject(detail=f"{person.display_name}: {word}")
    with recorded(action="person.changed", actor=actor, subject=subject):
        person.is_active = is_active
        person.epoch += 1
        person.save(update_fields=["is_active", "epoch"])


def end_all_sessions(*, actor: Actor, person: Person) -> None:
    """End every session of a person, on every server."""
    subject = Subject(detail=person.display_name)
    with recorded(action="sessions.ended", actor=actor, subject=subject):
        end_sessions(person)


def _insist_on_another_administrator(person: Person) -> None:
    others = Person.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exclude(pk=person.pk)
    if person.role == Role.ADMINISTRATOR and not others.exists():
        raise LastAdministrator

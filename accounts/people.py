"""What an administrator does about people. Each is recorded before and after."""

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.entry import end_sessions, role_change
from accounts.models import Person
from accounts.roles import Role
from audit.trail import Actor, Refused, Subject, recorded


class LastAdministrator(Refused):
    """Nobody would be left who may look after people."""


def add(*, actor: Actor, username: str, password: str, role: str, email: str = "") -> Person:
    """Make an account that is kept here."""
    with recorded(
        action="person.added", actor=actor, subject=Subject(detail=f"{username}: {role}")
    ):
        return Person.objects.create_user(username, email, password=password, role=role)


def change_role(*, actor: Actor, person: Person, role: str) -> None:
    """Give an account that is kept here another role.

    Raises:
        LastAdministrator: it is the last one's own.
    """
    if role == person.role:
        return
    subject = role_change(person, role)
    with recorded(action="role.changed", actor=actor, subject=subject), transaction.atomic():
        if role != Role.ADMINISTRATOR:
            _insist_on_another_administrator(person)
        person.role = role
        person.save(update_fields=["role"])


def allow_in(*, actor: Actor, person: Person, is_active: bool) -> None:
    """Let a person sign in, or not any more; then their sessions end, too.

    Raises:
        LastAdministrator: nobody else is one.
    """
    word = "enabled" if is_active else "disabled"
    subject = Subject(detail=f"{person.display_name}: {word}")
    with recorded(action="person.changed", actor=actor, subject=subject), transaction.atomic():
        if not is_active:
            _insist_on_another_administrator(person)
        person.is_active = is_active
        person.save(update_fields=["is_active"])
        end_sessions(person)


def change_password(*, actor: Actor, person: Person, password: str) -> Person:
    """Give an account that is kept here another password."""
    subject = Subject(detail=f"{person.display_name}: password")
    with recorded(action="person.changed", actor=actor, subject=subject):
        whole = Person.objects.get(pk=person.pk)
        whole.set_password(password)
        whole.save(update_fields=["password"])
    return whole


def end_all_sessions(*, actor: Actor, person: Person) -> None:
    """End every session of a person, on every server."""
    subject = Subject(detail=person.display_name)
    with recorded(action="sessions.ended", actor=actor, subject=subject):
        end_sessions(person)


def _insist_on_another_administrator(person: Person) -> None:
    """Hold all administrators until the transaction ends: of two, neither takes the other's role.

    Somebody of another AUTH_MODE is none: they do not come in.
    """
    kept_here = Q(issuer="")
    who_comes_in = kept_here if settings.AUTH_MODE == "local" else ~kept_here
    administrators = Person.objects.filter(who_comes_in, role=Role.ADMINISTRATOR, is_active=True)
    held = administrators.select_for_update().order_by("pk").values_list("pk", flat=True)
    if list(held) == [person.pk]:
        raise LastAdministrator

"""Coming in and going out: who gets a session, with which role, and what is recorded of it."""

import hashlib
import time
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone, translation

from accounts.http import client_address
from accounts.identity import Identity
from accounts.models import Person
from accounts.roles import RoleRule, parse_role_map, role_for
from audit.trail import Actor, Refused, Subject, recorded

BACKEND = "accounts.backends.CachedPersonBackend"
SIGNED_IN_AT, ROLE = "signed_in_at", "role"  # of a session
# As many characters of a name as a person and a line of the trail hold.
NAME_LENGTH = 150
EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3


class NoRole(Refused):
    """Somebody proved who they are, and ROLE_MAP gives them nothing to do here."""


def enter(request: HttpRequest, identity: Identity) -> Person:
    """Sign in whoever a single sign-on vouches for, with the role that they have there today.

    Raises:
        NoRole: they have none; whatever session there was is over.
        audit.trail.TrailUnavailable: it cannot be recorded, so nobody comes in.
    """
    person = _person_of(identity)
    actor = Actor(name=person.display_name, address=client_address(request), person_id=person.pk)
    try:
        with recorded(action="person.signed_in", actor=actor, subject=Subject()):
            give_role(person, role_of(identity), actor=actor)
            if not person.role or not person.is_active:
                raise NoRole
    except Refused:
        logout(request)
        raise
    signed_in_at = identity.signed_in_at
    begin_session(request, person, at=signed_in_at.timestamp() if signed_in_at else time.time())
    return person


def begin_session(request: HttpRequest, person: Person, *, at: float) -> None:
    """Give a person a session of their own; `at` is when they proved who they are."""
    login(request, person, backend=BACKEND)
    request.session[SIGNED_IN_AT] = at


def start_counting(request: HttpRequest, user: Person, **kwargs: Any) -> None:
    """Whichever way somebody came in: their session begins now, with the role that they have now."""
    session = request.session
    session.begin()  # type: ignore[attr-defined]
    session[SIGNED_IN_AT] = time.time()
    session[ROLE] = user.role
    # What is sent to them later is in the language that they read the pages in today.
    language = translation.get_language() or ""
    Person.objects.filter(pk=user.pk).update(last_seen_at=timezone.now(), language=language)


def give_role(person: Person, role: str, *, actor: Actor) -> None:
    """Change a person's role, and record it where it is another one."""
    if role == person.role:
        return
    with recorded(action="role.changed", actor=actor, subject=role_change(person, role)):
        person.role = role
        person.save(update_fields=["role"])


def role_change(person: Person, role: str) -> Subject:
    """Return what the trail says of a person who gets another role."""
    change = f"{person.display_name}: {person.role or '-'} to {role or '-'}"
    return Subject(detail=change)


def end_sessions(person: Person) -> None:
    """End every session of a person, wherever it is."""
    # Counted by the database: of two who do this at once, each ends what began before.
    person.epoch = F("epoch") + 1
    person.save(update_fields=["epoch"])
    person.refresh_from_db(fields=["epoch"])


def role_of(identity: Identity) -> str:
    """Return the role that ROLE_MAP gives somebody; empty where it gives none."""
    return role_for(identity, role_rules(settings.ROLE_MAP))


@lru_cache(maxsize=4)
def role_rules(text: str) -> tuple[RoleRule, ...]:
    """Return the rules of ROLE_MAP, which a system check has read before."""
    return parse_role_map(text)


@transaction.atomic
def _person_of(identity: Identity) -> Person:
    """Return the person with this issuer and subject, made at their first visit."""
    key = hashlib.sha256(f"{identity.issuer}\n{identity.subject}".encode()).hexdigest()
    name, email = identity.name[:NAME_LENGTH], identity.email[:EMAIL_LENGTH]
    person, _is_new = Person.objects.get_or_create(
        issuer=identity.issuer,
        subject=identity.subject,
        defaults={"username": f"sso-{key[:40]}", "name": name},
    )
    if person.name != name or person.email != email:
        person.name, person.email = name, email
        person.save(update_fields=["name", "email"])
    return person

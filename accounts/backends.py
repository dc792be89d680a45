"""Who a session belongs to, without a database query on every page.

A change that is made by a query (`Person.objects.filter(...).update(...)`) sends no signal and is
seen when the copy ends, after `copies.CACHED_SECONDS`; `save()` and every delete are seen at once.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from accounts import copies
from accounts.models import Person

# In the order of the model, which is how `from_db` reads them.
CACHED_FIELDS = ["id", "username", "is_active", "name", "role", "issuer", "subject"]


class CachedPersonBackend(ModelBackend):
    """Django's own accounts; the person of a session is remembered for a minute.

    The copy in the cache holds no password hash, and goes as soon as the person is saved here. Only
    the people of the active AUTH_MODE exist: who was kept here is nobody behind single sign-on.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **others: Any,
    ) -> Person | None:
        if settings.AUTH_MODE != "local":
            return None
        person = super().authenticate(request, username, password)
        return person if person is not None and person.is_kept_here else None

    def get_user(self, user_id: int) -> Person | None:
        copy = copies.find(_cache_name(user_id))
        if copy is None:
            return self._read(user_id)
        person = Person.from_db("default", CACHED_FIELDS, copy["values"])
        person.cached_session_auth_hash = copy["session_auth_hash"]
        return person

    def _read(self, user_id: int) -> Person | None:
        person = super().get_user(user_id)
        if not isinstance(person, Person) or person.is_kept_here != (settings.AUTH_MODE == "local"):
            return None
        copy = {
            "values": [getattr(person, field) for field in CACHED_FIELDS],
            "session_auth_hash": person.get_session_auth_hash(),
        }
        copies.fill(_cache_name(user_id), copy)
        return person


def forget_copies_of_changed_people() -> None:
    """Called once at start: a changed or deleted person is read afresh at the next page."""
    post_save.connect(_person_saved, sender=Person, dispatch_uid="accounts.person_saved")
    post_delete.connect(_person_deleted, sender=Person, dispatch_uid="accounts.person_deleted")


def _person_saved(
    instance: Person, created: bool, update_fields: frozenset[str] | None, **kwargs: Any
) -> None:
    # Every sign-in saves `last_login`, which no copy holds: the copy stays good.
    in_copies = {*CACHED_FIELDS, "password", "epoch"}
    copied = update_fields is None or not update_fields.isdisjoint(in_copies)
    if copied and not created:
        copies.invalidate(_cache_name(instance.pk))


def _person_deleted(instance: Person, **kwargs: Any) -> None:
    copies.invalidate(_cache_name(instance.pk))


def _cache_name(user_id: int) -> str:
    return f"accounts.person.{user_id}"

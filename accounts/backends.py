"""Who a session belongs to, without a database query on every page."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.cache import cache
from django.db.models.signals import post_delete, post_save

from accounts.models import Person

CACHED_SECONDS = 60
CACHED_FIELDS = ["id", "username", "first_name", "last_name", "is_active"]


class CachedPersonBackend(ModelBackend):
    """Django's own accounts; the person of a session is remembered for a minute.

    The copy in the cache holds no password hash, and goes as soon as the person is saved here.
    """

    def get_user(self, user_id: int) -> Person | None:
        cached = cache.get(_cache_name(user_id))
        if cached is None:
            return self._read(user_id)
        person = Person.from_db("default", CACHED_FIELDS, cached["values"])
        person.cached_session_auth_hash = cached["session_auth_hash"]
        return person

    def _read(self, user_id: int) -> Person | None:
        person = super().get_user(user_id)
        if not isinstance(person, Person):
            return None
        copy = {
            "values": [getattr(person, field) for field in CACHED_FIELDS],
            "session_auth_hash": person.get_session_auth_hash(),
        }
        cache.set(_cache_name(user_id), copy, CACHED_SECONDS)
        return person


def forget_copies_of_changed_people() -> None:
    """Called once at start: a changed or deleted person is read afresh at the next page."""
    for signal in (post_save, post_delete):
        signal.connect(_forget_copy, sender=Person, dispatch_uid="accounts.forget_copy")


def _forget_copy(instance: Person, **kwargs: Any) -> None:
    cache.delete(_cache_name(instance.pk))


def _cache_name(user_id: int) -> str:
    return f"accounts.person.{user_id}"

"""The trail as a chain: each line's code covers the line, and the code of the line before it.

The code is HMAC-SHA-256 (RFC 2104) under a key that the database does not hold. Whoever can write
to the database but has no key can change, add, remove or move no line without `audit.verification`
naming it. What only a copy elsewhere shows, a cut end, is what `audit.anchor` is for.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from audit.models import Event, Head

# How long a line waits for its turn on PostgreSQL; SQLite has its `timeout`.
LOCK_SECONDS = 20


class Link(NamedTuple):
    """A place in the chain: a line's number and code."""

    sequence: int
    mac: str


# Before the first line.
GENESIS = Link(0, "0" * 64)


class ChainBroken(Exception):
    """The end of the chain cannot be told, so nothing can be added to it."""


def append(**facts: Any) -> Event:
    """Add one line to the trail, committed when this returns.

    Raises:
        ChainBroken: there is no key, or the head is missing or is not the last line's.
        django.core.exceptions.ValidationError: a fact is longer than any fact, or is none.
        ValueError: a text cannot be encoded.
        django.db.Error: the database refuses.
    """
    with transaction.atomic(durable=True):
        return link(**facts)


def link(**facts: Any) -> Event:
    """Add one line to the trail inside a transaction that is open already."""
    head = _locked_head()
    if head != _last_line():
        raise ChainBroken("The head of the audit trail is not its last line.")
    facts |= {
        "sequence": head.sequence + 1,
        "at": timezone.now(),
        "previous": head.mac,
        "key_id": newest_key_id(),
    }
    draft = Event(**facts)
    draft.clean_fields(exclude={"mac"})  # as the database will give it back
    event = Event.objects.create(**facts, mac=mac_of(draft))
    Head.objects.filter(pk=Head.ONLY).update(sequence=event.sequence, mac=event.mac)
    return event


def _locked_head() -> Link:
    """Return the head, which nobody else moves until the transaction ends.

    SQLite has no row locks: there the transaction is IMMEDIATE, so it is the only one that writes.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    head = Head.objects.select_for_update().filter(pk=Head.ONLY).first()
    if head is None:
        raise ChainBroken("The audit trail has no head.")
    return Link(head.sequence, head.mac)


def _last_line() -> Link:
    last = Event.objects.order_by("-sequence").values_list("sequence", "mac").first()
    return Link(*last) if last else GENESIS


def keys() -> dict[str, bytes]:
    """Return the audit keys by their ids, newest first."""
    return {_id_of(key): key for key in settings.AUDIT_KEYS}


def newest_key_id() -> str:
    """Return the id of the key that new lines are made with.

    Raises:
        ChainBroken: there is none.
    """
    for key_id in keys():
        return key_id
    raise ChainBroken("AUDIT_KEYS holds no key.")


def mac_of(event: Event) -> str:
    """Return the code that this line should carry, under the key that it names.

    Raises:
        KeyError: that key is not among AUDIT_KEYS.
        ValueError: a text cannot be encoded.
    """
    return sealed(keys()[event.key_id], "event", event.previous, one_spelling(facts_of(event)))


def sealed(key: bytes, *parts: str) -> str:
    """Return the HMAC-SHA-256 of some texts, of which only the last may hold a line break."""
    return hmac.new(key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def facts_of(event: Event) -> dict[str, str | int]:
    """Return all that a line records, without its place in the chain's `previous` and `mac`.

    Facts that are missing are left out, so that a kind of fact that is added later leaves the codes
    of older lines as they are.
    """
    return {
        field.attname: _plain(getattr(event, field.attname))
        for field in event._meta.concrete_fields
        if field.attname not in {"previous", "mac"}
        and getattr(event, field.attname) != _missing(field)
    }


def one_spelling(facts: dict[str, str | int]) -> str:
    """Return facts as JSON that nobody can write in two ways."""
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _missing(field: models.Field) -> str | None:
    return None if field.null else ""


def _plain(fact: Any) -> str | int:
    if isinstance(fact, datetime):
        return fact.astimezone(UTC).isoformat(timespec="microseconds")
    return str(fact) if isinstance(fact, UUID) else fact


@cache
def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"audit key id\n" + key).hexdigest()[:16]

"""From the API's documents to our types. Liberal: only what makes an object useless is refused.

Missing, null, unknown and wrongly typed fields become None; an entry of a list without a usable id
is dropped and counted; an answer that has no usable object at all raises Unreadable.
Values are left out everywhere but in `read_version(with_value=True)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from .answers import Unreadable
from .rules import is_id
from .scrub import clean_text
from .types import Secret, SecretPage, SecretVersion, VersionPage
from .values import Value

Item = TypeVar("Item")


def read_secret(
    document: Any, *, organization_id: str, secret_id: str | None = None, etag: str | None = None
) -> Secret:
    """Read one secret; raise Unreadable where there is none.

    secret_id: the one that was asked for; another one is no answer. None where it is a new one.
    """
    secret = _secret(document, organization_id)
    if secret is None or secret_id not in {None, secret.id}:
        raise Unreadable
    return replace(secret, etag=etag)


def read_version(
    document: Any,
    *,
    organization_id: str,
    secret_id: str,
    version_id: str | None = None,
    with_value: bool = False,
) -> SecretVersion:
    """Read one version, with its value only if asked to; raise Unreadable where there is none.

    version_id: as secret_id in `read_secret`. A version of another secret is no answer either: its
    value would be shown under the wrong name.
    """
    version = _version(document, organization_id, secret_id, with_value=with_value)
    if version is None or version.secret_id != secret_id:
        raise Unreadable
    if version_id not in {None, version.id}:
        raise Unreadable
    return version


def read_secret_page(document: Any, *, organization_id: str, offset: int, limit: int) -> SecretPage:
    """Read one page of secrets; raise Unreadable where there is no list."""
    fields = _object(document)
    secrets, dropped = _entries(fields, "secrets", lambda one: _secret(one, organization_id))
    paging = _paging(fields, offset=offset, limit=limit, received=len(secrets) + dropped)
    return SecretPage(
        organization_id=_id(fields.get("organization_id")) or organization_id,
        secrets=secrets,
        dropped=dropped,
        **paging,
    )


def read_version_page(
    document: Any, *, organization_id: str, secret_id: str, offset: int, limit: int
) -> VersionPage:
    """Read one page of versions; raise Unreadable where there is no list."""
    fields = _object(document)
    versions, dropped = _entries(
        fields, "versions", lambda one: _version(one, organization_id, secret_id)
    )
    paging = _paging(fields, offset=offset, limit=limit, received=len(versions) + dropped)
    return VersionPage(
        versions=versions,
        count=_int(_pagination(fields).get("count")),
        dropped=dropped,
        **paging,
    )


def read_message(document: Any) -> str:
    """Read what a deletion says, on one line; "" where it says nothing."""
    text = _text(document.get("message")) if isinstance(document, dict) else None
    return clean_text(text or "")


def _secret(document: Any, organization_id: str) -> Secret | None:
    if not isinstance(document, dict) or (secret_id := _id(document.get("id"))) is None:
        return None
    organization_id = _id(document.get("organization_id")) or organization_id
    return Secret(
        id=secret_id,
        organization_id=organization_id,
        user_id=_id(document.get("user_id")),
        name=_text(document.get("name")) or "",
        description=_text(document.get("description")),
        expired_at=_moment(document.get("expired_at")),
        integration_service_type=_text(document.get("integration_service_type")),
        integration_service_ids=_ids(document.get("integration_service_ids")),
        properties=document.get("properties"),
        provider=_text(document.get("provider")),
        rotation=_bool(document.get("rotation")),
        created_at=_moment(document.get("created_at")),
        updated_at=_moment(document.get("updated_at")),
        versions=_nested_versions(document.get("versions"), organization_id, secret_id),
    )


def _version(
    document: Any, organization_id: str, secret_id: str, *, with_value: bool = False
) -> SecretVersion | None:
    if not isinstance(document, dict) or (version_id := _id(document.get("id"))) is None:
        return None
    value = _text(document.get("value")) if with_value else None
    return SecretVersion(
        id=version_id,
        organization_id=_id(document.get("organization_id")) or organization_id,
        secret_id=_id(document.get("secret_id")) or secret_id,
        version=_int(document.get("version")),
        status=_text(document.get("status")),
        value=None if value is None else Value.from_wire(value),
        provider=_text(document.get("provider")),
        created_at=_moment(document.get("created_at")),
        updated_at=_moment(document.get("updated_at")),
    )


def _nested_versions(
    documents: Any, organization_id: str, secret_id: str
) -> tuple[SecretVersion, ...] | None:
    if not isinstance(documents, list):
        return None
    read = (_version(one, organization_id, secret_id) for one in documents)
    return tuple(version for version in read if version is not None)


def _object(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise Unreadable
    return document


def _entries(
    fields: dict[str, Any], key: str, read: Callable[[Any], Item | None]
) -> tuple[tuple[Item, ...], int]:
    # null is how some servers write an empty list; a list that is not there at all is no answer.
    documents = fields.get(key, False)
    if documents is None:
        return (), 0
    if not isinstance(documents, list):
        raise Unreadable
    items = tuple(item for item in map(read, documents) if item is not None)
    return items, len(documents) - len(items)


def _paging(fields: dict[str, Any], *, offset: int, limit: int, received: int) -> dict[str, Any]:
    """At the top for secrets, under `pagination` for versions: take them from either."""
    nested = _pagination(fields)

    def first(key: str, read: Callable[[Any], Item | None], otherwise: Item) -> Item:
        found = (read(place.get(key)) for place in (fields, nested))
        return next((value for value in found if value is not None), otherwise)

    limit = first("limit", _int, limit)
    return {
        "offset": first("offset", _int, offset),
        "limit": limit,
        "has_next": first("has_next", _bool, received >= limit),
    }


def _pagination(fields: dict[str, Any]) -> dict[str, Any]:
    nested = fields.get("pagination")
    return nested if isinstance(nested, dict) else {}


def _id(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**20:
        value = str(value)
    return value if is_id(value) else None


def _ids(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return ()
    found = (_id(one.strip() if isinstance(one, str) else one) for one in value)
    return tuple(one for one in found if one is not None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _int(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    return value if is_count else None


def _moment(value: Any) -> datetime | None:
    """An ISO 8601 moment in UTC; without an offset it is taken as UTC; anything else gives None."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

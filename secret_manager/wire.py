"""From the API's documents to our types. Liberal: only what makes an object useless is refused.

Missing, null, unknown and wrongly typed fields become None; an entry of a list without a usable id
is dropped and counted; an answer that has no usable object at all raises Unreadable.
Values are left out everywhere but in `read_version(with_value=True)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from . import fields
from .answers import Unreadable
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
    page = read_object(document)
    secrets, dropped = read_entries(page, "secrets", lambda one: _secret(one, organization_id))
    paging = read_paging(page, offset=offset, limit=limit, received=len(secrets) + dropped)
    return SecretPage(
        organization_id=fields.identifier(page.get("organization_id")) or organization_id,
        secrets=secrets,
        dropped=dropped,
        **paging,
    )


def read_version_page(
    document: Any, *, organization_id: str, secret_id: str, offset: int, limit: int
) -> VersionPage:
    """Read one page of versions; raise Unreadable where there is no list."""
    page = read_object(document)
    versions, dropped = read_entries(
        page, "versions", lambda one: _version(one, organization_id, secret_id)
    )
    paging = read_paging(page, offset=offset, limit=limit, received=len(versions) + dropped)
    return VersionPage(
        versions=versions,
        count=fields.whole_number(_pagination(page).get("count")),
        dropped=dropped,
        **paging,
    )


def read_message(document: Any) -> str:
    """Read what a deletion says, on one line; "" where it says nothing."""
    text = fields.text(document.get("message")) if isinstance(document, dict) else None
    return clean_text(text or "")


def _secret(document: Any, organization_id: str) -> Secret | None:
    if (
        not isinstance(document, dict)
        or (secret_id := fields.identifier(document.get("id"))) is None
    ):
        return None
    organization_id = fields.identifier(document.get("organization_id")) or organization_id
    return Secret(
        id=secret_id,
        organization_id=organization_id,
        user_id=fields.identifier(document.get("user_id")),
        name=fields.text(document.get("name")) or "",
        description=fields.text(document.get("description")),
        expired_at=fields.moment(document.get("expired_at")),
        integration_service_type=fields.text(document.get("integration_service_type")),
        integration_service_ids=fields.identifiers(document.get("integration_service_ids")),
        properties=document.get("properties"),
        provider=fields.text(document.get("provider")),
        rotation=fields.boolean(document.get("rotation")),
        created_at=fields.moment(document.get("created_at")),
        updated_at=fields.moment(document.get("updated_at")),
        versions=_nested_versions(document.get("versions"), organization_id, secret_id),
    )


def _version(
    document: Any, organization_id: str, secret_id: str, *, with_value: bool = False
) -> SecretVersion | None:
    if (
        not isinstance(document, dict)
        or (version_id := fields.identifier(document.get("id"))) is None
    ):
        return None
    value = fields.text(document.get("value")) if with_value else None
    return SecretVersion(
        id=version_id,
        organization_id=fields.identifier(document.get("organization_id")) or organization_id,
        secret_id=fields.identifier(document.get("secret_id")) or secret_id,
        version=fields.whole_number(document.get("version")),
        status=fields.text(document.get("status")),
        value=None if value is None else Value.from_wire(value),
        provider=fields.text(document.get("provider")),
        created_at=fields.moment(document.get("created_at")),
        updated_at=fields.moment(document.get("updated_at")),
    )


def _nested_versions(
    documents: Any, organization_id: str, secret_id: str
) -> tuple[SecretVersion, ...] | None:
    if not isinstance(documents, list):
        return None
    read = (_version(one, organization_id, secret_id) for one in documents)
    return tuple(version for version in read if version is not None)


def read_object(document: Any) -> dict[str, Any]:
    """Return the document as an object; raise Unreadable where it is none."""
    if not isinstance(document, dict):
        raise Unreadable
    return document


def read_entries(
    page: dict[str, Any], key: str, read: Callable[[Any], Item | None]
) -> tuple[tuple[Item, ...], int]:
    """Return the usable entries of a page's list and how many were not; raise Unreadable without one."""
    # null is how some servers write an empty list; a list that is not there at all is no answer.
    documents = page.get(key, False)
    if documents is None:
        return (), 0
    if not isinstance(documents, list):
        raise Unreadable
    items = tuple(item for item in map(read, documents) if item is not None)
    return items, len(documents) - len(items)


def read_paging(page: dict[str, Any], *, offset: int, limit: int, received: int) -> dict[str, Any]:
    """Where a page is: told at the top for secrets, under `pagination` for versions; either will do."""
    nested = _pagination(page)

    def first(key: str, read: Callable[[Any], Item | None], otherwise: Item) -> Item:
        found = (read(place.get(key)) for place in (page, nested))
        return next((value for value in found if value is not None), otherwise)

    limit = first("limit", fields.whole_number, limit)
    return {
        "offset": first("offset", fields.whole_number, offset),
        "limit": limit,
        "has_next": first("has_next", fields.boolean, received >= limit),
    }


def _pagination(page: dict[str, Any]) -> dict[str, Any]:
    nested = page.get("pagination")
    return nested if isinstance(nested, dict) else {}

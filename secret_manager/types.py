"""What the client hands out: plain frozen objects, never wire dictionaries."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from .values import Value

Item = TypeVar("Item")


class Unset(enum.Enum):
    """The type of UNSET: leave this field as it is. None is different: it clears the field."""

    UNSET = enum.auto()

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """One version of a secret. `value` is None unless this one value was asked for."""

    id: str
    organization_id: str
    secret_id: str
    version: int | None = None
    status: str | None = None
    value: Value | None = field(default=None, hash=False)
    provider: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def is_on(self) -> bool:
        return self.status == "active"

    def as_dict(self) -> dict[str, Any]:
        """The API document's shape, the value decoded. A value that is not text gives None: as
        base64 it would pass for the value itself and be saved encoded twice."""
        return {
            "id": self.id,
            "organization_id": self.organization_id,
            "secret_id": self.secret_id,
            "value": self.value.text if self.value and self.value.is_text else None,
            "version": self.version,
            "status": self.status,
            "provider": self.provider,
            "created_at": _iso(self.created_at),
            "updated_at": _iso(self.updated_at),
        }


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret without its values. `versions` is None where the answer did not tell.

    etag: which state of the secret this is, for `update_secret(if_match=…)`; None where the server
        does not say. It describes the answer, so two equal secrets may have different ones.
    """

    id: str
    organization_id: str
    user_id: str | None = None
    name: str = ""
    description: str | None = None
    expired_at: datetime | None = None
    integration_service_type: str | None = None
    integration_service_ids: tuple[str, ...] = ()
    properties: Any = field(default=None, hash=False)
    provider: str | None = None
    rotation: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    versions: tuple[SecretVersion, ...] | None = None
    etag: str | None = field(default=None, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """The API document's shape."""
        return {
            "id": self.id,
            "organization_id": self.organization_id,
            "user_id": self.user_id,
            "name": self.name,
            "description": self.description,
            "properties": self.properties,
            "provider": self.provider,
            "rotation": self.rotation,
            "integration_service_type": self.integration_service_type,
            "integration_service_ids": list(self.integration_service_ids),
            "expired_at": _iso(self.expired_at),
            "created_at": _iso(self.created_at),
            "updated_at": _iso(self.updated_at),
            "versions": None
            if self.versions is None
            else [version.as_dict() for version in self.versions],
        }


@dataclass(frozen=True, slots=True)
class SecretPage:
    """One page of secrets. dropped: how many entries could not be used (no usable id)."""

    organization_id: str
    secrets: tuple[Secret, ...]
    offset: int
    limit: int
    has_next: bool
    dropped: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The API document's shape."""
        return {
            "organization_id": self.organization_id,
            "secrets": [secret.as_dict() for secret in self.secrets],
            "offset": self.offset,
            "limit": self.limit,
            "has_next": self.has_next,
        }


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One page of versions. count: the server's, or None. dropped: as in SecretPage."""

    versions: tuple[SecretVersion, ...]
    count: int | None
    offset: int
    limit: int
    has_next: bool
    dropped: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The API document's shape."""
        return {
            "versions": [version.as_dict() for version in self.versions],
            "pagination": {
                "count": self.count,
                "has_next": self.has_next,
                "limit": self.limit,
                "offset": self.offset,
            },
        }


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """All pages together, each id once.

    complete: False where a guard ended the reading early or entries had to be dropped, so that a
        page can say that the list may be incomplete.
    """

    items: tuple[Item, ...]
    complete: bool
    dropped: int = 0

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def _iso(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

"""What a long list needs of each secret: a light tuple instead of a `Secret` with all its versions.

Reading ten thousand secrets is mostly reading JSON; what is made of it must not cost more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from . import fields, wire
from .types import Secret


class Summary(NamedTuple):
    """One secret, without any value. Moments are whole seconds since 1970, None where there is none.

    versions: how many there are. on: how many of them are on, None where the API did not list them.
    current_id, current_number, value_at: the newest version that is on, if any, and when it came.
    """

    id: str
    name: str
    description: str
    user_id: str
    app_ids: tuple[str, ...]
    expired_at: int | None
    created_at: int | None
    updated_at: int | None
    on: int | None
    versions: int
    current_id: str
    current_number: int | None
    value_at: int | None


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """One page of summaries. received: how many entries came, those that could not be used included."""

    summaries: tuple[Summary, ...]
    received: int
    has_next: bool

    @property
    def dropped(self) -> int:
        return self.received - len(self.summaries)


def summary_of(secret: Secret) -> Summary:
    """Return the summary of a secret that was read by itself."""
    versions = secret.versions or ()
    on = [version for version in versions if version.is_on]
    current = max(on, key=lambda version: version.version or 0, default=None)
    return Summary(
        id=secret.id,
        name=secret.name,
        description=secret.description or "",
        user_id=secret.user_id or "",
        app_ids=secret.integration_service_ids,
        expired_at=_seconds(secret.expired_at),
        created_at=_seconds(secret.created_at),
        updated_at=_seconds(secret.updated_at),
        on=None if secret.versions is None else len(on),
        versions=len(versions),
        current_id=current.id if current else "",
        current_number=current.version if current else None,
        value_at=_seconds(current.created_at) if current else None,
    )


def read_summary_page(document: Any, *, offset: int, limit: int) -> SummaryPage:
    """Read one page of secrets as summaries; raise Unreadable where there is no list."""
    page = wire.read_object(document)
    summaries, dropped = wire.read_entries(page, "secrets", _summary)
    received = len(summaries) + dropped
    paging = wire.read_paging(page, offset=offset, limit=limit, received=received)
    return SummaryPage(summaries=summaries, received=received, has_next=paging["has_next"])


# From here on ten thousand secrets pass: exact types and no helpers that a line can do without.


def _summary(document: Any) -> Summary | None:
    if type(document) is not dict or (secret_id := fields.identifier(document.get("id"))) is None:
        return None
    get = document.get
    name, description, user_id = get("name"), get("description"), get("user_id")
    versions, on, current_id, current = _versions(get("versions"))
    return Summary(
        secret_id,
        name if type(name) is str else "",
        description if type(description) is str else "",
        _shared(user_id) if type(user_id) is str else fields.identifier(user_id) or "",
        _app_ids(get("integration_service_ids")),
        fields.seconds(get("expired_at")),
        fields.seconds(get("created_at")),
        fields.seconds(get("updated_at")),
        on,
        versions,
        current_id,
        fields.whole_number(current.get("version")),
        fields.seconds(current.get("created_at")),
    )


def _versions(documents: Any) -> tuple[int, int | None, str, dict[str, Any]]:
    """Return how many versions there are, how many are on, and the newest that is on ({} if none)."""
    if type(documents) is not list:
        return 0, None, "", {}
    count, on, newest, current_id = 0, 0, -1, ""
    current: dict[str, Any] = {}
    for document in documents:
        if type(document) is not dict:
            continue
        version_id = fields.identifier(document.get("id"))
        if version_id is None:
            continue
        count += 1
        if document.get("status") == "active":
            on += 1
            number = fields.whole_number(document.get("version")) or 0
            if number > newest:
                newest, current_id, current = number, version_id, document
    return count, on, current_id, current


def _app_ids(value: Any) -> tuple[str, ...]:
    if not value:
        return ()
    if type(value) is list and all([type(one) is str for one in value]):
        return tuple([found for one in value if (found := _shared(one.strip()))])
    return fields.identifiers(value)


@lru_cache(maxsize=4096)
def _shared(text: str) -> str:
    """Return a usable id or nothing: few people and apps stand in many secrets, so once is enough."""
    return fields.identifier(text) or ""


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())

"""What a long list needs of each secret: a light tuple instead of a `Secret` with all its versions.

Reading ten thousand secrets is mostly reading JSON; what is made of it must not cost more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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


def _summary(document: Any) -> Summary | None:
    if not isinstance(document, dict):
        return None
    get = document.get
    secret_id = fields.identifier(get("id"))
    if secret_id is None:
        return None
    versions, on, current = _versions(get("versions"))
    return Summary(
        secret_id,
        fields.text(get("name")) or "",
        fields.text(get("description")) or "",
        fields.identifier(get("user_id")) or "",
        fields.identifiers(get("integration_service_ids")),
        _seconds(fields.moment(get("expired_at"))),
        _seconds(fields.moment(get("created_at"))),
        _seconds(fields.moment(get("updated_at"))),
        on,
        versions,
        fields.identifier(current.get("id")) or "",
        fields.whole_number(current.get("version")),
        _seconds(fields.moment(current.get("created_at"))),
    )


def _versions(documents: Any) -> tuple[int, int | None, dict[str, Any]]:
    """Return how many versions there are, how many are on, and the newest that is on ({} if none)."""
    if not isinstance(documents, list):
        return 0, None, {}
    count, on, newest = 0, 0, -1
    current: dict[str, Any] = {}
    for document in documents:
        if not isinstance(document, dict) or fields.identifier(document.get("id")) is None:
            continue
        count += 1
        if document.get("status") != "active":
            continue
        on += 1
        number = fields.whole_number(document.get("version")) or 0
        if number > newest:
            newest, current = number, document
    return count, on, current


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())

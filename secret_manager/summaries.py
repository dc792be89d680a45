"""What a long list needs of each secret: a light tuple instead of a `Secret` with all its versions.

Reading ten thousand secrets is mostly reading JSON, so a page that is as the API's document says is
decoded straight into what is needed of it. Any other page is read like everything else, by `wire`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from . import fields, rules, wire
from .answers import read_document
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


def read_summary_page(body: bytes, *, offset: int, limit: int) -> SummaryPage:
    """Read one page of secrets as summaries; raise Unreadable where there is no list."""
    try:
        page = _decode(body)
        summaries = [_summary(listed) for listed in page.secrets]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _Odd):
        return _read_leniently(body, offset=offset, limit=limit)
    told = {"limit": page.limit, "has_next": page.has_next, "pagination": page.pagination}
    paging = wire.read_paging(told, offset=offset, limit=limit, received=len(summaries))
    return SummaryPage(tuple(summaries), received=len(summaries), has_next=paging["has_next"])


def _read_leniently(body: bytes, *, offset: int, limit: int) -> SummaryPage:
    page = wire.read_secret_page(
        read_document(body), organization_id="", offset=offset, limit=limit
    )
    return SummaryPage(
        summaries=tuple(map(summary_of, page.secrets)),
        received=len(page.secrets) + page.dropped,
        has_next=page.has_next,
    )


class _ListedVersion(msgspec.Struct, gc=False):
    id: str
    status: str | None = None
    version: int | None = None
    created_at: datetime | None = None


class _ListedSecret(msgspec.Struct, gc=False):
    id: str
    name: str | None = None
    description: str | None = None
    user_id: str | None = None
    integration_service_ids: list[str] | None = None
    expired_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    versions: list[_ListedVersion] | None = None


class _ListedPage(msgspec.Struct, gc=False):
    """A page as the API's document has it; what is not named here is not even made."""

    secrets: list[_ListedSecret]
    limit: int | None = None
    has_next: bool | None = None
    pagination: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_ListedPage).decode


class _Odd(Exception):
    """Something in a page is not as it should be."""


# From here on ten thousand secrets pass.


def _summary(listed: _ListedSecret) -> Summary:
    versions, on, newest = listed.versions, 0, -1
    current: _ListedVersion | None = None
    for version in versions or ():
        _check(version.id)
        if version.status == "active":
            on += 1
            number = fields.whole_number(version.version) or 0
            if number > newest:
                newest, current = number, version
    _check(listed.id)
    apps = listed.integration_service_ids
    return Summary(
        listed.id,
        listed.name or "",
        listed.description or "",
        _usable(listed.user_id) if listed.user_id else "",
        tuple([found for one in apps if (found := _usable(one.strip()))]) if apps else (),
        _listed_seconds(listed.expired_at),
        _listed_seconds(listed.created_at),
        _listed_seconds(listed.updated_at),
        None if versions is None else on,
        len(versions) if versions else 0,
        current.id if current else "",
        fields.whole_number(current.version) if current else None,
        _listed_seconds(current.created_at) if current else None,
    )


def _check(listed_id: str) -> None:
    if fields.identifier(listed_id) is None:
        raise _Odd


def _usable(text: str) -> str:
    """Return an id that can be used, or nothing: not kept where it is too long to be one."""
    return _shared(text) if len(text) <= rules.ID_MAX_LENGTH else ""


@lru_cache(maxsize=4096)
def _shared(text: str) -> str:
    """The same: few people and apps stand in many secrets, so each is looked at and kept once."""
    return fields.identifier(text) or ""


def _listed_seconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    elif not 1 < moment.year < 9999:
        # In UTC it may be before or past the calendar, where no page could show it.
        raise _Odd
    return int(moment.timestamp())


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())

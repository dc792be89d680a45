"""Secrets and versions as rows of a page: every word and address is made here, once a row.

The templates only place them: a `{% url %}` or a filter in a row costs more than the row itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext as _

from secret_manager import Secret, SecretVersion
from secrets_ui import dates
from secrets_ui.shown import shown
from secrets_ui.status import Badge, Tone, current_version, expiry_tone, secret_badge, version_badge

# A long name is cut in its middle: its last characters tell it from its neighbours.
NAME_END = 8


@dataclass(frozen=True, kw_only=True)
class SecretRow:
    """One secret in the list. `copy_url` is empty where no version is on."""

    name: str
    name_start: str
    name_end: str
    description: str
    url: str
    copy_url: str
    badge: Badge
    expiry: str
    expiry_exact: str
    expiry_tone: Tone | None
    value_age: str
    apps: int
    changed: str
    changed_exact: str


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """One version under its secret."""

    id: str
    label: str
    badge: Badge
    is_on: bool
    is_current: bool
    added: str
    added_exact: str
    url: str


def secret_rows(
    secrets: Sequence[Secret], *, organization_id: str, now: datetime
) -> list[SecretRow]:
    """Return the rows of a list page."""
    list_url = reverse("secret-list", args=[organization_id])
    return [_secret_row(secret, list_url=list_url, now=now) for secret in secrets]


def version_rows(
    versions: Iterable[SecretVersion],
    *,
    current: SecretVersion | None,
    secret_url: str,
    now: datetime,
) -> list[VersionRow]:
    """Return the rows of a secret's versions; `current` is the one in use."""
    return [
        VersionRow(
            id=version.id,
            label=version_label(version),
            badge=version_badge(version),
            is_on=version.is_on,
            is_current=current is not None and version.id == current.id,
            added=dates.in_words(version.created_at, now=now) if version.created_at else "—",
            added_exact=dates.exactly(version.created_at) if version.created_at else "",
            url=f"{secret_url}versions/{quote(version.id, safe='')}/",
        )
        for version in versions
    ]


def version_label(version: SecretVersion) -> str:
    """Return what people call a version: its number, or its id where the API gives no number."""
    return f"v{version.version}" if version.version is not None else version.id


def _secret_row(secret: Secret, *, list_url: str, now: datetime) -> SecretRow:
    url = f"{list_url}{quote(secret.id, safe='')}/"
    current = current_version(secret.versions or ())
    expired_at, updated_at = secret.expired_at, secret.updated_at
    name = shown(secret.name) or secret.id
    return SecretRow(
        name=name,
        name_start=name[:-NAME_END],
        name_end=name[-NAME_END:],
        description=shown(secret.description),
        url=url,
        copy_url=f"{url}versions/{quote(current.id, safe='')}/reveal/" if current else "",
        badge=secret_badge(secret, secret.versions, now=now),
        expiry=dates.in_words(expired_at, now=now) if expired_at else "",
        expiry_exact=dates.exactly(expired_at) if expired_at else _("No expiry set"),
        expiry_tone=expiry_tone(expired_at, now=now),
        value_age=_age(current, now=now),
        apps=len(secret.integration_service_ids),
        changed=dates.in_words(updated_at, now=now) if updated_at else "—",
        changed_exact=dates.exactly(updated_at) if updated_at else "",
    )


def _age(version: SecretVersion | None, *, now: datetime) -> str:
    if version is None or version.created_at is None:
        return "—"
    return dates.age_in_words(version.created_at, now=now)

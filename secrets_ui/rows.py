"""Secrets and versions as rows of a page: every word and address is made here, once a row.

The templates only place them: a `{% url %}` or a filter in a row costs more than the row itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from django.utils.translation import gettext as _

from secret_manager import SecretVersion, Summary
from secrets_ui import dates
from secrets_ui.catalog.snapshot import moment
from secrets_ui.shown import shown
from secrets_ui.status import Badge, Tone, expiry_tone, summary_badge, version_badge


class SecretRow(NamedTuple):
    """One secret in the list. `copy_url` is empty where no version is on."""

    id: str
    name: str
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


def version_rows(
    versions: Iterable[SecretVersion],
    *,
    current: SecretVersion | None,
    secret_url: str,
    now: datetime,
) -> list[VersionRow]:
    """Return the rows of a secret's versions; `current` is the one in use."""
    calendar = dates.Calendar(now)
    return [
        VersionRow(
            id=version.id,
            label=version_label(version),
            badge=version_badge(version),
            is_on=version.is_on,
            is_current=current is not None and version.id == current.id,
            added=calendar.in_words(version.created_at) if version.created_at else "—",
            added_exact=calendar.exactly(version.created_at) if version.created_at else "",
            url=f"{secret_url}versions/{quote(version.id, safe='')}/",
        )
        for version in versions
    ]


def version_label(version: SecretVersion) -> str:
    """Return what people call a version: its number, or its id where the API gives no number."""
    return f"v{version.version}" if version.version is not None else version.id


def secret_row(secret: Summary, *, list_url: str, calendar: dates.Calendar) -> SecretRow:
    """Return the row of a secret; `list_url` is the list's address."""
    url = f"{list_url}{quote(secret.id, safe='')}/"
    expired_at, updated_at, value_at = map(
        moment, (secret.expired_at, secret.updated_at, secret.value_at)
    )
    version = quote(secret.current_id, safe="")
    return SecretRow(
        id=secret.id,
        name=shown(secret.name) or secret.id,
        description=shown(secret.description),
        url=url,
        copy_url=f"{url}versions/{version}/reveal/" if version else "",
        badge=summary_badge(secret, now=calendar.now),
        expiry=calendar.in_words(expired_at) if expired_at else "",
        expiry_exact=calendar.exactly(expired_at) if expired_at else _("No expiry set"),
        expiry_tone=expiry_tone(expired_at, now=calendar.now),
        value_age=calendar.age_in_words(value_at) if value_at else "—",
        apps=len(secret.app_ids),
        changed=calendar.in_words(updated_at) if updated_at else "—",
        changed_exact=calendar.exactly(updated_at) if updated_at else "",
    )

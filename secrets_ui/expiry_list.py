"""Secrets by when they expire, as a work list: sections, each with the most urgent first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Person
from secret_manager import Summary
from secrets_ui import dates
from secrets_ui.catalog.sifting import EXPIRIES, expiry_bucket
from secrets_ui.catalog.snapshot import moment
from secrets_ui.models import Note
from secrets_ui.overview_words import secret_url
from secrets_ui.shown import shown
from secrets_ui.status import Badge, Tone, expiry_tone, summary_badge

# Of each section where all are shown, and of one where it is shown alone.
FIRST_ROWS, PAGE_ROWS = 25, 100
# A long name is cut in its middle: its last characters tell it from its neighbours.
NAME_END = 8


@dataclass(frozen=True, kw_only=True)
class ExpiryRow:
    """One secret. `owner` is empty where nobody was noted as one."""

    name: str
    name_start: str
    name_end: str
    url: str
    expiry: str
    expiry_exact: str
    tone: Tone | None
    owner: str
    badge: Badge


@dataclass(frozen=True, kw_only=True)
class Section:
    """Secrets that expire at about the same time: `show` names it in addresses. pages: from 1."""

    show: str
    title: str
    count: int
    rows: list[ExpiryRow]
    more: int
    page: int = 1
    pages: int = 1


Sections = dict[str, list[Summary]]


def sections_of(entries: Iterable[Summary], *, now: datetime) -> Sections:
    """Return the secrets of each section by date; a secret is in one section, the narrowest."""
    at = now.timestamp()
    found: Sections = {show: [] for show in EXPIRIES}
    for entry in entries:
        found[expiry_bucket(entry, now=at)].append(entry)
    for section in found.values():
        section.sort(key=lambda entry: (entry.expired_at or 0, entry.name))
    return found


def titles() -> dict[str, str]:
    """Return what the sections are called."""
    return {
        "expired": _("Overdue"),
        "7": _("Within 7 days"),
        "30": _("In 8 to 30 days"),
        "90": _("In 31 to 90 days"),
        "later": _("Later"),
        "none": _("No expiry set"),
    }


def shown_sections(
    found: Sections, *, show: str, page: int, organization_id: str, list_url: str, now: datetime
) -> list[Section]:
    """Return the sections of a page: the first rows of each, or one page of the one that is asked for."""
    names = [show] if show else [name for name in EXPIRIES if found[name]]
    pages = {name: -(-len(found[name]) // PAGE_ROWS) or 1 for name in names}
    page = min(page, pages.get(show, 1))
    start, length = ((page - 1) * PAGE_ROWS, PAGE_ROWS) if show else (0, FIRST_ROWS)
    parts = {name: found[name][start : start + length] for name in names}
    owners = owners_of(organization_id, [entry.id for part in parts.values() for entry in part])
    labels = titles()
    return [
        Section(
            show=name,
            title=labels[name],
            count=len(found[name]),
            rows=[_row(entry, list_url, owners.get(entry.id, ""), now) for entry in part],
            more=0 if show else len(found[name]) - len(part),
            page=page,
            pages=pages[name],
        )
        for name, part in parts.items()
    ]


def owners_of(organization_id: str, secret_ids: Sequence[str]) -> dict[str, str]:
    """Return the names of those who own these secrets, as our notes know them."""
    notes = Note.objects.filter(
        organization_id=organization_id, secret_id__in=secret_ids, owner__isnull=False
    )
    rows = notes.values_list("secret_id", "owner__name", "owner__username")
    return {
        secret_id: shown(Person(name=name, username=username).display_name)
        for secret_id, name, username in rows
    }


def _row(entry: Summary, list_url: str, owner: str, now: datetime) -> ExpiryRow:
    expired_at = moment(entry.expired_at)
    name = shown(entry.name) or entry.id
    return ExpiryRow(
        name=name,
        name_start=name[:-NAME_END],
        name_end=name[-NAME_END:],
        url=secret_url(list_url, entry.id),
        expiry=dates.in_words(expired_at, now=now) if expired_at else "",
        expiry_exact=dates.exactly(expired_at) if expired_at else "",
        tone=expiry_tone(expired_at, now=now),
        owner=owner,
        badge=summary_badge(entry, now=now),
    )

"""The overview in words: its numbers, its charts, and what needs care and why.

Every address is made here, once a row: the templates only place them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from django.urls import reverse
from django.utils.dates import MONTHS_3
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from secret_manager import Summary
from secrets_ui import dates
from secrets_ui.catalog.snapshot import moment
from secrets_ui.charts import Column
from secrets_ui.overview import Found, Month, Tally
from secrets_ui.shown import shown
from secrets_ui.status import Tone

OVER_A_YEAR = "age=over-365&sort=-age"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number. `tone` is its colour where it is not zero."""

    count: int
    label: str
    url: str
    tone: Tone | None = None


@dataclass(frozen=True, kw_only=True)
class CareRow:
    """One secret that needs care."""

    name: str
    url: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Care:
    """What some secrets need, why that matters, the most urgent ones, and the way to all of them."""

    label: str
    tone: Tone
    why: str
    count: int
    url: str
    all_of_them: str
    rows: list[CareRow]


def figures(found: Tally, *, favourites: int, list_url: str) -> list[Figure]:
    """Return the numbers on top."""
    rows: list[tuple[int, str, str, Tone | None]] = [
        (found.total, ngettext("secret", "secrets", found.total), "", None),
        (found.expired_on.count, _("expired, still on"), "status=expired-on", "bad"),
        (found.soon.count, _("expire within 30 days"), "expiry=30", "warning"),
        (found.no_expiry.count, _("without expiry"), "expiry=none", None),
        (found.off.count, _("no version on"), "status=off", None),
        (found.several.count, _("several versions on"), "status=several", "warning"),
        (found.old.count, _("values over a year old"), OVER_A_YEAR, None),
    ]
    if favourites:
        rows.append(
            (
                favourites,
                ngettext("favourite of mine", "favourites of mine", favourites),
                "fav=1",
                None,
            )
        )
    return [
        Figure(
            count=count,
            label=label,
            url=f"{list_url}?{query}" if query else list_url,
            tone=tone if count else None,
        )
        for count, label, query, tone in rows
    ]


def timeline(found: Tally, *, list_url: str) -> list[Column]:
    """Return when secrets expire: overdue, twelve months, later."""
    months = [
        _month(month, list_url, is_first=not place) for place, month in enumerate(found.months)
    ]
    return [
        Column(
            label=_("overdue"),
            name=_("Overdue"),
            count=found.overdue,
            url=f"{list_url}?expiry=expired",
            tone="bad",
        ),
        *months,
        Column(
            label=_("later"),
            name=_("Later"),
            count=found.later,
            # The list begins its "later" sooner: what is meant here stands first.
            url=f"{list_url}?expiry=later&sort=-expiry",
            tone="muted",
        ),
    ]


def ages(found: Tally, *, list_url: str) -> list[Column]:
    """Return how old the values in use are."""
    labels = {
        "30": _("30 days"),
        "90": _("90 days"),
        "180": _("6 months"),
        "365": _("a year"),
        "730": _("2 years"),
        "older": _("older"),
    }
    names = {
        "30": _("Up to 30 days"),
        "90": _("30 to 90 days"),
        "180": _("90 days to 6 months"),
        "365": _("6 months to a year"),
        "730": _("1 to 2 years"),
        "older": _("Older than 2 years"),
    }
    return [
        Column(
            label=labels[bucket],
            name=names[bucket],
            count=count,
            url=f"{list_url}?age={bucket}",
            tone="warning" if bucket in {"730", "older"} else "",
        )
        for bucket, count in found.ages.items()
    ]


def cares(found: Tally, *, list_url: str, now: datetime) -> list[Care]:
    """Return what needs care, the most urgent first; what nothing needs is left out."""

    def care(
        some: Found, tone: Tone, label: str, why: str, query: str, note: Callable[[Summary], str]
    ) -> Care:
        rows = [_care_row(entry, list_url, note(entry)) for entry in some.first]
        url = f"{list_url}?{query}"
        return Care(
            label=label,
            tone=tone,
            why=why,
            count=some.count,
            url=url,
            all_of_them=_("All %d") % some.count,
            rows=rows,
        )

    def expiry(entry: Summary) -> str:
        expired_at = moment(entry.expired_at)
        return dates.in_words(expired_at, now=now) if expired_at else ""

    def age(entry: Summary) -> str:
        value_at = moment(entry.value_at)
        if value_at is None:
            return _("no value in use")
        return _("value from %s") % dates.in_words(value_at, now=now)

    def apps(entry: Summary) -> str:
        count = len(entry.app_ids)
        return ngettext("used by %d app", "used by %d apps", count) % count if count else ""

    def versions(entry: Summary) -> str:
        count = entry.on or 0
        return ngettext("%d version on", "%d versions on", count) % count

    every = [
        care(
            *(found.expired_on, "bad", _("Expired, still on")),
            _("The date that somebody set has passed, and the value may still be in use."),
            *("status=expired-on&sort=expiry", expiry),
        ),
        care(
            *(found.soon, "warning", _("Expires within 30 days")),
            _("There is still time to replace the value before anything depends on an old one."),
            *("expiry=30&sort=expiry", expiry),
        ),
        care(
            *(found.off, "muted", _("No version on")),
            _("Whoever asks for the value in use finds none."),
            *("status=off", apps),
        ),
        care(
            *(found.several, "warning", _("Several versions on")),
            _("A value that was replaced is still on, for whoever has a copy of it."),
            *("status=several", versions),
        ),
        care(
            *(found.old, "muted", _("Not changed for a year")),
            _("The longer a value stays the same, the more people and machines have seen it."),
            *(OVER_A_YEAR, age),
        ),
        care(
            *(found.no_expiry, "muted", _("No expiry")),
            _("Nobody is reminded to replace the value."),
            *("expiry=none", age),
        ),
    ]
    return [each for each in every if each.count]


def greeting(name: str, *, now: datetime) -> str:
    """Return a greeting that fits the hour where the person is."""
    hour = dates.local(now).hour
    if 5 <= hour < 11:
        return _("Good morning, %s") % shown(name)
    if 11 <= hour < 18:
        return _("Good afternoon, %s") % shown(name)
    return _("Good evening, %s") % shown(name)


def secret_url(list_url: str, secret_id: str) -> str:
    """Return the address of a secret's page."""
    return f"{list_url}{quote(secret_id, safe='')}/"


def list_url_of(organization_id: str) -> str:
    """Return the address of an organization's list."""
    return reverse("secret-list", args=[organization_id])


def _month(month: Month, list_url: str, *, is_first: bool) -> Column:
    return Column(
        label=str(MONTHS_3[month.month]).title(),
        name=date_format(date(month.year, month.month, 1), "F Y"),
        count=month.count,
        url=f"{list_url}?expiry={month.year}-{month.month:02}",
        tone="warning" if is_first else "",
    )


def _care_row(entry: Summary, list_url: str, note: str) -> CareRow:
    return CareRow(
        name=shown(entry.name) or entry.id, url=secret_url(list_url, entry.id), note=note
    )

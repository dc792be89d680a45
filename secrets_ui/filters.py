"""The filters of the list: what can be chosen in each, and what is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import islice
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from secrets_ui.catalog.sifting import MONTH
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.list_query import ListQuery
from secrets_ui.notes.index import index_of
from secrets_ui.shown import shown

# Nobody chooses among more; the search finds the others.
MOST_CHOICES = 500


class Choice(NamedTuple):
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Filter:
    """One filter: `choices` begins with the one that leaves nothing out."""

    name: str
    label: str
    choices: list[Choice]

    @property
    def options(self) -> SafeString:
        """The choices as HTML: in a template they cost as much as the rows of the list."""
        return SafeString(
            "".join(
                f'<option value="{escape(choice.value)}"{" selected" * choice.is_chosen}>'
                f"{escape(choice.label)}</option>"
                for choice in self.choices
            )
        )


def filter_fields(query: ListQuery, snapshot: Snapshot, organization_id: str) -> list[Filter]:
    """Return the filters that have anything to choose. What an address asks for is always among it."""
    notes = index_of(organization_id)
    filters = [
        _filter("status", _("Status"), _("Any status"), query.status, _statuses()),
        _filter("expiry", _("Expiry"), _("Any expiry"), query.expiry, _expiries(query.expiry)),
        _filter("age", _("Value age"), _("Any age"), query.age, _ages()),
        _filter("app", _("App"), _("Any app"), query.app, _plain(snapshot.app_ids)),
        _filter("creator", _("Created by"), _("Anybody"), query.creator, _plain(snapshot.creators)),
        _filter("label", _("Label"), _("Any label"), query.label, _plain(notes.labels)),
        _filter("fav", _("Favourites"), _("All secrets"), query.fav, [("1", _("My favourites"))]),
    ]
    return [each for each in filters if len(each.choices) > 1]


Pairs = list[tuple[str, str]]


def _filter(name: str, label: str, everything: str, chosen: str, known: Pairs) -> Filter:
    if chosen and chosen not in dict(known):
        known = [*known, (chosen, shown(chosen))]
    return Filter(
        name,
        label,
        [Choice(value, text, value == chosen) for value, text in [("", everything), *known]],
    )


def _plain(values: Iterable[str]) -> Pairs:
    return [(value, shown(value)) for value in islice(values, MOST_CHOICES)]


def _statuses() -> Pairs:
    return [
        ("on", _("On")),
        ("off", _("No version on")),
        ("several", _("Several versions on")),
        ("expired-on", _("Expired, still on")),
    ]


def _expiries(chosen: str) -> Pairs:
    known = [
        ("expired", _("Expired")),
        ("7", _("Within 7 days")),
        ("30", _("Within 30 days")),
        ("90", _("Within 90 days")),
        ("later", _("Later than 90 days")),
        ("none", _("No expiry set")),
    ]
    if MONTH.fullmatch(chosen):
        year, month = (int(part) for part in chosen.split("-"))
        known.append((chosen, date_format(date(year, month, 1), "F Y")))
    return known


def _ages() -> Pairs:
    return [
        ("30", _("Up to 30 days")),
        ("90", _("30 to 90 days")),
        ("180", _("90 days to 6 months")),
        ("365", _("6 months to a year")),
        ("730", _("1 to 2 years")),
        ("older", _("Older than 2 years")),
        ("over-365", _("Older than a year")),
    ]

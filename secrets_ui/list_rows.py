"""The rows of the list as HTML. Not a template: there, fifty rows cost more than the whole search.

Every text is escaped where it enters; nothing else in this file comes from outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property, lru_cache
from html import escape
from typing import NamedTuple

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.roles import Capability
from secret_manager import Summary
from secrets_ui.catalog.folding import folded
from secrets_ui.catalog.marks import Marker, Places
from secrets_ui.dates import Calendar
from secrets_ui.rows import SecretRow, secret_row
from secrets_ui.shown import shown
from secrets_ui.templatetags.icons import icon_by_symbol

# A long name is cut in its middle: its last characters tell it from its neighbours.
NAME_END = 8
# What a row shows of a description, and how much of it stands before what was searched for.
DESCRIPTION, BEFORE_MATCH = 160, 30
MOST_LABELS = 3


@dataclass(frozen=True, kw_only=True)
class RowContext:
    """What all rows of one page have in common. labels: ours, by the secret's id."""

    organization_id: str
    now: datetime
    may: frozenset[Capability]
    query: str = ""
    favourites: frozenset[str] = frozenset()
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def marker(self) -> Marker | None:
        return Marker(self.query) if self.query else None

    def places(self, text: str, plain: str | None = None) -> Places:
        """Return where in a text it is what was searched for; see `Marker.places`."""
        return self.marker.places(text, plain) if self.marker else []


def html_rows(secrets: Sequence[Summary], context: RowContext) -> SafeString:
    """Return the rows of a list page."""
    frame = _Frame(
        list_url=reverse("secret-list", args=[context.organization_id]),
        minute=context.now.replace(second=0, microsecond=0),
        zone=timezone.get_current_timezone(),
        language=get_language(),
        may=context.may,
    )
    words = _Words.of(frame.language)
    return SafeString(
        "".join(_row(_plain(secret, frame), secret, context, words) for secret in secrets)
    )


@dataclass(frozen=True)
class _Frame:
    """What a row is made for, besides its secret: the same again gives the same row."""

    list_url: str
    minute: datetime
    zone: tzinfo
    language: str | None
    may: frozenset[Capability]


class _Plain(NamedTuple):
    """A row without what depends on the search, on favourites and on labels."""

    link: str
    name: str
    folded_name: str
    description: str
    folded_description: str
    cells: str


@dataclass(frozen=True)
class _Words:
    """What every row says, in one language, ready to stand in HTML."""

    copy: str
    more: str
    open: str
    new_value: str
    edit: str
    delete: str
    favourite: str
    id: str
    user: str
    app: str

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, language: str | None) -> "_Words":
        words = (
            *(_("Copy the value"), _("More"), _("Open"), _("Put in a new value"), _("Edit")),
            *(_("Delete…"), _("Favourite"), _("Id"), _("Created by"), _("App")),
        )
        return cls(*map(escape, words))


@lru_cache(maxsize=2048)
def _plain(secret: Summary, frame: _Frame) -> _Plain:
    """Return what stays of a row from one letter to the next, as somebody types."""
    row = secret_row(secret, list_url=frame.list_url, calendar=_calendar(frame))
    words = _Words.of(frame.language)
    url, name = escape(row.url), escape(row.name)
    badge, tone = escape(row.badge.text), row.expiry_tone or ""
    changed_at, changed = escape(row.changed_exact), escape(row.changed)
    expiry = f'<span class="{tone}">{escape(row.expiry)}</span>' if row.expiry else _DASH
    return _Plain(
        link=f'<a class="name mono" href="{url}" title="{name}" aria-label="{name}">',
        name=row.name,
        folded_name=folded(row.name),
        description=row.description,
        folded_description=folded(row.description),
        cells=(
            f'<td class="status"><span class="badge {row.badge.tone}">{badge}</span></td>'
            f'<td class="expiry">{expiry}'
            f'<span class="sub{" exact" if row.expiry else ""}">{escape(row.expiry_exact)}</span></td>'
            f'<td class="extra">{escape(row.value_age)}</td><td class="extra">{row.apps or "—"}</td>'
            f'<td class="extra"><span title="{changed_at}">{changed}</span></td>'
            f'<td class="acts">{_acts(row, url, name, frame.may, words)}</td>'
        ),
    )


@lru_cache(maxsize=8)
def _calendar(frame: _Frame) -> Calendar:
    return Calendar(frame.minute)


_DASH = '<span class="wide-only">—</span>'


def _row(plain: _Plain, secret: Summary, context: RowContext, words: _Words) -> str:
    places = context.places(plain.name, plain.folded_name)
    cut = max(0, len(plain.name) - NAME_END)
    start, end = _marked(plain.name, places, 0, cut), _marked(plain.name, places, cut)
    star = labels = ""
    if secret.id in context.favourites:
        star = f'<span class="star" title="{words.favourite}">{icon_by_symbol("star", 16)}</span>'
    if found := context.labels.get(secret.id):
        labels = "".join(
            f'<span class="chip">{escape(shown(label))}</span>' for label in found[:MOST_LABELS]
        )
    about = _about(plain, secret, context, words, is_in_name=bool(places))
    return (
        f'<tr><td class="what"><span class="title">{plain.link}<span>{start}</span>'
        f"<span>{end}</span></a>{star}{labels}</span>"
        f'<span class="sub ellipsis">{about}</span></td>{plain.cells}</tr>'
    )


def _about(
    plain: _Plain, secret: Summary, context: RowContext, words: _Words, *, is_in_name: bool
) -> str:
    """Return the line below the name: what is written about it, or where else it was found."""
    places = context.places(plain.description, plain.folded_description)
    is_shown = is_in_name or not context.query or places
    elsewhere = "" if is_shown else _found_elsewhere(secret, context, words)
    return elsewhere or _around_match(plain.description, places)


def _found_elsewhere(secret: Summary, context: RowContext, words: _Words) -> str:
    elsewhere = [(words.id, secret.id), (words.user, secret.user_id)]
    elsewhere += [(words.app, app_id) for app_id in secret.app_ids]
    for label, text in elsewhere:
        if places := context.places(text):
            return f'{label} <span class="mono">{_marked(text, places)}</span>'
    return ""


def _acts(row: SecretRow, url: str, name: str, may: frozenset[Capability], words: _Words) -> str:
    copy = ""
    if row.copy_url and Capability.REVEAL in may:
        copy = (
            f'<button type="button" class="quiet icon-only js-only" data-copy="{escape(row.copy_url)}"'
            f' title="{words.copy}" aria-label="{words.copy}: {name}">'
            f"{icon_by_symbol('clipboard-document')}</button>"
        )
    acts = [f'<li><a href="{url}">{words.open}</a></li>']
    if Capability.WRITE in may:
        acts.append(f'<li><a href="{url}versions/new/">{words.new_value}</a></li>')
        acts.append(f'<li><a href="{url}edit/">{words.edit}</a></li>')
    if Capability.DELETE in may:
        acts.append(
            f'<li class="apart"><a class="bad" href="{url}delete/" hx-get="{url}delete/"'
            f' hx-target="#dialog">{words.delete}</a></li>'
        )
    return (
        f'{copy}<details class="menu" name="menu"><summary class="quiet icon-only"'
        f' aria-label="{words.more}: {name}">{icon_by_symbol("ellipsis-horizontal", 20)}</summary>'
        f"<ul>{''.join(acts)}</ul></details>"
    )


def _around_match(text: str, places: Places) -> str:
    """Return as much as a row has room for, with the first match in it."""
    is_far = bool(places) and places[0][0] > DESCRIPTION // 2
    start = places[0][0] - BEFORE_MATCH if is_far else 0
    stop = start + DESCRIPTION
    shown_part = _marked(text, places, start, stop)
    return f"{'…' * is_far}{shown_part}{'…' * (stop < len(text))}"


def _marked(text: str, places: Places, start: int = 0, stop: int | None = None) -> str:
    """Return a part of a text as HTML, with what was searched for in it marked."""
    end = len(text) if stop is None else stop
    html, done = "", start
    for first, last in places:
        first, last = max(first, done), min(last, end)
        if first < last:
            html += f"{escape(text[done:first])}<mark>{escape(text[first:last])}</mark>"
            done = last
    return html + escape(text[done:end])

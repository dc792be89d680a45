"""Where one can go from anywhere by typing a few letters: secrets, pages, acts and saved views."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Capability
from secret_manager import Summary
from secrets_ui.catalog import search
from secrets_ui.catalog.folding import folded, words_of
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.models import SavedView
from secrets_ui.shown import shown

MOST_SECRETS = 8


@dataclass(frozen=True)
class Target:
    """One place to go. pieces: its name, each piece with whether it was searched for."""

    icon: str
    pieces: list[tuple[str, bool]]
    detail: str
    url: str


def targets(
    query: str,
    *,
    organization_id: str,
    snapshot: Snapshot,
    notes: dict[str, str],
    views: Iterable[SavedView],
    may: frozenset[Capability],
) -> list[Target]:
    """Return where a query may lead, best first; all pages and acts where nothing is typed yet."""
    words = words_of(query)
    pages = [each for each in _pages(organization_id, views, may) if _fits(each, words)]
    marked = [_marked(each, query) for each in pages]
    if not words:
        return marked
    found = _secrets(query, snapshot, notes)
    list_url = reverse("secret-list", args=[organization_id])
    hits = [_secret(secret, query, list_url) for secret in found]
    return [*hits, *marked, *_acts(found[:1], list_url, may)]


def _secrets(query: str, snapshot: Snapshot, notes: dict[str, str]) -> list[Summary]:
    places = search.find(snapshot, query, notes=notes) or []
    return [snapshot.entries[place] for place in places[:MOST_SECRETS]]


def _secret(secret: Summary, query: str, list_url: str) -> Target:
    name = shown(secret.name) or secret.id
    url = f"{list_url}{quote(secret.id, safe='')}/"
    detail = shown(secret.description)[:120]
    return Target("lock-closed", search.marked(name, query), detail, url)


def _acts(secrets: Iterable[Summary], list_url: str, may: frozenset[Capability]) -> list[Target]:
    """Return what can be done with the secret that fits best."""
    if Capability.WRITE not in may:
        return []
    return [
        Target(icon, [(text % (shown(secret.name) or secret.id), False)], "", f"{url}{step}")
        for secret in secrets
        for url in [f"{list_url}{quote(secret.id, safe='')}/"]
        for icon, text, step in (
            ("key", _("Put in a new value: %s"), "versions/new/"),
            ("pencil-square", _("Edit: %s"), "edit/"),
        )
    ]


def _pages(
    organization_id: str, views: Iterable[SavedView], may: frozenset[Capability]
) -> list[Target]:
    list_url = reverse("secret-list", args=[organization_id])
    here = [
        ("home", _("Overview"), f"{reverse('home')}?organization={quote(organization_id)}"),
        ("lock-closed", _("All secrets"), list_url),
        ("calendar-days", _("Expiry"), reverse("expiry-list", args=[organization_id])),
        ("exclamation-triangle", _("Expired and still on"), f"{list_url}?status=expired-on"),
        ("star", _("My favourites"), f"{list_url}?fav=1"),
        ("link", _("Connections"), reverse("connect")),
    ]
    if Capability.WRITE in may:
        here.insert(0, ("plus", _("New secret"), reverse("secret-create", args=[organization_id])))
    if Capability.TRAIL in may:
        here.append(("clipboard-document-list", _("Audit trail"), reverse("trail")))
    if Capability.PEOPLE in may:
        here.append(("users", _("People"), reverse("people")))
    saved = [("bookmark", view.name, f"{list_url}?{view.query}") for view in views]
    return [Target(icon, [(label, False)], "", url) for icon, label, url in [*here, *saved]]


def _fits(target: Target, words: list[str]) -> bool:
    label = folded(target.pieces[0][0])
    return all(word in label for word in words)


def _marked(target: Target, query: str) -> Target:
    label = target.pieces[0][0]
    return Target(target.icon, search.marked(label, query), target.detail, target.url)

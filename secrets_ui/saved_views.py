"""Addresses of the list that a person gave a name. They hold what is asked for, never what is found."""

from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.http import QueryDict

from accounts import copies
from secrets_ui.models import SavedView

MOST = 30
"""So many a person can have in one organization."""

NAME_MAX_LENGTH, QUERY_MAX_LENGTH = 60, 1000
# What a list address may ask for. A page number is none of it: the list moves on.
PARAMETERS = ("q", "status", "expiry", "age", "app", "creator", "label", "fav", "sort", "per_page")


class TooMany(Exception):
    """This person has MOST views already."""


class NameInUse(Exception):
    """This person has a view of this name, and did not say that it may be replaced."""


def of(person_id: int, organization_id: str) -> list[SavedView]:
    """Return a person's views by name, at most a minute old."""
    place = _place(person_id, organization_id)
    kept = copies.find(place)
    if kept is None:
        theirs = SavedView.objects.filter(person_id=person_id, organization_id=organization_id)
        kept = {"rows": [list(row) for row in theirs.values_list("pk", "name", "query")]}
        copies.fill(place, kept)
    return [
        SavedView(
            pk=pk, person_id=person_id, organization_id=organization_id, name=name, query=query
        )
        for pk, name, query in kept["rows"]
    ]


def clean_query(text: str) -> str:
    """Return the query of a list address with nothing in it but what the list knows, always alike."""
    asked = QueryDict(text)
    return urlencode([(name, asked[name]) for name in PARAMETERS if asked.get(name)])


def save(*, person_id: int, organization_id: str, name: str, query: str, replace: bool) -> None:
    """Keep a list address under a name.

    Raises:
        NameInUse: there is one of this name already, and `replace` does not say that it goes.
        TooMany: there is no room for another.
    """
    theirs = SavedView.objects.filter(person_id=person_id, organization_id=organization_id)
    if not (replace and theirs.filter(name=name).update(query=query)):
        if theirs.filter(name=name).exists():
            raise NameInUse
        if theirs.count() >= MOST:
            raise TooMany
        _add(person_id=person_id, organization_id=organization_id, name=name, query=query)
    copies.invalidate(_place(person_id, organization_id))


def delete(*, person_id: int, organization_id: str, view_id: int) -> str | None:
    """Forget a view of this person and return its name; None where they have no such view."""
    theirs = SavedView.objects.filter(person_id=person_id, organization_id=organization_id)
    found = theirs.filter(pk=view_id).first()
    if found is None:
        return None
    found.delete()
    copies.invalidate(_place(person_id, organization_id))
    return found.name


def _add(**fields: str | int) -> None:
    try:
        with transaction.atomic():
            SavedView.objects.create(**fields)
    except IntegrityError:
        # Their other tab was faster.
        raise NameInUse from None


def _place(person_id: int, organization_id: str) -> str:
    return f"saved-views:{person_id}:{organization_id}"

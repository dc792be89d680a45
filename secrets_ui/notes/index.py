"""What an organization's notes say, all of them at once: for the list, its search and its filters."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from accounts import copies
from accounts.models import Person
from secrets_ui.catalog.folding import folded
from secrets_ui.catalog.snapshot import GAP
from secrets_ui.models import Note


@dataclass(frozen=True)
class NotesIndex:
    """The notes of one organization, by the ids of the secrets.

    texts: what is searched of each, folded: labels, how to renew it, the owner's name.
    """

    texts: dict[str, str]
    labels_of: dict[str, tuple[str, ...]]

    @cached_property
    def labels(self) -> list[str]:
        """Every label in use, each in one spelling."""
        spelled = {label for labels in self.labels_of.values() for label in labels}
        return [
            label for _, label in sorted({folded(each): each for each in sorted(spelled)}.items())
        ]

    def with_label(self, label: str) -> set[str]:
        """Return the secrets that have a label, however it is spelled."""
        return self._with_label.get(folded(label), set())

    @cached_property
    def _with_label(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for secret_id, labels in self.labels_of.items():
            for label in labels:
                found[folded(label)].add(secret_id)
        return dict(found)


def index_of(organization_id: str) -> NotesIndex:
    """Return what the notes of an organization say, at most a minute old. One query where not kept."""
    kept = copies.find(_place(organization_id))
    if kept is None:
        kept = {"rows": _read(organization_id)}
        copies.fill(_place(organization_id), kept)
    rows = kept["rows"]
    return NotesIndex(
        texts={secret_id: text for secret_id, _, text in rows},
        labels_of={secret_id: tuple(labels) for secret_id, labels, _ in rows},
    )


def forget(organization_id: str) -> None:
    """Let the next question be answered by the database: a note has changed."""
    copies.invalidate(_place(organization_id))


def _read(organization_id: str) -> list[Any]:
    """Return (secret's id, labels, text) of each note, as JSON takes it."""
    notes = Note.objects.filter(organization_id=organization_id).values_list(
        "secret_id", "labels", "how_to_renew", "owner__name", "owner__username"
    )
    return [
        [secret_id, labels, folded(GAP.join((*labels, how_to_renew, _owner(name, username))))]
        for secret_id, labels, how_to_renew, name, username in notes
    ]


def _owner(name: str | None, username: str | None) -> str:
    return Person(name=name or "", username=username or "").display_name


def _place(organization_id: str) -> str:
    return f"notes:{organization_id}"

"""What an organization's notes say, all of them at once: for the list, its search and its filters.

Each process keeps the latest ready. The cache has a stamp for each organization, and a change puts
another one there: what was made ready under the one before is not asked again, also by a reader that
began before the change and ends after it.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from django.core.cache import cache

from secrets_ui.catalog.folding import folded
from secrets_ui.catalog.snapshot import GAP
from secrets_ui.models import Note

# What a process is not told of shows after this: an owner's new name, or another's change without Redis.
SECONDS = 60
# So many notes are kept ready in a process; the latest organization is, however many it has.
MOST_READY = 20_000


@dataclass(frozen=True)
class NotesIndex:
    """The notes of one organization, by the ids of the secrets.

    labels_of: as they were typed. words_of: all that can be searched, as it was typed.
    """

    labels_of: dict[str, tuple[str, ...]]
    words_of: dict[str, str]

    @cached_property
    def texts(self) -> dict[str, str]:
        """What is searched of each, folded: labels, how to renew it, the owner's name."""
        return {secret_id: folded(words) for secret_id, words in self.words_of.items()}

    @cached_property
    def labels(self) -> list[str]:
        """Every label in use, each in one spelling."""
        spelled = {label for labels in self.labels_of.values() for label in labels}
        one_spelling = {folded(label): label for label in sorted(spelled)}
        return [label for _, label in sorted(one_spelling.items())]

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


_ready: dict[str, tuple[str, NotesIndex]] = {}


def index_of(organization_id: str) -> NotesIndex:
    """Return what the notes of an organization say, at most a minute old. One query where not ready."""
    stamp = str(cache.get_or_set(_place(organization_id), _new_stamp(), SECONDS))
    kept, index = _ready.get(organization_id, ("", None))
    if index is None or kept != stamp:
        index = _read(organization_id)
        _make_room(len(index.labels_of))
        _ready[organization_id] = stamp, index
    return index


def forget(organization_id: str) -> None:
    """Let the next question be answered by the database: a note has changed."""
    cache.set(_place(organization_id), _new_stamp(), SECONDS)


def _read(organization_id: str) -> NotesIndex:
    notes = Note.objects.filter(organization_id=organization_id).values_list(
        "secret_id", "labels", "how_to_renew", "owner__name", "owner__username"
    )
    labels_of, words_of = {}, {}
    for secret_id, labels, how_to_renew, name, username in notes:
        labels_of[secret_id] = tuple(labels)
        words_of[secret_id] = GAP.join((*labels, how_to_renew, name or username or ""))
    return NotesIndex(labels_of, words_of)


def _make_room(needed: int) -> None:
    if needed + sum(len(index.labels_of) for _, index in list(_ready.values())) > MOST_READY:
        _ready.clear()


def _new_stamp() -> str:
    return uuid.uuid4().hex


def _place(organization_id: str) -> str:
    return f"notes:{organization_id}"

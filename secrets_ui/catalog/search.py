"""Finding secrets by what people remember of them: several words, parts of words, words mistyped.

Every word has to be found somewhere. How well a secret fits is told by where its words are: the name
counts most, then the id, then what is written about it. What only fits with a typing error comes after
all that fits as typed.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from itertools import chain

from secrets_ui.catalog.folding import (
    is_across,
    parts_of,
    with_hyphens,
    without_separators,
    words_of,
)
from secrets_ui.catalog.index import index_of
from secrets_ui.catalog.marks import marked
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.catalog.spelling import Vocabulary, meant, vocabulary_of

__all__ = ["find", "marked"]

# Fewer found than this, and words are taken for mistyped.
FEW = 5

# Where a word was found: the less, the better. What several words have is added.
WHOLE_ID = 0
FIRST_PART = 1  # of the name, up to its first hyphen
PART = 2
START_OF_NAME = 3
START_OF_PART = 4
END_OF_ID = 5  # either end: what somebody reads out, or copies
WORD_OF_TEXT = 6
IN_NAME = 7
ELSEWHERE = 8
# Taken off where the words stand together as in the query.
TOGETHER_IN_NAME, TOGETHER_IN_TEXT = 3, 1
# Added for a slip: more than it can matter where a word is.
SLIP = 10

_NO_NOTES: Mapping[str, str] = {}

Points = dict[int, int]
"""How well secrets fit, by their position: the less, the better."""


def find(
    snapshot: Snapshot, query: str, notes: Mapping[str, str] | None = None
) -> list[int] | None:
    """Return the positions of the secrets that fit, best first; None where nothing is asked for.

    notes: folded texts of our own about secrets, by id, searched like what the API tells.
    """
    words, parts = words_of(query), parts_of(query)
    if not words:
        return None
    search = _Search(snapshot, notes or _NO_NOTES)
    found = search.exact(words)
    if not found and parts != words:
        found = search.exact(parts)
    if len(found) >= FEW:
        return found
    mistyped = search.mistyped(words) or (search.mistyped(parts) if parts != words else [])
    return list(dict.fromkeys(found + mistyped))


class _Search:
    """One search of one snapshot."""

    def __init__(self, snapshot: Snapshot, notes: Mapping[str, str]) -> None:
        self.index = index_of(snapshot)
        self.entries = snapshot.entries
        self.notes = self.index.notes_of(snapshot, notes)

    def exact(self, words: Sequence[str]) -> list[int]:
        """Return the positions of what holds every word, best first."""
        positions: list[int] | None = None
        # The longest word leaves the fewest to look at.
        for word in sorted(words, key=len, reverse=True):
            positions = self._holding(word, positions)
        points = dict.fromkeys(positions or (), 0)
        for word in words:
            fit = self._fit(word)
            for position in points:
                points[position] += fit(position)
        if len(words) > 1:
            self._favour_together(points, words)
        return self._best_first(points)

    def mistyped(self, words: Sequence[str]) -> list[int]:
        """Return the positions of what holds every word or something like it, best first."""
        positions: Collection[int] | None = None
        meanings = []
        for word in sorted(words, key=len, reverse=True):
            taken_for = self._taken_for(word, positions)
            if not taken_for:
                return []
            meanings.append(taken_for)
            positions = taken_for.keys()
        points = dict.fromkeys(positions or (), 0)
        for taken_for in meanings:
            fits = {word: self._fit(word) for word, _ in set(taken_for.values())}
            for position in points:
                word, slips = taken_for[position]
                points[position] += fits[word](position) + SLIP * slips
        return self._best_first(points)

    def _taken_for(
        self, word: str, positions: Collection[int] | None
    ) -> dict[int, tuple[str, int]]:
        """Return what a word is taken for in each secret that has it, with the number of slips."""
        taken_for = dict.fromkeys(self._holding(word, positions), (word, 0))
        texts = chain(self.index.pieces(), self.notes.of.values())
        for other, slips in meant(word, self._vocabulary, texts).items():
            for position in self._holding(other, positions):
                taken_for.setdefault(position, (other, slips))
        return taken_for

    def _holding(self, word: str, positions: Collection[int] | None = None) -> list[int]:
        """Return the positions of what holds a word: of all secrets, or of some."""
        found = self.index.holding(word, positions) + self.notes.holding(word, positions)
        # Each once: what is there twice would be twice as much after each further word.
        return list(dict.fromkeys(found))

    def _fit(self, word: str) -> Callable[[int], int]:
        """Return what tells where in the secret at a position a word is. It is there somewhere."""
        index, notes, entries = self.index, self.notes.of, self.entries
        names, joined_names = index.names, index.joined
        part, joined = with_hyphens(word), without_separators(word)
        start, whole, start_joined = f"-{part}", f"-{part}-", f"-{joined}"
        crosses = is_across(joined)
        # What stands before the word is looked at last: that way, few places are looked at.
        escaped = re.escape(word)
        alone = re.compile(rf"{escaped}(?<![a-z0-9]{escaped})(?![a-z0-9])").search
        is_word = word.isascii() and len(word) > 1

        def fit(position: int) -> int:
            name = names[position]
            if start in name or start_joined in name:
                if whole in name:
                    return FIRST_PART if name.startswith(whole) else PART
                is_first = name.startswith((start, start_joined))
                return START_OF_NAME if is_first else START_OF_PART
            is_in_name = part in name
            if crosses and not is_in_name:
                joined_name = joined_names[position]
                if joined_name.startswith(joined):
                    return START_OF_NAME
                is_in_name = joined in joined_name
            entry = entries[position]
            secret_id = entry.id.lower()
            if secret_id.startswith(word) or secret_id.endswith(word):
                return WHOLE_ID if secret_id == word else END_OF_ID
            texts = (index.text_of(entry, position), notes.get(position, "")) if is_word else ()
            if any(map(alone, texts)):
                return WORD_OF_TEXT
            return IN_NAME if is_in_name else ELSEWHERE

        return fit

    def _favour_together(self, points: Points, words: Sequence[str]) -> None:
        in_name, in_text = without_separators("".join(words)), " ".join(words)
        for position in points:
            if in_name in self.index.joined[position]:
                points[position] -= TOGETHER_IN_NAME
            elif self.index.has(in_text, position):
                points[position] -= TOGETHER_IN_TEXT

    def _best_first(self, points: Points) -> list[int]:
        rank, count = self.index.rank, self.index.size
        return sorted(points, key=lambda place: points[place] * count + rank[place])

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        ours, theirs = vocabulary_of(self.notes.of.values()), self.index.vocabulary
        return Vocabulary(ours.words + theirs.words, ours.numbers + theirs.numbers)

"""Marking what was searched for where it stands in a text."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from secrets_ui.catalog.folding import (
    LONG_VOWEL,
    SEPARATORS,
    SHORTEST_ACROSS,
    folded,
    parts_of,
    words_of,
)

# A part of a word that is shorter says nothing by itself.
SHORTEST_PART = 2

Pieces = list[tuple[str, bool]]
Places = list[tuple[int, int]]

_KANA_AT_END = re.compile(r"[ァ-ヺ]$")
# Of these, each is folded into one letter whatever stands beside it: nearly all texts are made of them.
LETTER_BY_LETTER = re.compile(r"[\x00-\x7fぁ-ゖゝゞァ-ヺーヽヾ一-龯、。・「」『』【】　！-～]*")
# The half-width marks of voiced kana. Other marks that belong to the letter before say so themselves.
_VOICED = "\uff9e\uff9f"


def marked(text: str, query: str) -> Pieces:
    """Return a text in pieces, each with whether it is what was searched for."""
    return Marker(query).pieces(text)


class Marker:
    """Marks one query in many texts.

    A word of one letter is marked only where a word starts. Where a text has none of the words, parts of
    them are marked (see `folding.parts_of`).
    """

    def __init__(self, query: str) -> None:
        words = words_of(query)
        parts = [part for part in parts_of(query) if len(part) >= SHORTEST_PART]
        self._words = _any_of(words)
        self._parts = _any_of(parts) if parts != words else None

    def pieces(self, text: str) -> Pieces:
        """Return a text in pieces, each with whether it is what was searched for."""
        pieces: Pieces = []
        done = 0
        for start, stop in self.places(text):
            pieces += [(text[done:start], False), (text[start:stop], True)]
            done = stop
        pieces.append((text[done:], False))
        return [piece for piece in pieces if piece[0]]

    def places(self, text: str, plain: str | None = None) -> Places:
        """Return from where to where in a text it is what was searched for, one after the other.

        plain: the folded text, where it is known already.
        """
        plain = folded(text) if plain is None else plain
        wanted = self._words
        if wanted is None or not wanted.search(plain):
            wanted = self._parts
            if wanted is None or not wanted.search(plain):
                return []
        letters = None if LETTER_BY_LETTER.fullmatch(text) else _letters(text, plain)
        if letters is None:
            return [match.span() for match in wanted.finditer(plain)]
        places: Places = []
        done = 0
        # Nothing where no place is sure.
        for match in wanted.finditer(plain) if letters else ():
            first, end = match.span()
            # Several folded letters may be one of the text: "㌔" is "キロ".
            start, stop = max(letters[first][0], done), letters[end - 1][1]
            if start < stop:
                places.append((start, stop))
                done = stop
        return places


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    patterns = [_pattern(word) for word in sorted(words, key=len, reverse=True)]
    return re.compile("|".join(patterns)) if patterns else None


def _pattern(word: str) -> str:
    letters = re.sub(SEPARATORS, "", word)
    if not letters.isascii():
        return re.escape(word) + (f"{LONG_VOWEL}*" if _KANA_AT_END.search(word) else "")
    if len(letters) == 1:
        return rf"(?<![a-z0-9]){re.escape(word)}"
    if len(letters) < SHORTEST_ACROSS:
        return re.escape(word)
    return f"{SEPARATORS}*".join(map(re.escape, letters))


def _letters(text: str, plain: str) -> Sequence[tuple[int, int]]:
    """Return for each letter of a folded text from where to where its origin is in the text."""
    letters: list[tuple[int, int]] = []
    start = 0
    for stop in range(1, len(text) + 1):
        if stop < len(text) and _belongs_to_the_letter_before(text[stop]):
            continue
        letters += [(start, stop)] * len(folded(text[start:stop]))
        start = stop
    # Rarely, letters are folded otherwise among others than alone. Then no place is sure.
    return letters if len(letters) == len(plain) else []


def _belongs_to_the_letter_before(character: str) -> bool:
    return character in _VOICED or unicodedata.combining(character) != 0

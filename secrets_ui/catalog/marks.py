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

_KANA_AT_END = re.compile(r"[ァ-ヺ]$")
# The half-width marks of voiced kana. Other marks that belong to the letter before say so themselves.
_VOICED = "\uff9e\uff9f"


def marked(text: str, query: str) -> list[tuple[str, bool]]:
    """Return a text in pieces, each with whether it is what was searched for.

    A word of one letter is marked only where a word starts. Where a text has none of the words, parts of
    them are marked (see `folding.parts_of`).
    """
    plain, letters = _aligned(text)
    words = words_of(query)
    places = _places(plain, words)
    if not places:
        parts = [part for part in parts_of(query) if len(part) >= SHORTEST_PART]
        places = _places(plain, parts) if parts != words else []
    pieces: list[tuple[str, bool]] = []
    done = 0
    for first, end in places:
        # Several folded letters may be one of the text: "㌔" is "キロ".
        start, stop = max(letters[first][0], done), letters[end - 1][1]
        pieces += [(text[done:start], False), (text[start:stop], True)]
        done = stop
    pieces.append((text[done:], False))
    return [piece for piece in pieces if piece[0]]


def _places(plain: str, words: Iterable[str]) -> list[tuple[int, int]]:
    patterns = [_pattern(word) for word in sorted(words, key=len, reverse=True)]
    return [match.span() for match in re.finditer("|".join(patterns), plain)] if patterns else []


def _pattern(word: str) -> str:
    letters = re.sub(SEPARATORS, "", word)
    if not letters.isascii():
        return re.escape(word) + (f"{LONG_VOWEL}*" if _KANA_AT_END.search(word) else "")
    if len(letters) == 1:
        return rf"(?<![a-z0-9]){re.escape(word)}"
    if len(letters) < SHORTEST_ACROSS:
        return re.escape(word)
    return f"{SEPARATORS}*".join(map(re.escape, letters))


def _aligned(text: str) -> tuple[str, Sequence[tuple[int, int]]]:
    """Return a folded text, and for each of its letters from where to where its origin is in the text."""
    plain = folded(text)
    if text.isascii():
        return plain, [(place, place + 1) for place in range(len(text))]
    letters: list[tuple[int, int]] = []
    start = 0
    for stop in range(1, len(text) + 1):
        if stop < len(text) and _belongs_to_the_letter_before(text[stop]):
            continue
        letters += [(start, stop)] * len(folded(text[start:stop]))
        start = stop
    # Rarely, letters are folded otherwise among others than alone. Then no place is sure.
    return (plain, letters) if len(letters) == len(plain) else ("", [])


def _belongs_to_the_letter_before(character: str) -> bool:
    return character in _VOICED or unicodedata.combining(character) != 0

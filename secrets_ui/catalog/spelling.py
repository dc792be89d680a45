"""What a mistyped word may have been meant to be: words and passages of the texts that are nearly it.

Nearly is told in optimal string alignment: how many letters were left out, added, taken for another, or
changed places with their neighbour.
"""

import re
from collections.abc import Collection, Iterable
from itertools import islice
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

# How many other words one word may have been meant to be.
MOST_MEANT = 8
# Far more than texts written by people have: texts made to slow us down are left at that.
MOST_WORDS, MOST_PASSAGES = 50_000, 3_000
SHORTEST, LONGEST = 3, 40
# Of fewer letters, too many words differ in so few of them.
SHORTEST_WITH_SLIP, SHORTEST_WITH_TWO_SLIPS = 4, 8
SHORTEST_START_WITH_SLIP = 5
SHORTEST_NUMBER_WITH_SLIP = 8
SHORTEST_KANJI_WITH_SLIP = 3

_WORD = re.compile(rf"[a-z0-9]{{{SHORTEST},}}")
_KANJI = re.compile(r"[\u3400-\u9fff]")


class Vocabulary(NamedTuple):
    """The words of letters of ASCII, and the numbers, in some texts."""

    words: list[str]
    numbers: list[str]


def vocabulary_of(texts: Iterable[str]) -> Vocabulary:
    """Return the vocabulary of folded texts."""
    found: set[str] = set()
    for text in texts:
        found.update(_WORD.findall(text))
        if len(found) > MOST_WORDS:
            break
    kept = [word for word in islice(found, MOST_WORDS) if len(word) <= LONGEST]
    return Vocabulary(
        words=[word for word in kept if not word.isdigit()],
        numbers=[word for word in kept if word.isdigit()],
    )


def meant(word: str, vocabulary: Vocabulary, texts: Iterable[str]) -> dict[str, int]:
    """Return what else `word` may have been meant to be, and with how many slips.

    A word of ASCII is one of the vocabulary, or the start of one. Other words are passages of the texts:
    Japanese has no blanks between its words.
    """
    if not word.isascii():
        return _meant_passages(word, texts)
    if word.isdigit():
        slips = int(len(word) >= SHORTEST_NUMBER_WITH_SLIP)
        return _nearest(word, vocabulary.numbers, slips)
    if len(word) == SHORTEST:
        # One letter of three makes any word of any other; two that changed places do not.
        letters = sorted(word)
        swapped = [other for other in vocabulary.words if sorted(other) == letters]
        return _nearest(word, swapped, 1)
    near = _nearest(word, vocabulary.words, _slips(word, SHORTEST_WITH_SLIP))
    if near or len(word) < SHORTEST_START_WITH_SLIP:
        return near
    starts = {other[: len(word)] for other in vocabulary.words if len(other) > len(word)}
    return _nearest(word, starts, 1)


def _slips(word: str, shortest: int) -> int:
    return (len(word) >= shortest) + (len(word) >= SHORTEST_WITH_TWO_SLIPS)


def _nearest(word: str, others: Collection[str], slips: int) -> dict[str, int]:
    """Return those of the others that are at most so many slips away, the nearest first."""
    if not slips:
        return {}
    found = process.extract(word, others, scorer=OSA.distance, score_cutoff=slips, limit=MOST_MEANT)
    # What holds the word is found without being taken for anything else.
    return {other: int(distance) for other, distance, _ in found if word not in other}


def _meant_passages(word: str, texts: Iterable[str]) -> dict[str, int]:
    shortest = SHORTEST_KANJI_WITH_SLIP if _KANJI.search(word) else SHORTEST_WITH_SLIP
    slips = _slips(word, shortest)
    return _nearest(word, _passages(word, texts), slips) if slips else {}


def _passages(word: str, texts: Iterable[str]) -> set[str]:
    """Return passages about as long as the word that begin or end with a half of it: with one slip, the
    other half has it.
    """
    length, middle = len(word), len(word) // 2
    start, end = (re.compile(re.escape(half)) for half in (word[:middle], word[middle:]))
    found: set[str] = set()
    for text in texts:
        for size in (length - 1, length, length + 1):
            found.update(text[at.start() : at.start() + size] for at in start.finditer(text))
            found.update(text[max(at.end() - size, 0) : at.end()] for at in end.finditer(text))
        if len(found) >= MOST_PASSAGES:
            break
    return found

"""Texts made alike for searching: width, case and kana do not tell two words apart.

NFKC (Unicode Standard Annex 15) makes full-width letters and half-width kana the usual ones; case is
folded (Unicode Standard, 3.13); hiragana becomes katakana, which stand in the same order 0x60 later.
"""

import re
import unicodedata
from collections.abc import Iterable

# What a query may ask at most, so that a pasted page costs no more than a sentence.
LONGEST_QUERY = 200
MOST_WORDS = 8

LONG_VOWEL = "ー"
# What stands between the parts of a name, as the pattern of a regular expression.
SEPARATORS = r"[-_.\s]"
# A word this long is also found across separators: "awsses" in "aws-ses-smtp-password".
SHORTEST_ACROSS = 4
_TO_KATAKANA = 0x60
_HIRAGANA = (*range(0x3041, 0x3095), 0x309D, 0x309E)  # with the two marks of iteration
# Small ka and ke, in both kana: "3ヶ月", "3ヵ月" and "3か月" are the same to whoever writes them.
_SMALL_KA = dict.fromkeys(map(ord, "ゕゖヵヶ"), "カ")
_KATAKANA = {letter: chr(letter + _TO_KATAKANA) for letter in _HIRAGANA} | _SMALL_KA
# Of no width, and not shown (see `secrets_ui.shown`): nobody types them.
_UNSEEN = dict.fromkeys(
    (
        *(0xAD, 0x61C, 0x180E, 0xFEFF),
        *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)),
    )
)
# Whoever cannot find the long vowel mark types one of these for it. Before a letter or digit of ASCII
# they stay what they are: hyphens.
_DASH_FOR_LONG_VOWEL = re.compile(r"(?<=[ぁ-ゖァ-ヺー])[-‐‒–—―−─]++(?![a-z0-9])")

_SEPARATORS = re.compile(f"{SEPARATORS}+")
_BETWEEN_WORDS = re.compile(r"[\s、。・,;:|/()\[\]{}「」『』【】]+")
_AROUND_WORDS = re.compile(r"^[\W_]+|[\W_]+$")
_SHORTEST_BEFORE_LONG_VOWEL = 2
# One after the other: ASCII, katakana, hiragana, other letters.
_RUNS = re.compile(r"[a-z0-9]+|[ァ-ヺー]+|[ぁ-ゖー]+|[^\W_a-z0-9ァ-ヺーぁ-ゖ]+")
_PARTICLE = re.compile(r"[ぁ-ゖ]{1,2}")


def folded(text: str) -> str:
    """Return a text in which equal letters are equal; folding it once more changes nothing."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", _usual(text).translate(_KATAKANA))


def words_of(query: str) -> list[str]:
    """Return the words of a query, folded, each once; punctuation around them is no part of them.

    A long vowel mark at the end is dropped, as JIS Z 8301 drops it: what is left of "サーバー" is found
    in "サーバ" too.
    """
    # Cut again: one character can be folded into eighteen.
    text = folded(query[:LONGEST_QUERY])[:LONGEST_QUERY]
    return _distinct(_BETWEEN_WORDS.split(text))


def parts_of(query: str) -> list[str]:
    """Return the parts of a query's words, folded: cut where a hyphen or the like is, and where kanji,
    kana and letters meet. "AWSバックアップ" has two; "給与のパスフレーズ" too, as particles say nothing.
    """
    runs = _RUNS.findall(_usual(query[:LONGEST_QUERY])[:LONGEST_QUERY])
    telling = [run for run in runs if not _PARTICLE.fullmatch(run)]
    return _distinct(folded(run) for run in telling or runs)


def without_separators(word: str) -> str:
    return _SEPARATORS.sub("", word)


def with_hyphens(word: str) -> str:
    """Return a word as it would stand in a name."""
    return _SEPARATORS.sub("-", word)


def is_across(joined: str) -> bool:
    """Tell whether letters without separators are looked for across those of a name."""
    return len(joined) >= SHORTEST_ACROSS and joined.isascii()


def _usual(text: str) -> str:
    """Return a text with the usual widths and one case, hiragana still hiragana."""
    plain = unicodedata.normalize("NFKC", text.translate(_UNSEEN)).casefold()
    return _DASH_FOR_LONG_VOWEL.sub(lambda dashes: LONG_VOWEL * len(dashes[0]), plain)


def _distinct(words: Iterable[str]) -> list[str]:
    bare = (_without_long_vowel(_AROUND_WORDS.sub("", word)) for word in words)
    return list(dict.fromkeys(word for word in bare if word))[:MOST_WORDS]


def _without_long_vowel(word: str) -> str:
    stem = word.rstrip(LONG_VOWEL)
    return stem if len(stem) >= _SHORTEST_BEFORE_LONG_VOWEL else word

"""Texts made alike for searching: width, case and kana do not tell two words apart.

NFKC (Unicode Standard Annex 15) makes full-width letters and half-width kana the usual ones; case is
folded (Unicode Standard, 3.13); hiragana becomes katakana, which stand in the same order 0x60 later.
"""

import unicodedata

_FIRST_HIRAGANA, _LAST_HIRAGANA, _TO_KATAKANA = 0x3041, 0x3096, 0x60
_KATAKANA = {letter: letter + _TO_KATAKANA for letter in range(_FIRST_HIRAGANA, _LAST_HIRAGANA + 1)}


def folded(text: str) -> str:
    """Return a text in which equal letters are equal."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().translate(_KATAKANA)


def words_of(query: str) -> list[str]:
    """Return the words of a query, folded; marks that stand alone are none."""
    return [word for word in folded(query).split() if any(letter.isalnum() for letter in word)]

"""How names and descriptions from the API are shown: without characters that nobody sees."""

import unicodedata

LINE_BREAKS_AND_TABS = "\t\n\r"
# Controls, formats (writing direction, zero width), and halves of surrogate pairs.
UNSEEN = {"Cc", "Cf", "Cs"}


def shown(text: str | None) -> str:
    """Return a text as a person may read it; where it is edited, it stays as it is.

    A name that turns its own direction, or that differs from another only in a character of no width,
    would pass for something else (Unicode Technical Report 36, 2.5 and 2.10).
    """
    if not text or text.isprintable():
        return text or ""
    return "".join(
        character
        for character in text
        if character in LINE_BREAKS_AND_TABS or unicodedata.category(character) not in UNSEEN
    )

"""More than 500 texts that are up to something, for every field that the API can return.

Each one calls `__hacked(number)` or asks `number.hacked.localhost` where it succeeds, a name that no
request leaves this machine for; and each says "hacked" somewhere, so that a page shows it has it.

A new text is a line in one of `texts/*.txt`: CALL stands for the call, SITE for the host.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from secrets_ui.shown import shown
from tests.browser.hostile.characters import CHARACTERS, HEADERS, LONG

CALLED, HOST = "__hacked", "hacked.localhost"
LONG_FROM = 200
"""Characters: a text from here on has a bundle to itself."""


def _read(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _armed(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(
        text.replace("CALL", f"{CALLED}({number})").replace("SITE", f"{number}.{HOST}")
        for number, text in enumerate(texts)
    )


_FILES = sorted((Path(__file__).parent / "texts").glob("*.txt"))
TEXTS = _armed(text for texts in (*map(_read, _FILES), HEADERS, CHARACTERS, LONG) for text in texts)


def plain(texts: Iterable[str]) -> tuple[str, ...]:
    """Return harmless texts, as long as these and with the same line ends: a page is shaped alike."""
    return tuple("".join(char if char in "\r\n" else "~" for char in text) for text in texts)


def bundles(texts: Sequence[str], *, longest: int) -> tuple[str, ...]:
    """Return fewer texts with all of these in them, one a line, none over `longest` if it can be."""
    bundled = [""]
    for text in texts:
        if bundled[-1] and len(bundled[-1]) + len(text) >= longest:
            bundled.append("")
        bundled[-1] += f"\n{text}" if bundled[-1] else text
    return tuple(bundled)


def arrived(text: str) -> str:
    """Return a text as it comes out of JSON: pairs of halves are characters, and half ones are none."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_read(text: str) -> str:
    """Return what can be read of a text, on a page or off it: no spaces, and nothing unseen."""
    read = shown(arrived(text))
    return "".join(char for char in read if char.isprintable() and char not in " \ufffd")

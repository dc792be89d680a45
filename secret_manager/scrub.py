"""Makes other people's texts fit to show: the API's words are hostile until cleaned."""

from __future__ import annotations

import base64
import html
import json
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote

MAX_MESSAGE = 300
_MAX_LOOKED_AT = 4000
_WINDOW = 8

# Controls, invisible and direction-changing marks, surrogates, private use, odd line ends.
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean_text(text: str, limit: int = MAX_MESSAGE) -> str:
    """Return the text on one line, without control or direction marks, at most `limit` long."""
    spaced = (" " if unicodedata.category(c) in _UNWANTED else c for c in text[:_MAX_LOOKED_AT])
    line = " ".join("".join(spaced).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def repeats(text: str, private: Iterable[bytes]) -> bool:
    """Whether the text gives away any part (8 characters on) of what must stay private.

    Servers echo what they refuse, whole or cut, plain or encoded; so it is looked for in all the
    forms it may come back in. Something shorter than 8 characters must be there whole.
    """
    squashed = _squash(text[:_MAX_LOOKED_AT])
    if not squashed:
        return False
    seen = set(_windows(squashed))
    for secret in private:
        for form in map(_squash, _forms(secret)):
            if len(form) < _WINDOW:
                if form and form in squashed:
                    return True
            elif any(window in seen for window in _windows(form)):
                return True
    return False


def _forms(secret: bytes) -> Iterator[str]:
    text = secret.decode(errors="replace")
    yield text
    yield json.dumps(text)[1:-1]
    yield html.escape(text)
    yield quote(secret, safe="")
    yield base64.b64encode(secret).decode()
    yield base64.urlsafe_b64encode(secret).decode()
    yield secret.hex()


def _squash(text: str) -> str:
    # Without spaces and case, so that a broken line or a capital letter hides nothing.
    return "".join(text.split()).casefold()


def _windows(text: str) -> Iterator[str]:
    return (text[start : start + _WINDOW] for start in range(len(text) - _WINDOW + 1))

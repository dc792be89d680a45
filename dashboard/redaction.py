"""What is taken out of a log line before it is written.

Nothing here may be relied on: code that handles values does not log them. This is for what others
log, libraries above all, and for the day somebody forgets.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

GONE = "[redacted]"
MAX_CHARACTERS = 2_000

_SENSITIVE = re.compile(
    r"password|passwd|passphrase|secret|token|value|authorization|cookie|csrf|credential|session"
    r"|api_?key|private_?key|assertion|signature|jwt|verifier",
    re.IGNORECASE,
)
# Named like what must not be told, and told all the same: which secret it was.
_TOLD = {"secret_id", "secret_name"}

_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")


def without_secrets(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a log line with what may be a value or a credential taken out.

    Only plain data is kept: what some other object says of itself nobody has looked at.
    """
    return {name: GONE if is_sensitive(name) else _plain(found) for name, found in fields.items()}


def is_sensitive(name: str) -> bool:
    return name.lower() not in _TOLD and bool(_SENSITIVE.search(name.replace("-", "_")))


def redacted(text: str) -> str:
    """Return the text without what looks like a credential, a key, a query or an encoded value."""
    text = text[: 4 * MAX_CHARACTERS]
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"


def _plain(found: Any) -> Any:
    match found:
        case None | bool() | int() | float():
            return found
        case str():
            return redacted(found)
        case Mapping():
            return without_secrets({str(name): each for name, each in found.items()})
        case list() | tuple():
            return [_plain(each) for each in found]
        case _:
            return f"<{type(found).__name__}>"


def _without_value(assignment: re.Match[str]) -> str:
    return f"{assignment['before']}{GONE}" if is_sensitive(assignment["name"]) else assignment[0]


def _without_encoded(found: re.Match[str]) -> str:
    """Tell base64, hex and tokens from the paths, names and numbers that log lines are made of."""
    text = found[0]
    is_mixed = text.lower() != text != text.upper()
    longest = max(re.split(r"[+/_=-]", text), key=len)
    is_word = longest.isdigit() or (longest.isalpha() and longest.islower())
    is_random = len(longest) >= 20 and not is_word
    return GONE if is_mixed or is_random else text


_RULES: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|\Z)", re.DOTALL), GONE),
    (re.compile(r"://[^/\s@]+@"), f"://{GONE}@"),  # user and password in an address
    (re.compile(r"(?<=\S)\?\S+"), f"?{GONE}"),  # a query
    (re.compile(r"\b(bearer|basic|digest|token)\s+[\w.~+/=:-]{3,}", re.IGNORECASE), rf"\1 {GONE}"),
    (re.compile(r"\beyJ[\w-]+(\.[\w-]*)+"), GONE),  # a JSON Web Token
    (
        re.compile(
            r"(?P<before>(?<![\w-])(?P<name>[\w-]{3,64})[\"']?\s*[:=]\s*)"
            r"(\"[^\"]*\"?|'[^']*'?|[^\s,;&]+)"
        ),
        _without_value,
    ),
    (_ENCODED, _without_encoded),
]

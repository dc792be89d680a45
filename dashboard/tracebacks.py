"""What is told of an exception: its type and its way. Never its words or its variables.

An exception's message may quote what a person typed or what the Secret Manager answered, and any
variable may hold a value. Logs and error reports both take from here.
"""

import traceback
from typing import Any

MAX_EXCEPTIONS = 10
MAX_FRAMES = 40
SHORTEST_WORD = 2


def chain_of(error: BaseException) -> list[BaseException]:
    """Return the exception, newest first, with what led to it and what it groups."""
    chain: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting and len(chain) < MAX_EXCEPTIONS:
        found = waiting.pop(0)
        if found is None or any(found is seen for seen in chain):
            continue
        chain.append(found)
        waiting.append(found.__cause__)
        if not found.__suppress_context__:
            waiting.append(found.__context__)
        if isinstance(found, BaseExceptionGroup):
            waiting.extend(found.exceptions)
    return chain


def wordless(error: BaseException) -> list[dict[str, Any]]:
    """Return `type` and `frames` of each exception in the chain, newest first."""
    return [
        {"type": type_name(each), "frames": _frames(each)[-MAX_FRAMES:]} for each in chain_of(error)
    ]


def without_words_of(error: BaseException, text: str) -> str:
    """Return the text with types in place of what the exceptions in the chain say of themselves."""
    for each in chain_of(error):
        said = _words(each)
        # Django escapes what it quotes.
        for quoted in (said, said.encode("unicode_escape").decode()):
            if len(quoted) > SHORTEST_WORD:
                text = text.replace(quoted, type_name(each))
    return text


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _frames(error: BaseException) -> list[str]:
    return [
        f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]

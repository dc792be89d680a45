"""Summaries as they are kept in the cache: small, and only texts, because a shared cache stores JSON."""

import base64
import json
import zlib
from collections.abc import Iterable

from secret_manager import Summary

# Grows with the meaning of a summary's fields: what another version of the program kept is not read.
VERSION = 1
_APP_IDS = Summary._fields.index("app_ids")

Row = list[object]


def packed(entries: Iterable[Summary]) -> str:
    """Return summaries as one text; about 100 bytes a secret."""
    rows = json.dumps(list(entries), ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(rows.encode(), 1)).decode()


def unpacked(text: str) -> list[Summary]:
    """Return the summaries that `packed` took."""
    return [summary_of_row(row) for row in json.loads(zlib.decompress(base64.b64decode(text)))]


def summary_of_row(row: Row) -> Summary:
    """Return a summary that went through JSON, where a tuple becomes a list."""
    row[_APP_IDS] = tuple(row[_APP_IDS])  # type: ignore[arg-type]
    return Summary._make(row)

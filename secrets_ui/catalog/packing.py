"""Summaries as they are kept in the cache: small, and only texts, because a shared cache stores JSON."""

import base64
import zlib
from collections.abc import Sequence

import msgspec

from secret_manager import Summary

# Grows with the meaning of a summary's fields: what another version of the program kept is not read.
VERSION = 1
_decode = msgspec.json.Decoder(list[Summary]).decode


def packed(entries: Sequence[Summary]) -> str:
    """Return summaries as one text; about 100 bytes a secret."""
    return base64.b64encode(zlib.compress(msgspec.json.encode(entries), 1)).decode()


def unpacked(text: str) -> list[Summary]:
    """Return the summaries that `packed` took."""
    return _decode(zlib.decompress(base64.b64decode(text)))


def summary_of_row(row: object) -> Summary:
    """Return a summary that went through JSON, where a tuple becomes a list."""
    return msgspec.convert(row, Summary)

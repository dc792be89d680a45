"""The value of one version, kept from showing itself where nobody asked for it."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import Literal, NoReturn

from .rules import check_value

Encoding = Literal["text", "binary", "unreadable"]

# NUL and its neighbours do not survive a text box, so a value with one of them is not text.
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Value:
    """A value as fetched.

    raw: the bytes; for "unreadable" the bytes as the server sent them, which were no base64.
    encoding: "text" (UTF-8 without control characters other than tab and line ends), "binary", or
        "unreadable". Only text may be put where somebody edits it.
    """

    # No dataclass: `dataclasses.asdict` of a version would spread the bytes out.
    __slots__ = ("_encoding", "_raw")

    def __init__(self, raw: bytes, encoding: Encoding) -> None:
        self._raw = raw
        self._encoding: Encoding = encoding

    @classmethod
    def from_wire(cls, wire: str) -> Value:
        """Read strict base64 (RFC 4648 §4)."""
        try:
            raw = base64.b64decode(wire, validate=True)
        except (binascii.Error, ValueError):
            return cls(wire.encode(errors="replace"), "unreadable")
        return cls(raw, "text" if _is_text(raw) else "binary")

    @classmethod
    def of_text(cls, text: str) -> Value:
        """The value that the API would return after this text was saved.

        Raises rules.InvalidArgument for what could not be saved: an empty or too large text.
        """
        return cls.from_wire(encode_value(text))

    @property
    def raw(self) -> bytes:
        return self._raw

    @property
    def encoding(self) -> Encoding:
        return self._encoding

    @property
    def is_text(self) -> bool:
        return self.encoding == "text"

    @property
    def text(self) -> str:
        """The text. Raises ValueError where the value is not text."""
        if not self.is_text:
            raise ValueError("This value is not text.")
        return self.raw.decode()

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.raw)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value):
            return NotImplemented
        return self.encoding == other.encoding and hmac.compare_digest(self.raw, other.raw)

    def __repr__(self) -> str:
        return f"<Value: {self.encoding}, {self.size} bytes>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A value is never pickled or copied: it would end in a cache or a queue.")


def encode_value(value: str | bytes) -> str:
    """Return the value as the API takes it: base64 of the bytes, text as UTF-8.

    Raises rules.InvalidArgument for an empty or too large value.
    """
    return base64.b64encode(check_value(value)).decode("ascii")


def _is_text(raw: bytes) -> bool:
    if _CONTROLS.search(raw):
        return False
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True

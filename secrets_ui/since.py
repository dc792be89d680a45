"""What is different from what somebody saw before: new, changed, no longer listed, expiry moved.

What is remembered is only what is compared here, and never a value. That a version's `updated_at` moved
proves nothing, so it is not among it: the platform moves it by itself.
"""

import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from secret_manager import Summary

MOST_SHOWN = 10
# Before the packed rows: when their reading began, seconds since 1970.
HEAD = struct.Struct(">d")


class Seen(NamedTuple):
    """One secret as somebody saw it; the fields are those of `Summary`."""

    id: str
    name: str
    expired_at: int | None
    updated_at: int | None
    versions: int
    on: int | None
    current_id: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One secret that is not as it was. before: None where it is new. now: None where it is gone.

    kind: "new", "gone" or "expiry"; of what changed "value" (another version is in use), "none-on",
    "turned" (more or fewer are on), "versions" (more or fewer are there) or "details".
    """

    kind: str
    before: Seen | None = None
    now: Summary | None = None

    @property
    def secret(self) -> Seen | Summary:
        """The secret as it is, or as it was where it is gone."""
        return self.now or self.before  # type: ignore[return-value]


@dataclass(frozen=True, kw_only=True)
class Differences:
    """How many there are in each of GROUPS, and the first of them."""

    counts: dict[str, int]
    first: dict[str, list[Difference]]


GROUPS = ("new", "changed", "gone", "expiry")


def pack(entries: Iterable[Summary], *, read_at: float) -> bytes:
    """Return what is compared of these secrets; about 20 bytes each."""
    rows = [_seen(entry) for entry in entries]
    # Escaped: a name may hold half of a character, which no encoding takes.
    text = json.dumps(rows, separators=(",", ":"))
    return HEAD.pack(read_at) + zlib.compress(text.encode("ascii"), 1)


def read_at_of(packed: bytes) -> float:
    """Return when the reading of packed secrets began; its head is enough."""
    return float(HEAD.unpack(packed[: HEAD.size])[0])


def unpack(packed: bytes) -> list[Seen]:
    """Return what `pack` took."""
    return [Seen._make(row) for row in json.loads(zlib.decompress(packed[HEAD.size :]))]


def differences(before: Iterable[Seen], entries: Sequence[Summary]) -> Differences:
    """Compare what somebody saw with how it is now."""
    known = {seen.id: seen for seen in before}
    found: dict[str, list[Difference]] = {group: [] for group in GROUPS}
    for entry in entries:
        seen = known.pop(entry.id, None)
        if seen is None:
            found["new"].append(Difference(kind="new", now=entry))
        elif seen != _seen(entry):
            if entry.expired_at != seen.expired_at:
                found["expiry"].append(Difference(kind="expiry", before=seen, now=entry))
            if kind := _change(seen, entry):
                found["changed"].append(Difference(kind=kind, before=seen, now=entry))
    found["gone"] = [Difference(kind="gone", before=seen) for seen in known.values()]
    return Differences(
        counts={group: len(each) for group, each in found.items()},
        first={group: each[:MOST_SHOWN] for group, each in found.items()},
    )


_COLUMNS = [Summary._fields.index(name) for name in Seen._fields]


def _seen(entry: Summary) -> Seen:
    return Seen._make([entry[column] for column in _COLUMNS])


def _change(seen: Seen, now: Summary) -> str:
    """Return what became of a secret's versions or details; empty where only its date moved."""
    if seen.on is not None and now.on is not None:
        if seen.current_id != now.current_id:
            return "value" if now.current_id else "none-on"
        if seen.on != now.on:
            return "turned"
        if seen.versions != now.versions:
            return "versions"
    is_only_the_date = seen.expired_at != now.expired_at or seen.updated_at == now.updated_at
    return "" if is_only_the_date else "details"

"""What can be wrong with the trail, and where."""

from enum import StrEnum
from typing import Any


class Flaw(StrEnum):
    """What is wrong with one entry, in words that end a sentence."""

    CHANGED = "was changed, or was not written by this dashboard"
    INSERTED = "was inserted"
    MISSING = "is missing"
    OUT_OF_ORDER = "is out of order: it does not follow on the entry before it"
    UNKNOWN_KEY = "was made with a key that is not among AUDIT_KEYS"
    UNREADABLE = "cannot be read"
    NO_HEAD = "should be the last, but the head of the trail is lost"
    HEAD_DIFFERS = "is not what the head of the trail says it is"
    TAIL_CUT = "is missing, and all after it: the end of the trail was cut off"
    NOT_AS_ANCHORED = "is not the one that was anchored"
    NOT_AS_ARCHIVED = "is not the one that an archive, or the checkpoint, goes on from"
    FORGED_CHECKPOINT = "is named by the checkpoint, which was changed or forged"


class Broken(Exception):
    """The first bad entry. `sequence` is its number, or the number it should have."""

    def __init__(self, sequence: Any, flaw: Flaw) -> None:
        super().__init__(f"Entry {sequence} {flaw}.")
        self.sequence = sequence
        self.flaw = flaw

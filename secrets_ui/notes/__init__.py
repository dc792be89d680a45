"""What the dashboard itself keeps about secrets, and the platform does not: it is shown as ours.

Whose notes somebody sees is decided by the API: what takes a `Secret` takes it as read over that person's
own connection (`services.get_secret`).
"""

from .favourites import favourites_of, set_favourite
from .fields import HOW_TO_RENEW_MAX_LENGTH, LABEL_MAX_LENGTH, MAX_LABELS, NOTHING, Fields
from .index import NotesIndex, index_of
from .keeping import (
    ChangedMeanwhile,
    NothingOffered,
    adopt,
    change,
    dismiss,
    fields_of,
    find,
    offered,
)
from .owners import owner_choices

__all__ = [
    "HOW_TO_RENEW_MAX_LENGTH",
    "LABEL_MAX_LENGTH",
    "MAX_LABELS",
    "NOTHING",
    "ChangedMeanwhile",
    "Fields",
    "NotesIndex",
    "NothingOffered",
    "adopt",
    "change",
    "dismiss",
    "favourites_of",
    "fields_of",
    "find",
    "index_of",
    "offered",
    "owner_choices",
    "set_favourite",
]

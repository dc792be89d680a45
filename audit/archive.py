"""Lines of the trail as a file: JSON Lines, each with all facts of a line and its place in the chain."""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.core.exceptions import ValidationError

from audit.chain import facts_of, one_spelling
from audit.models import Event
from audit.walk import Unreadable

# Far above the longest line there can be, so that no file fills the memory.
LONGEST_LINE = 64 * 1024


def write_archive(events: Iterable[Event], path: Path) -> None:
    """Write a file that only its owner reads.

    It appears whole and on disk, or not at all, and never in the place of another file.

    Raises:
        OSError: the file is there already, or cannot be written.
    """
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            for event in events:
                facts = {**facts_of(event), "previous": event.previous, "mac": event.mac}
                file.write(one_spelling(facts) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        os.unlink(draft)
    _sync_folder(path.parent)


def read_archive(path: Path) -> Iterator[Event]:
    """Yield the lines of an archive, one after the other.

    Raises:
        Unreadable: the next line is none of ours.
        OSError: the file cannot be read.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        while line := file.readline(LONGEST_LINE):
            yield _event(line)


def first_and_last(path: Path) -> tuple[Event, Event]:
    """Return the lines that an archive begins and ends with.

    Raises:
        Unreadable: one of them is none of ours.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        first = file.readline(LONGEST_LINE)
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - LONGEST_LINE))
        lines = file.read().splitlines() or [b""]
    return _event(first), _event(lines[-1])


def _event(line: str | bytes) -> Event:
    fields = {field.attname: field for field in Event._meta.concrete_fields}
    try:
        facts = json.loads(line)
        event = Event(**{name: fields[name].to_python(fact) for name, fact in facts.items()})
    except (ValueError, TypeError, LookupError, AttributeError, ValidationError, RecursionError):
        raise Unreadable from None
    if event.sequence is None:
        raise Unreadable
    return event


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

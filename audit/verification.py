"""Is the trail whole? If not, which entry is the first bad one?

The table is held to its chain and its head, to the archives of what was removed, and to the anchor,
which is the only one that tells where the trail's end was, whoever has cut it off.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from audit import anchor
from audit.archive import read_archive
from audit.chain import GENESIS, Link
from audit.checkpoint import beginning
from audit.flaws import Broken, Flaw
from audit.models import Event, Head
from audit.walk import Unreadable, Walk, stored

ANCHORS_AT_ONCE = 500


@dataclass(kw_only=True)
class Report:
    """What was found whole, and how much of the anchor could be held to it."""

    table: Walk
    archived: int = 0
    anchored: int = 0
    older_anchors: int = 0
    unreadable_anchors: int = 0


def verify(*, anchor_file: Path | None = None, archives: Sequence[Path] = ()) -> Report:
    """Walk the whole trail.

    Raises:
        Broken: the first bad entry.
        OSError: the anchor file or an archive cannot be read.
    """
    beginning()  # whoever forged it knows where; nothing else can be told then
    archived, ends = _walk_archives(archives)
    first_bad = None
    try:
        report = Report(table=_walk_table(ends), archived=archived)
    except Broken as broken:
        first_bad = broken
        report = Report(table=Walk(end=GENESIS))
    if anchor_file:
        for another in _not_as_anchored(anchor_file, report):
            if first_bad is None or another.sequence < first_bad.sequence:
                first_bad = another
    if first_bad:
        raise first_bad
    return report


def _walk_table(archive_ends: dict[int, str]) -> Walk:
    while True:
        start = beginning()
        walk = Walk(end=start)
        try:
            for place in walk.along(stored()):
                _hold_to(archive_ends, place)
            _check_head(walk)
        except Broken:
            if beginning() != start:
                continue  # the oldest entries were being removed meanwhile
            raise
        return walk


def _check_head(walk: Walk) -> None:
    """Hold the end of the walk to the head, after what was added while it was under way."""
    head = Head.objects.filter(pk=Head.ONLY).first()
    if head is None:
        raise Broken(walk.end.sequence, Flaw.NO_HEAD)
    if not isinstance(head.sequence, int):
        raise Broken(walk.end.sequence, Flaw.HEAD_DIFFERS)
    for _place in walk.along(stored(after=walk.end.sequence, up_to=head.sequence)):
        pass
    if head.sequence > walk.end.sequence:
        raise Broken(walk.end.sequence + 1, Flaw.TAIL_CUT)
    if Link(head.sequence, head.mac) != walk.end:
        raise Broken(walk.end.sequence, Flaw.HEAD_DIFFERS)


def _walk_archives(paths: Sequence[Path]) -> tuple[int, dict[int, str]]:
    """Walk each archive; return how many entries they hold, and the places where they end.

    They fit together without a gap, and reach to where the table begins. A removal that was
    interrupted leaves entries in two archives, or in an archive and in the table: they are the same.
    """
    if not paths:
        return 0, {}
    starts = sorted((_start_of(path), path) for path in paths)
    table_start = beginning()
    seams = dict([GENESIS, table_start])
    for start, _path in starts:
        _hold_to(seams, start)
        seams[start.sequence] = start.mac
    entries, end, ends = 0, starts[0][0], {}
    for start, path in starts:
        if start.sequence > end.sequence:
            raise Broken(end.sequence + 1, Flaw.MISSING)
        walk = Walk(end=start)
        for place in walk.along(read_archive(path)):
            _hold_to(seams, place)
        entries += walk.entries
        end = max(end, walk.end)
        ends[walk.end.sequence] = walk.end.mac
    if end.sequence < table_start.sequence:
        raise Broken(end.sequence + 1, Flaw.MISSING)
    return entries, ends


def _start_of(path: Path) -> Link:
    try:
        first = next(read_archive(path), None)
    except Unreadable:
        first = None
    if first is None or not isinstance(first.sequence, int):
        raise Broken(f"at the start of {path}", Flaw.UNREADABLE)
    return Link(first.sequence - 1, first.previous)


def _hold_to(seams: dict[int, str], place: Link) -> None:
    """Where two parts of the trail meet, both tell the same code."""
    if seams.get(place.sequence, place.mac) != place.mac:
        raise Broken(place.sequence, Flaw.NOT_AS_ARCHIVED)


def _not_as_anchored(path: Path, report: Report) -> Iterator[Broken]:
    """Yield each entry that is not the one that was anchored, and count the others.

    The lines may be in any order: several processes write them.
    """
    lines = anchor.read(path)
    while batch := list(islice(lines, ANCHORS_AT_ONCE)):
        told = [place for place in batch if place]
        report.unreadable_anchors += len(batch) - len(told)
        numbers = [place.sequence for place in told]
        codes = dict(Event.objects.filter(sequence__in=numbers).values_list("sequence", "mac"))
        for place in told:
            if place.sequence in codes:
                if codes[place.sequence] != place.mac:
                    yield Broken(place.sequence, Flaw.NOT_AS_ANCHORED)
                report.anchored += 1
            elif place.sequence <= beginning().sequence:
                report.older_anchors += 1
            else:
                yield _gone(place)


def _gone(place: Link) -> Broken:
    last = Event.objects.order_by("-sequence").values_list("sequence", flat=True).first()
    end = beginning().sequence if last is None else last
    if place.sequence > end:
        return Broken(end + 1, Flaw.TAIL_CUT)
    return Broken(place.sequence, Flaw.MISSING)

"""Is the trail whole? If not, which entry is the first bad one?

The table is held to its chain and its head, to the archives of what was removed, and to the anchor,
which is the only one that tells where the trail's end was, whoever has cut it off.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from audit import anchor
from audit.archive import first_and_last, read_archive
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
    archived: tuple[int, int] | None = None
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
    archived, seams = _walk_archives(archives)
    first_bad = None
    try:
        report = Report(table=_walk_table(seams), archived=archived)
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


def _walk_table(seams: dict[int, str]) -> Walk:
    while True:
        start = beginning()
        walk = Walk(end=start)
        try:
            for place in walk.along(stored()):
                _hold_to(seams, place)
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


def _walk_archives(
    paths: Sequence[Path],
) -> tuple[tuple[int, int] | None, dict[int, str]]:
    """Walk each archive; return their first and last entry, and the places where parts meet.

    They fit together without a gap, and reach to where the table begins. A removal that was
    interrupted leaves entries in two archives, or in an archive and in the table: they are the same.
    """
    if not paths:
        return None, {}
    table_start = beginning()
    seams = dict([GENESIS, table_start])
    starts = []
    for path in paths:
        start, end = _span_of(path)
        for place in (start, end):
            _hold_to(seams, place)
            seams[place.sequence] = place.mac
        starts.append((start, path))
    before = reached = min(starts)[0].sequence
    for start, path in sorted(starts):
        if start.sequence > reached:
            raise Broken(reached + 1, Flaw.MISSING)
        walk = Walk(end=start)
        for place in walk.along(read_archive(path)):
            _hold_to(seams, place)
        reached = max(reached, walk.end.sequence)
    if reached < table_start.sequence:
        raise Broken(reached + 1, Flaw.MISSING)
    return (before + 1, reached), seams


def _span_of(path: Path) -> tuple[Link, Link]:
    """Return the place that an archive goes on from, and the one that it goes to, as it says."""
    try:
        first, last = first_and_last(path)
    except Unreadable:
        raise Broken(f"at the start or the end of {path}", Flaw.UNREADABLE) from None
    return Link(first.sequence - 1, first.previous), Link(last.sequence, last.mac)


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
        begins_after = beginning().sequence
        gone = []
        for place in told:
            if place.sequence in codes:
                report.anchored += 1
                if codes[place.sequence] != place.mac:
                    yield Broken(place.sequence, Flaw.NOT_AS_ANCHORED)
            elif place.sequence <= begins_after:
                report.older_anchors += 1
            else:
                gone.append(place.sequence)
        if gone:
            yield _gone(min(gone), begins_after)


def _gone(sequence: int, begins_after: int) -> Broken:
    last = Event.objects.order_by("-sequence").values_list("sequence", flat=True).first()
    end = begins_after if last is None else last
    return Broken(end + 1, Flaw.TAIL_CUT) if sequence > end else Broken(sequence, Flaw.MISSING)

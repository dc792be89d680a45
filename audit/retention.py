"""Removing the oldest lines, so that what was removed and what stays can both be verified."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db import models, transaction

from audit.archive import write_archive
from audit.chain import Link
from audit.checkpoint import begin_after, beginning
from audit.models import Event, Head
from audit.trail import Actor, Subject, recorded
from audit.walk import follow, stored

# So many are removed in one transaction: nobody who works meanwhile waits for long.
AT_ONCE = 1000


def prune(*, before: datetime, archive: Path, actor: Actor) -> int:
    """Move all lines from before a time into an archive; return how many.

    Nothing is removed before all of it is in the archive, on disk. Killed half-way, it leaves a
    trail that is whole, and can be done again with another archive.

    Raises:
        audit.flaws.Broken: one of these lines is bad. Nothing was removed.
        audit.trail.TrailUnavailable: the removal cannot be recorded.
        OSError: the archive is there already, or cannot be written. Nothing was removed.
    """
    start = beginning()
    last = _last_before(before, start)
    if last <= start.sequence:
        return 0
    steps: list[Link] = []
    write_archive(_noting(steps, follow(stored(up_to=last), start)), archive)
    subject = Subject(detail=f"{start.sequence + 1} to {last}")
    with recorded(action="trail.pruned", actor=actor, subject=subject):
        for step in steps:
            _remove_up_to(step)
    return last - start.sequence


def _last_before(time: datetime, start: Link) -> int:
    """Return the number of the last line before the first one that stays."""
    stays = Event.objects.filter(at__gte=time).order_by("sequence").first()
    if stays:
        return stays.sequence - 1
    last = Event.objects.order_by("sequence").last()
    return last.sequence if last else start.sequence


def _noting(steps: list[Link], events: Iterator[Event]) -> Iterator[Event]:
    """Pass on what was walked, and note how far each step of the removal will go."""
    place = None
    for count, event in enumerate(events, start=1):
        place = Link(event.sequence, event.mac)
        if count % AT_ONCE == 0:
            steps.append(place)
        yield event
    if place and place not in steps[-1:]:
        steps.append(place)


def _remove_up_to(step: Link) -> None:
    with transaction.atomic(durable=True):
        Head.objects.select_for_update().get(pk=Head.ONLY)  # one removal at a time
        if beginning().sequence >= step.sequence:
            return
        begin_after(step)
        # The model's own manager refuses this, for everybody else.
        models.QuerySet(Event).filter(sequence__lte=step.sequence).delete()

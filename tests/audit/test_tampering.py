"""A thousand random tamperings with everything that is stored: a thousand detected.

The forger has the database, the code, all of this text and plenty of time, but no key. So where it
helps, what needs no key is put right again: numbers, each line's `previous`, the head. The keys'
own work, a code that fits, is guessed. Only a cut end needs the anchor to show; it is there in all
of them, since the forger does not reach it.
"""

import random
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from audit.flaws import Broken
from audit.models import Checkpoint, Event, Head
from audit.verification import verify
from tests.audit.support import add, anchor_all, run

pytestmark = pytest.mark.django_db

TAMPERINGS = 1000
SEED = 20261204
MODELS: tuple[type[models.Model], ...] = (Event, Head, Checkpoint)
Row = dict[str, Any]


@dataclass
class Stored:
    """All rows of the trail's tables, as the database holds them."""

    events: list[Row]
    head: list[Row]
    checkpoint: list[Row]

    def copy(self) -> "Stored":
        return Stored(*([dict(row) for row in rows] for rows in self.tables()))

    def tables(self) -> tuple[list[Row], list[Row], list[Row]]:
        return self.events, self.head, self.checkpoint


def load() -> Stored:
    return Stored(*(list(models.QuerySet(model).order_by("pk").values()) for model in MODELS))


def store(stored: Stored, *, instead_of: Stored) -> None:
    """Write what differs, past all that our own models refuse."""
    for model, rows, before in zip(MODELS, stored.tables(), instead_of.tables(), strict=True):
        if rows == before:
            continue
        kept = [row for row in rows if row in before]
        key = model._meta.pk.attname
        models.QuerySet(model).exclude(pk__in=[row[key] for row in kept]).delete()
        models.QuerySet(model).bulk_create(model(**row) for row in rows if row not in kept)


class Forger:
    """Knows all that is stored; `luck` decides what is done with it."""

    def __init__(self, stored: Stored, luck: random.Random) -> None:
        self.stored, self.luck = stored, luck
        self.events = stored.events

    def code(self) -> str:
        """A code made with another key is as good as any: a guess."""
        return self.luck.choice([self.luck.randbytes(32).hex(), self.some_event()["mac"]])

    def act(self) -> uuid.UUID:
        return uuid.UUID(int=self.luck.getrandbits(128))

    def some_event(self) -> Row:
        return self.luck.choice(self.events)

    def place(self) -> int:
        return self.luck.randrange(len(self.events))

    def another(self, column: str, fact: Any) -> Any:
        """Return another fact for a column: somebody else's, or one that was never there."""
        if column == "act":
            return self.act()
        theirs = [row[column] for row in self.events if row[column] != fact]
        if theirs and self.luck.random() < 0.5:
            return self.luck.choice(theirs)
        if isinstance(fact, int):
            return fact + self.luck.choice([-1, 1, 1000])
        if column == "at":
            return fact + timedelta(microseconds=self.luck.choice([-1, 1, 10**9]))
        if column == "actor_address":
            return f"198.51.100.{self.luck.randrange(256)}"
        if fact is None:
            return self.luck.randrange(1, 10**6)
        return self.luck.choice([f"{fact} ", f"{fact}x", f"x{fact}", (fact or "y")[::-1] + "z"])

    # What can be put right without a key

    def number_anew(self) -> None:
        first = self.stored.checkpoint[0]["sequence"] + 1
        for number, row in enumerate(self.events, start=first):
            row["sequence"] = number

    def link_anew(self, start: int = 0) -> None:
        """From a line on, let each name the code of the one before, with codes that are guessed."""
        for before, row in zip(self.events[start:], self.events[start + 1 :], strict=False):
            row["previous"] = before["mac"]
            if self.luck.random() < 0.5:
                row["mac"] = self.code()

    def move_head(self) -> None:
        if self.events:
            last = max(self.events, key=lambda row: row["sequence"])
            self.stored.head[0] |= {"sequence": last["sequence"], "mac": last["mac"]}

    def tidy(self, start: int = 0) -> None:
        """Hide what was done as well as can be, or not at all."""
        if self.luck.random() < 0.6:
            self.number_anew()
        if self.luck.random() < 0.5:
            self.link_anew(max(0, start - 1))
        if self.luck.random() < 0.7:
            self.move_head()


def change_a_fact(forger: Forger) -> None:
    place = forger.place()
    row = forger.events[place]
    column = forger.luck.choice([name for name in row if name not in {"sequence", "outcome"}])
    row[column] = forger.another(column, row[column])
    if column not in {"mac", "previous"} and forger.luck.random() < 0.5:
        row["mac"] = forger.code()
        forger.link_anew(place)
    forger.move_head()


def change_the_outcome(forger: Forger) -> None:
    row = forger.some_event()
    others = {"attempted", "ok", "denied", "failed", "unknown"} - {row["outcome"]}
    row["outcome"] = forger.luck.choice(sorted(others))


def exchange_facts(forger: Forger) -> None:
    one, other = forger.luck.sample(forger.events, 2)
    names = ("act", "at", "actor", "secret_name", "person_id", "detail", "mac", "previous")
    different = [name for name in names if one[name] != other[name]]
    for name in forger.luck.sample(different, forger.luck.randint(1, len(different))):
        one[name], other[name] = other[name], one[name]


def insert(forger: Forger) -> None:
    place = forger.place()
    row = {**forger.some_event(), "act": forger.act()}
    row["mac"] = forger.code()
    row["previous"] = forger.luck.choice([forger.events[place]["previous"], forger.code()])
    forger.events.insert(place, row)
    forger.number_anew()
    if forger.luck.random() < 0.5:
        forger.link_anew(place)
    forger.move_head()


def duplicate(forger: Forger) -> None:
    place = forger.place()
    copy = {**forger.events[place], "act": forger.act()}
    forger.events.insert(forger.luck.choice([place + 1, len(forger.events)]), copy)
    forger.number_anew()
    forger.tidy(place)


def add_at_the_end(forger: Forger) -> None:
    last = forger.events[-1]
    row = {**last, "act": forger.act(), "mac": forger.code()}
    row |= {"sequence": last["sequence"] + 1, "previous": last["mac"]}
    forger.events.append(row)
    forger.move_head()


def remove(forger: Forger) -> None:
    place = forger.luck.randrange(len(forger.events) - 1)
    del forger.events[place : place + forger.luck.choice([1, 1, 2, 5])]
    forger.tidy(place)


def swap(forger: Forger) -> None:
    one, other = sorted(forger.luck.sample(range(len(forger.events)), 2))
    first, second = forger.events[one], forger.events[other]
    forger.events[one], forger.events[other] = second, first
    forger.number_anew()
    if forger.luck.random() < 0.5:
        forger.link_anew(one)
    forger.move_head()


def reverse_some(forger: Forger) -> None:
    start = forger.luck.randrange(len(forger.events) - 2)
    end = start + forger.luck.randint(2, 6)
    forger.events[start:end] = reversed(forger.events[start:end])
    forger.number_anew()
    forger.tidy(start)


def shift_the_numbers(forger: Forger) -> None:
    start, by = forger.place(), forger.luck.choice([1, 2, 1000])
    for row in forger.events[start:]:
        row["sequence"] += by
    if forger.luck.random() < 0.7:
        forger.move_head()


def cut_the_end(forger: Forger) -> None:
    """The one that no key is needed for: nothing but the anchor knows."""
    del forger.events[-forger.luck.randint(1, len(forger.events) - 1) :]
    forger.move_head()


def go_back_to_an_old_backup(forger: Forger) -> None:
    """All lines since the checkpoint are gone, and the head with them."""
    checkpoint = forger.stored.checkpoint[0]
    forger.events.clear()
    forger.stored.head[0] |= {"sequence": checkpoint["sequence"], "mac": checkpoint["mac"]}


def name_another_key(forger: Forger) -> None:
    row = forger.some_event()
    known = {each["key_id"] for each in forger.events} - {row["key_id"]}
    row["key_id"] = forger.luck.choice([*known, forger.luck.randbytes(8).hex()])


def move_the_head_alone(forger: Forger) -> None:
    match forger.luck.randrange(4):
        case 0:
            forger.stored.head.clear()
        case 1:
            forger.stored.head[0]["mac"] = forger.luck.randbytes(32).hex()
        case 2:
            forger.stored.head[0]["sequence"] += forger.luck.choice([-1, 1, 50])
        case 3:
            row = forger.luck.choice(forger.events[:-1])
            forger.stored.head[0] |= {"sequence": row["sequence"], "mac": row["mac"]}


def forge_the_checkpoint(forger: Forger) -> None:
    """Remove the oldest lines and say that this was ours."""
    count = forger.luck.randint(1, len(forger.events) - 1)
    last = forger.events[count - 1]
    del forger.events[:count]
    checkpoint = forger.stored.checkpoint[0]
    checkpoint |= {"sequence": last["sequence"], "mac": last["mac"]}
    if forger.luck.random() < 0.7:
        checkpoint["signature"] = forger.luck.choice([forger.code(), last["mac"]])


def change_the_checkpoint(forger: Forger) -> None:
    checkpoint = forger.stored.checkpoint[0]
    match forger.luck.randrange(5):
        case 0:
            forger.stored.checkpoint.clear()
        case 1:
            checkpoint["sequence"] += forger.luck.choice([-1, 1])
        case 2:
            checkpoint["mac"] = forger.code()
        case 3:
            checkpoint["signature"] = forger.code()
        case 4:
            checkpoint["key_id"] = forger.luck.randbytes(8).hex()


def begin_anew_without_a_checkpoint(forger: Forger) -> None:
    """Number what is left from one, as if nothing had ever been before it."""
    forger.stored.checkpoint.clear()
    for number, row in enumerate(forger.events, start=1):
        row["sequence"] = number
    forger.events[0]["previous"] = "0" * 64
    forger.move_head()


KINDS: list[Callable[[Forger], None]] = [
    *[change_a_fact] * 5,
    change_the_outcome,
    exchange_facts,
    *[insert] * 2,
    duplicate,
    add_at_the_end,
    *[remove] * 2,
    swap,
    reverse_some,
    shift_the_numbers,
    cut_the_end,
    go_back_to_an_old_backup,
    name_another_key,
    move_the_head_alone,
    forge_the_checkpoint,
    change_the_checkpoint,
    begin_anew_without_a_checkpoint,
]


@pytest.fixture
def anchor(tmp_path: Path, settings: Any) -> Path:
    """A trail of 30 lines: pruned once, under two keys, and anchored from its beginning."""
    settings.AUDIT_KEYS = [b"o" * 32]
    with time_machine.travel(timezone.now() - timedelta(days=400), tick=True):
        add(10)
    settings.AUDIT_KEYS = [b"n" * 32, b"o" * 32]
    for number in range(28):
        settings.AUDIT_KEYS.reverse() if number == 10 else None
        add(
            actor=f"person-{number % 5}",
            person_id=number % 5 or None,
            outcome=["attempted", "ok", "denied"][number % 3],
            secret_id=str(number // 2),
            secret_name=f"secret-{number // 2}",
            actor_address=None if number % 4 == 0 else f"192.0.2.{number}",
            detail="description" if number % 2 else "",
            reason="for the audit" if number % 7 == 0 else "",
        )
    settings.AUDIT_KEYS = [b"n" * 32, b"o" * 32]
    run("audit_prune", "--keep-days", 365, "--archive", tmp_path / "archive.jsonl")
    path = anchor_all(tmp_path / "anchor.jsonl")
    settings.AUDIT_ANCHOR_FILE = str(path)
    return path


def detects(stored: Stored, anchor: Path, *, instead_of: Stored) -> bool:
    with transaction.atomic():
        store(stored, instead_of=instead_of)
        try:
            verify(anchor_file=anchor)
            return False
        except Broken:
            return True
        finally:
            transaction.set_rollback(True)


def test_a_thousand_tamperings_are_a_thousand_detected(anchor: Path) -> None:
    whole, luck = load(), random.Random(SEED)
    assert len(whole.events) == 30
    assert len({row["key_id"] for row in whole.events}) == 2
    assert not detects(whole, anchor, instead_of=whole)

    tried: Counter[str] = Counter()
    missed = []
    for _ in range(2 * TAMPERINGS):
        forger = Forger(whole.copy(), luck)
        kind = KINDS[tried.total() % len(KINDS)]
        kind(forger)
        assert forger.stored != whole, kind.__name__
        try:
            is_detected = detects(forger.stored, anchor, instead_of=whole)
        except IntegrityError:
            continue  # the table itself refuses an act that ends twice
        tried[kind.__name__] += 1
        if not is_detected:
            missed.append((tried.total(), kind.__name__))
        if tried.total() == TAMPERINGS:
            break
    assert tried.total() == TAMPERINGS
    assert missed == []
    assert set(tried) == {kind.__name__ for kind in KINDS}
    assert not detects(whole, anchor, instead_of=whole)


@pytest.mark.parametrize("kind", [cut_the_end, go_back_to_an_old_backup])
def test_only_the_anchor_shows_a_cut_end(
    kind: Callable[[Forger], None], anchor: Path, settings: Any
) -> None:
    """What the documents say about the anchor is true: without it, a cut end is not seen."""
    whole = load()
    forger = Forger(whole.copy(), random.Random(SEED))
    kind(forger)
    store(forger.stored, instead_of=whole)
    verify()
    with pytest.raises(Broken):
        verify(anchor_file=anchor)


def test_what_is_stored_holds_nothing_that_makes_a_code(anchor: Path, settings: Any) -> None:
    stored = repr(load())
    for key in settings.AUDIT_KEYS:
        assert key.decode() not in stored
        assert key.hex() not in stored

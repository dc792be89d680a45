"""Answers dropped at random: before the act, after it, or not at all. The same for every client."""

import json
import random
from collections import Counter
from dataclasses import dataclass

from tests.faults.kinds.kind import Kind
from tests.faults.server import Exchange
from tests.faults.truth import Request, Tables

SEED = 20261121


class Fates:
    """Decides, once for each thing to be created, what becomes of the first request for it.

    A request that comes again for the same thing is answered properly, as it would be by a server
    that had a bad moment.
    """

    def __init__(self, seed: int = SEED) -> None:
        self._chance = random.Random(seed)
        self.decided: dict[str, str] = {}
        self.kind = Kind(
            name="dropped at random",
            misbehave=self._misbehave,
            times=None,
            applies=self._applies,
            waits_for_the_act=False,
        )

    def _applies(self, request: Request) -> bool:
        return request.method == "POST"

    def _misbehave(self, exchange: Exchange) -> None:
        sent = json.loads(exchange.request.body)
        thing = sent.get("name") or sent["value"]
        if thing in self.decided:
            exchange.answer(exchange.real)
            return
        fate = self.decided[thing] = self._chance.choice(["answered", "before", "after"])
        if fate != "before":
            _ = exchange.real
        if fate == "answered":
            exchange.answer(exchange.real)
        elif self._chance.random() < 0.5:
            exchange.hang_up()
        else:
            exchange.reset()


@dataclass
class Score:
    """How truthfully a client reported what became of what it was asked to create.

    lost: said to be saved, and not there. denied: said to have failed, and there.
    """

    client: str
    asked: int = 0
    dropped: int = 0
    duplicates: int = 0
    lost: int = 0
    denied: int = 0
    not_known: int = 0

    def note(self, *, said: bool | None, copies: int) -> None:
        """Count one act: what was said of it (None: not known), and how often it is there."""
        self.asked += 1
        self.duplicates += max(0, copies - 1)
        self.lost += said is True and copies == 0
        self.denied += said is False and copies > 0
        self.not_known += said is None


def created(tables: Tables) -> Counter[str]:
    """Return how often each name is there."""
    return Counter(row.name for row in tables.values())


def added(tables: Tables, secret_id: str) -> Counter[str]:
    """Return how often each value is there, among one secret's versions."""
    versions = tables[secret_id].versions.values()
    return Counter(version.value.decode() for version in versions)

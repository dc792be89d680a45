"""Several people, or one impatient one, at the same secret."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.db import connections
from django.test import Client

from tests.faults.operations import OPERATIONS, Claim
from tests.faults.place import DESCRIPTION, Place, newcomer
from tests.secrets_ui.views.support import filled


@dataclass
class Race:
    """What came of many edits of one secret.

    shown: for each description that somebody saved, the one their form had shown.
    order: the descriptions in the order in which the API took them.
    """

    claims: Counter[Claim] = field(default_factory=Counter)
    shown: dict[str, str] = field(default_factory=dict)
    told_saved: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)

    @property
    def silent_overwrites(self) -> list[str]:
        """Edits that replaced something else than what their author had seen."""
        before = dict(zip(self.order[1:], self.order, strict=False))
        return [mine for mine, theirs in before.items() if self.shown[mine] != theirs]


def edits(place: Place, *, editors: int, each: int) -> Race:
    """Let many people edit the description of one secret at once, each with a browser of their own."""
    race, lock, start = Race(), threading.Lock(), threading.Barrier(editors)
    people = [newcomer(place.organization_id, place.credential)[1] for _ in range(editors)]
    edit = OPERATIONS["edit"]

    def editor(number: int) -> None:
        place.enter()
        start.wait(30)
        for turn in range(each):
            mine = f"editor {number}, edit {turn}"
            form = filled(people[number].get(edit.url(place)), edit.form, description=mine)
            with lock:
                race.shown[mine] = form["initial-description"]
            response = people[number].post(edit.url(place), form)
            claim = edit.told(place, response).claim
            with lock:
                race.claims[claim] += 1
                if claim is Claim.DONE:
                    race.told_saved.add(mine)

    at_once(editor, editors)
    race.order = [DESCRIPTION, *_saved(place)]
    return race


def _saved(place: Place) -> list[str]:
    """Return what was written, in the order in which it was."""
    written = [line for line in place.server.log if line.is_done and line.request.method == "PATCH"]
    written.sort(key=lambda line: line.done_at)
    return [json.loads(line.request.body)["description"] for line in written]


def at_once(act: Callable[[int], Any], people: int) -> list[Any]:
    """Run `act(number)` in as many threads and return what they return."""

    def run(number: int) -> Any:
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(people) as pool:
        return list(pool.map(run, range(people)))


def twin(browser: Client) -> Client:
    """Return another tab of the same browser."""
    tab = Client(raise_request_exception=False)
    tab.cookies = browser.cookies
    return tab

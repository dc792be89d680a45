"""Catalogs are read beside whoever asks, on real threads: once for each, and nobody waits or hangs."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from secret_manager import Credential, SummaryPage
from secrets_ui.catalog import current, memory, refreshing
from secrets_ui.catalog.current import View
from secrets_ui.catalog.store import Shelf
from secrets_ui.connection import Connection
from tests.conftest import BEGIN
from tests.secrets_ui.catalog.support import summaries

PATIENCE = 10.0
CONNECTION = Connection(
    organization_id="1410000000000", label="Ours", credential=Credential.personal("7", "token")
)


class Api:
    """Lists so many secrets to whoever asks, once it may. at_once: the most it was asked at once."""

    def __init__(self, count: int = 250) -> None:
        self.entries = summaries(count)
        self.asked = 0
        self.at_once = self.most_at_once = 0
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.first: Callable[[], object] = lambda: None
        self._lock = threading.Lock()

    def get_summaries(self, organization_id: str, offset: int, limit: int) -> SummaryPage:
        with self._lock:
            self.asked += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.first()
            assert self.may_answer.wait(PATIENCE)
        finally:
            with self._lock:
                self.at_once -= 1
        found = tuple(self.entries[offset : offset + limit])
        has_next = offset + limit < len(self.entries)
        return SummaryPage(summaries=found, received=len(found), has_next=has_next)


@pytest.fixture
def api(no_catalog: None, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(refreshing, "begin", BEGIN)
    api = Api()
    monkeypatch.setattr(Connection, "client", property(lambda self: api))
    return api


def wait_for(is_so: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not is_so() and time.monotonic() < give_up_at:
        time.sleep(0.002)
    assert is_so()


def is_quiet() -> bool:
    return not any(thread.name == "catalog" for thread in threading.enumerate())


def looked_at(connection: Connection = CONNECTION) -> View:
    wait_for(is_quiet)
    return current.look(connection)


def test_nobody_waits_and_the_next_look_has_them_all(api: Api) -> None:
    api.may_answer.clear()
    first = current.look(CONNECTION)
    assert (first.is_there, first.is_reading, first.count) == (False, True, 0)
    api.may_answer.set()
    then = looked_at()
    assert then.snapshot.entries == api.entries
    assert (then.is_there, then.is_complete, then.is_reading) == (True, True, False)
    assert is_quiet()


def test_a_page_that_wants_them_waits_a_little(api: Api) -> None:
    assert current.await_complete(CONNECTION, PATIENCE).snapshot.entries == api.entries


def test_a_page_that_wants_them_does_not_wait_for_ever(api: Api) -> None:
    api.may_answer.clear()
    started = time.monotonic()
    assert not current.await_complete(CONNECTION, 0.1).is_there
    assert time.monotonic() - started < PATIENCE / 2
    api.may_answer.set()
    wait_for(is_quiet)


def test_many_who_look_at_once_read_once(api: Api) -> None:
    api.may_answer.clear()
    at_the_door = threading.Barrier(8)

    def looks() -> None:
        at_the_door.wait(PATIENCE)
        current.look(CONNECTION)

    people = [threading.Thread(target=looks) for _ in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join(PATIENCE)
    api.may_answer.set()
    assert looked_at().snapshot.entries == api.entries
    assert api.asked <= refreshing.WIDTH


def test_who_looks_while_it_ends_does_not_read_again(api: Api) -> None:
    current.look(CONNECTION)
    give_up_at = time.monotonic() + PATIENCE
    while not current.look(CONNECTION).is_there and time.monotonic() < give_up_at:
        pass
    wait_for(is_quiet)
    assert api.asked <= 3 + refreshing.WIDTH


def test_all_readings_together_ask_for_no_more_at_once_than_one_may(api: Api) -> None:
    api.entries = summaries(2000)
    api.first = lambda: time.sleep(0.002)
    others = [replace(CONNECTION, organization_id=f"14{number}") for number in range(4)]
    for other in others:
        current.look(other)
    wait_for(is_quiet)
    assert all(current.look(other).count == 2000 for other in others)
    assert api.most_at_once <= refreshing.WIDTH


def test_one_that_is_known_is_not_asked_for_more_pages_than_it_had(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.entries = summaries(50)
    current.look(CONNECTION)
    wait_for(is_quiet)
    monkeypatch.setattr(current, "FRESH", 0.0)
    api.asked = 0
    current.look(CONNECTION)
    wait_for(is_quiet)
    assert api.asked == 1


def test_what_is_old_is_shown_while_it_is_read_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = api.entries
    current.look(CONNECTION)
    wait_for(is_quiet)
    monkeypatch.setattr(current, "FRESH", 0.0)
    api.entries = summaries(300)
    api.may_answer.clear()
    meanwhile = current.look(CONNECTION)
    assert meanwhile.snapshot.entries == before
    assert meanwhile.is_reading
    api.may_answer.set()
    wait_for(is_quiet)
    monkeypatch.undo()
    assert memory.recall(Shelf(CONNECTION).key, Shelf(CONNECTION).state()[0].name)  # type: ignore[union-attr]


def test_what_is_in_so_far_can_be_looked_at(api: Api) -> None:
    api.entries = summaries(2500)
    given = []

    def stops_in_the_middle() -> None:
        given.append(1)
        if len(given) > 12:
            api.may_answer.clear()

    api.first = stops_in_the_middle
    current.look(CONNECTION)
    wait_for(lambda: current.look(CONNECTION).count >= 100)
    view = current.look(CONNECTION)
    assert view.snapshot.entries == api.entries[: len(view.snapshot)]
    assert (view.is_reading, view.is_there, view.is_complete) == (True, False, False)
    api.first = lambda: None
    api.may_answer.set()
    assert looked_at().count == 2500


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("where", ["reading", "saving"])
def test_a_mistake_of_ours_leaves_no_lock_and_no_hanging_page(
    api: Api, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_wrong(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a mistake")

    with monkeypatch.context() as wrong:
        wrong.setattr(*((api, "first") if where == "reading" else (Shelf, "save")), is_wrong)
        current.look(CONNECTION)
        view = looked_at()
        assert (view.is_reading, view.is_there, view.problem) == (False, False, "failed")
    assert not Shelf(CONNECTION).is_being_read()
    assert not refreshing.under_way(Shelf(CONNECTION))


def test_where_no_thread_can_be_had_nobody_waits_for_one(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(work: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(refreshing.background, "start", none_left)
    current.look(CONNECTION)
    view = current.look(CONNECTION)
    assert (view.is_reading, view.problem) == (False, "failed")
    assert not refreshing.under_way(Shelf(CONNECTION))


def test_so_many_catalogs_at_once_and_the_others_wait_their_turn(api: Api) -> None:
    api.may_answer.clear()
    others = [
        replace(CONNECTION, organization_id=f"14{n}") for n in range(refreshing.MOST_READINGS)
    ]
    for other in others:
        current.look(other)
    waiting = current.look(CONNECTION)
    assert (waiting.is_reading, waiting.problem) == (True, "")
    assert not Shelf(CONNECTION).is_being_read()
    api.may_answer.set()
    wait_for(is_quiet)
    current.look(CONNECTION)
    assert looked_at().count == 250

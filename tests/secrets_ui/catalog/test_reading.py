"""Reading all secrets, several pages at once, from servers that keep to the document and from others."""

import random
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from secret_manager import SecretManagerError, Summary, SummaryPage
from secrets_ui.catalog import reading
from secrets_ui.catalog.reading import PAGE, Fetch, Reading
from tests.secrets_ui.catalog.support import summaries

PATIENCE = 10.0
"""Seconds after which a test takes a reading for hanging."""


def page_of(found: Sequence[Summary], *, has_next: bool, dropped: int = 0) -> SummaryPage:
    return SummaryPage(summaries=tuple(found), received=len(found) + dropped, has_next=has_next)


class Server:
    """Lists secrets as the document says. own_limit: at most so many a page, whatever is asked for.

    most_at_once: how many pages were asked for at the same time. pause: seconds before each answer.
    """

    def __init__(
        self, count: int, *, own_limit: int = PAGE, pause: Callable[[int], float] = lambda offset: 0
    ) -> None:
        self.entries = summaries(count)
        self.asked: list[int] = []
        self.most_at_once = 0
        self._own_limit = own_limit
        self._pause = pause
        self._at_once = 0
        self._lock = threading.Lock()

    def __call__(self, offset: int, limit: int) -> SummaryPage:
        with self._lock:
            self.asked.append(offset)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(self._pause(offset))
        with self._lock:
            self._at_once -= 1
        return self.page(offset, min(limit, self._own_limit))

    def page(self, offset: int, limit: int) -> SummaryPage:
        found = self.entries[offset : offset + limit]
        return page_of(found, has_next=offset + limit < len(self.entries))


def read(fetch: Fetch, *, width: int = 8) -> Reading:
    """Read to the end; a reading that hangs fails the test instead of holding it."""
    found = Reading(fetch, width=width)
    thread = threading.Thread(target=found.run, daemon=True)
    thread.start()
    assert found.is_over.wait(PATIENCE)
    thread.join(PATIENCE)
    return found


@pytest.mark.parametrize("width", [1, 2, 8])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250, 800, 1234])
def test_all_are_read_in_order_each_once(count: int, width: int) -> None:
    server = Server(count)
    found = read(server, width=width)
    assert found.so_far() == server.entries
    assert found.count == count
    assert (found.is_complete, found.error, found.dropped) == (True, None, 0)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_is_the_lists_whatever_order_pages_come_in(seed: int) -> None:
    chance = random.Random(seed)
    pauses = [chance.random() / 50 for _ in range(100)]
    server = Server(1550, pause=lambda offset: pauses[offset // PAGE])
    found = read(server)
    assert found.so_far() == server.entries
    assert found.is_complete


def test_no_more_pages_are_asked_for_at_once_than_the_width() -> None:
    server = Server(2000, pause=lambda offset: 0.002)
    read(server, width=3)
    assert server.most_at_once == 3


@pytest.mark.parametrize("slow", [0, 500, 1900])
def test_pages_are_asked_for_ahead_but_not_far_past_the_end(slow: int) -> None:
    server = Server(2000, pause=lambda offset: 0.2 if offset == slow else 0.001)
    read(server, width=8)
    assert len(server.asked) <= 20 + 8
    assert len(set(server.asked)) == len(server.asked)


def test_it_does_not_wait_for_pages_past_the_end() -> None:
    hung = threading.Event()
    server = Server(300, pause=lambda offset: not hung.wait(PATIENCE) if offset > 300 else 0)
    started = time.monotonic()
    found = read(server)
    assert found.is_complete
    assert time.monotonic() - started < PATIENCE / 2
    hung.set()


def test_pages_past_the_end_that_fail_do_not_matter() -> None:
    server = Server(300)

    def refuses_past_the_end(offset: int, limit: int) -> SummaryPage:
        if offset >= 300:
            raise SecretManagerError("out of range")
        time.sleep(0.01)
        return server(offset, limit)

    found = read(refuses_past_the_end)
    assert found.so_far() == server.entries
    assert (found.is_complete, found.error) == (True, None)


@pytest.mark.parametrize("failing", [0, 300, 900])
@pytest.mark.parametrize("width", [1, 8])
def test_a_page_in_the_middle_that_fails_ends_it_with_that_error(failing: int, width: int) -> None:
    server = Server(1000)
    failure = SecretManagerError("no")

    def fails(offset: int, limit: int) -> SummaryPage:
        if offset == failing:
            raise failure
        return server(offset, limit)

    found = read(fails, width=width)
    assert found.error is failure
    assert not found.is_complete
    assert found.so_far() == server.entries[:failing]


@pytest.mark.parametrize("own_limit", [1, 7, 50, 99])
@pytest.mark.parametrize("width", [1, 8])
def test_a_lower_limit_of_the_servers_own_loses_nothing(own_limit: int, width: int) -> None:
    # The pages that were asked for ahead come back at any moment of the second reading.
    chance = random.Random(own_limit)
    server = Server(320, own_limit=own_limit, pause=lambda offset: chance.random() / 2000)
    found = read(server, width=width)
    assert found.so_far() == server.entries
    assert found.is_complete


def test_answers_of_the_first_attempt_do_not_disturb_a_second_one() -> None:
    asked_again = threading.Event()

    def pause(offset: int) -> float:
        if offset == 50:
            asked_again.set()
            time.sleep(0.05)
        elif offset:
            asked_again.wait(PATIENCE)
        return 0

    server = Server(320, own_limit=50, pause=pause)
    found = read(server)
    assert found.so_far() == server.entries
    assert found.is_complete
    assert server.asked.count(0) == 2


def test_what_moves_while_it_is_read_comes_once() -> None:
    server = Server(350)

    def with_the_last_of_the_page_before(offset: int, limit: int) -> SummaryPage:
        page = server(offset, limit)
        before = server.entries[max(0, offset - 3) : offset]
        found = [*before, *page.summaries, *page.summaries[:2]]
        return page_of(found, has_next=page.has_next)

    found = read(with_the_last_of_the_page_before)
    assert found.so_far() == server.entries
    assert found.is_complete


def test_entries_that_cannot_be_used_are_counted() -> None:
    server = Server(250)

    def spoils(offset: int, limit: int) -> SummaryPage:
        page = server(offset, limit)
        usable = [one for one in page.summaries if not one.id.endswith("7")]
        return page_of(usable, dropped=len(page.summaries) - len(usable), has_next=page.has_next)

    found = read(spoils)
    assert found.count == 225
    assert found.dropped == 25


@pytest.mark.parametrize("own_limit", [PAGE, 50])
@pytest.mark.parametrize("width", [1, 8])
def test_a_server_that_ignores_the_offset_is_not_read_for_ever(own_limit: int, width: int) -> None:
    server = Server(500, own_limit=own_limit)
    asked = []

    def always_the_first(offset: int, limit: int) -> SummaryPage:
        asked.append(offset)
        return server(0, limit)

    found = read(always_the_first, width=width)
    assert found.so_far() == server.entries[:own_limit]
    assert (found.is_complete, found.error) == (False, None)
    assert len(asked) < 30


@pytest.mark.parametrize("width", [1, 8])
def test_more_that_never_comes_ends_it_incomplete(width: int) -> None:
    server = Server(300)

    def promises(offset: int, limit: int) -> SummaryPage:
        return page_of(server(offset, limit).summaries, has_next=True)

    found = read(promises, width=width)
    assert found.so_far() == server.entries
    assert not found.is_complete


@pytest.mark.parametrize("width", [1, 8])
def test_a_server_that_never_ends_is_read_up_to_the_limit(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_SECRETS", 1050)
    server = Server(3000)
    found = read(server, width=width)
    assert found.so_far() == server.entries[:1050]
    assert not found.is_complete
    if width == 1:
        assert len(server.asked) == 11


def test_as_many_as_the_limit_are_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_SECRETS", 1000)
    assert read(Server(1000)).is_complete
    assert not read(Server(1001)).is_complete


def test_it_takes_no_longer_than_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0.2)
    hung = threading.Event()
    server = Server(900, pause=lambda offset: not hung.wait(PATIENCE) if offset == 500 else 0)
    found = read(server)
    assert found.so_far() == server.entries[:500]
    assert (found.is_complete, found.error) == (False, None)
    hung.set()


@pytest.mark.parametrize("failing", [0, 300])
@pytest.mark.parametrize("width", [1, 8])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_of_ours_ends_it_at_once_and_is_not_hidden(failing: int, width: int) -> None:
    server = Server(1000)

    def is_wrong(offset: int, limit: int) -> SummaryPage:
        if offset == failing:
            raise RuntimeError("a mistake")
        return server(offset, limit)

    found = Reading(is_wrong, width=width)
    with pytest.raises(RuntimeError):
        found.run()
    assert found.is_over.is_set()
    assert not found.is_complete
    assert len(server.asked) <= 10 + width


def test_threads_that_cannot_be_had_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(work: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(reading.background, "start", none_left)
    found = Reading(Server(100), width=8)
    with pytest.raises(RuntimeError):
        found.run()
    assert found.is_over.is_set()


def test_its_threads_end() -> None:
    before = set(threading.enumerate())
    read(Server(1000))
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_how_far_it_is_can_be_asked_while_it_goes_on() -> None:
    go_on = threading.Event()
    server = Server(900, pause=lambda offset: not go_on.wait(PATIENCE) if offset == 400 else 0)
    found = Reading(server, width=2)
    thread = threading.Thread(target=found.run, daemon=True)
    thread.start()
    give_up_at = time.monotonic() + PATIENCE
    while found.count < 400 and time.monotonic() < give_up_at:
        time.sleep(0.001)
    assert found.so_far() == server.entries[:400]
    assert not found.is_over.is_set()
    go_on.set()
    assert found.is_over.wait(PATIENCE)
    thread.join(PATIENCE)
    assert found.so_far() == server.entries

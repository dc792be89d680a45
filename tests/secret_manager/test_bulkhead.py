"""Only so many calls at once, and every place is given back."""

import contextlib
import threading

import pytest

from secret_manager import ConnectFailed
from secret_manager.bulkhead import Bulkhead

from .helpers import failure_of


def enter(bulkhead, time_left=10.0):
    with bulkhead.place(time_left):
        pass


def test_as_many_as_there_are_places_and_no_more():
    bulkhead = Bulkhead(3, max_wait=0, retry_in=4.0)
    with contextlib.ExitStack() as held:
        for _ in range(3):
            held.enter_context(bulkhead.place(10))
        failure = failure_of(lambda: enter(bulkhead), ConnectFailed)
        assert (failure.code, failure.retry_after) == ("busy", 4.0)
        assert not failure.write_may_have_happened
        assert (failure.__cause__, failure.__context__) == (None, None)
    enter(bulkhead)


@pytest.mark.parametrize("crash", [KeyError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_place_is_given_back_whatever_happens(crash):
    bulkhead = Bulkhead(1, max_wait=0)
    for _ in range(3):
        with pytest.raises(crash), bulkhead.place(10):
            raise crash
    enter(bulkhead)


def test_a_refused_caller_takes_no_place():
    bulkhead = Bulkhead(1, max_wait=0)
    with bulkhead.place(10):
        for _ in range(5):
            failure_of(lambda: enter(bulkhead), ConnectFailed)
    with bulkhead.place(10):
        failure_of(lambda: enter(bulkhead), ConnectFailed)


def test_whoever_waits_is_let_in_when_a_place_is_free():
    bulkhead = Bulkhead(1, max_wait=30)
    waits, entered = threading.Event(), threading.Event()

    def ask():
        waits.set()
        with bulkhead.place(30):
            entered.set()

    thread = threading.Thread(target=ask)
    with bulkhead.place(30):
        thread.start()
        assert waits.wait(10)
        assert not entered.is_set()
    assert entered.wait(10)
    thread.join(10)


class Waits:
    """Stands in for the semaphore: always full, and tells how long anybody would have waited."""

    def __init__(self):
        self.seconds = []

    def acquire(self, timeout):
        self.seconds.append(timeout)
        return False


@pytest.mark.parametrize(
    ("unmoved", "time_left", "expected"),
    [
        (0.0, 10.0, 1.0),
        (0.9, 10.0, 1.0),
        (1.0, 10.0, 0.0),
        (60.0, 10.0, 0.0),
        (0.0, 0.25, 0.25),
        (0.0, -1.0, 0.0),
    ],
)
def test_nobody_waits_for_long_nor_while_nothing_moves(unmoved, time_left, expected):
    now = [50.0]
    bulkhead = Bulkhead(2, max_wait=1.0, clock=lambda: now[0])
    now[0] = 200.0
    enter(bulkhead)
    waits = bulkhead._places = Waits()
    now[0] += unmoved
    failure_of(lambda: enter(bulkhead, time_left), ConnectFailed)
    assert waits.seconds == [expected]


@pytest.mark.parametrize("options", [{"max_concurrent": 0}, {"max_wait": -1}])
def test_numbers_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match="place"):
        Bulkhead(**options)

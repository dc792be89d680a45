"""An API that is down is left alone for a while."""

import threading

import pytest

from secret_manager import ConnectFailed
from secret_manager.breaker import Breaker, Health

from .helpers import failure_of

WORKS, FAILS, UNREACHABLE, NOTHING = Health


class Timed:
    """A breaker and the clock it reads."""

    def __init__(self, **options):
        self.now = 100.0
        self.breaker = Breaker(clock=lambda: self.now, **options)

    def call(self, *healths):
        for health in healths:
            with self.breaker.call() as call:
                call.health = health

    @property
    def refusal(self):
        """The error a call gets, or None where it is let through (and then says nothing)."""
        try:
            self.call(NOTHING)
        except ConnectFailed as failure:
            return failure
        return None


@pytest.fixture
def timed():
    return Timed()


@pytest.fixture
def opened():
    timed = Timed()
    timed.call(*[UNREACHABLE] * 5)
    return timed


@pytest.mark.parametrize(
    ("healths", "opens"),
    [
        ([FAILS] * 9, False),
        ([FAILS] * 10, True),
        ([WORKS, FAILS] * 5, True),
        ([WORKS, WORKS, FAILS] * 20, False),
        ([WORKS] * 1000 + [FAILS] * 9, False),
        ([WORKS] * 1000 + [FAILS] * 10, True),
        ([UNREACHABLE] * 4, False),
        ([UNREACHABLE] * 5, True),
        ([WORKS] * 20 + [UNREACHABLE] * 4 + [WORKS] + [UNREACHABLE] * 4, False),
        ([UNREACHABLE, UNREACHABLE, FAILS] * 3, False),
        ([NOTHING] * 100, False),
        ([UNREACHABLE, NOTHING] * 4, False),
        ([UNREACHABLE, NOTHING] * 4 + [UNREACHABLE], True),
        ([WORKS] * 100, False),
    ],
)
def test_when_it_opens(timed, healths, opens):
    timed.call(*healths[:-1])
    assert timed.refusal is None
    timed.call(healths[-1])
    assert (timed.refusal is not None) is opens


def test_while_open_every_call_is_refused_with_the_time_left(opened):
    for passed, left in [(0.0, 10.0), (4.0, 6.0), (5.5, 0.5)]:
        opened.now += passed
        failure = opened.refusal
        assert (failure.code, failure.retry_after) == ("breaker_open", left)
        assert not failure.write_may_have_happened


def test_after_the_pause_one_call_probes_and_the_others_wait(opened):
    opened.now += 10
    with opened.breaker.call() as probe:
        assert opened.refusal is not None
        opened.now += 3
        assert opened.refusal.retry_after == 7.0
        probe.health = WORKS
    assert opened.refusal is None


def test_one_good_probe_closes_it_and_starts_afresh(opened):
    opened.now += 10
    opened.call(WORKS, *[UNREACHABLE] * 4, *[FAILS] * 5)
    assert opened.refusal is None


@pytest.mark.parametrize("health", [FAILS, UNREACHABLE])
def test_a_failed_probe_keeps_it_open_for_another_pause(opened, health):
    opened.now += 10
    with opened.breaker.call() as probe:
        opened.now += 2
        probe.health = health
    assert opened.refusal.retry_after == 10.0


def test_a_probe_that_said_nothing_is_followed_by_another_at_once(opened):
    opened.now += 10
    opened.call(NOTHING, WORKS)
    assert opened.refusal is None


@pytest.mark.parametrize("crash", [KeyError, KeyboardInterrupt])
def test_a_probe_that_crashed_is_followed_by_another_at_once(opened, crash):
    opened.now += 10
    with pytest.raises(crash), opened.breaker.call():
        raise crash
    opened.call(WORKS)
    assert opened.refusal is None


def test_a_probe_that_hangs_is_followed_by_another_after_the_pause(opened):
    opened.now += 10
    with opened.breaker.call() as hanging:
        opened.now += 10
        opened.call(WORKS)
        assert opened.refusal is None
        hanging.health = UNREACHABLE
    # What the late one found is no longer news.
    assert opened.refusal is None


def test_a_late_failed_probe_does_not_lengthen_the_time_of_the_next(opened):
    opened.now += 10
    with opened.breaker.call() as hanging:
        opened.now += 10
        with opened.breaker.call() as second:
            hanging.health = FAILS
            opened.now += 1
            assert opened.refusal.retry_after == 9.0
            second.health = WORKS
    assert opened.refusal is None


def test_calls_from_before_say_nothing_about_what_is_now(timed):
    with timed.breaker.call() as old:
        timed.call(*[UNREACHABLE] * 5)
        old.health = WORKS
    assert timed.refusal is not None, "an old success must not close it"
    timed.now += 10
    timed.call(WORKS)
    assert timed.refusal is None


def test_failures_from_before_do_not_open_it_again(timed):
    calls = [timed.breaker.call() for _ in range(20)]
    entered = [call.__enter__() for call in calls]
    timed.call(*[UNREACHABLE] * 5)
    timed.now += 10
    timed.call(WORKS)
    for call, one in zip(calls, entered, strict=True):
        one.health = FAILS
        call.__exit__(None, None, None)
    assert timed.refusal is None


def test_of_many_threads_exactly_one_probes(opened):
    opened.now += 10
    together, done = threading.Barrier(16), threading.Event()
    through, refused = [], []

    def ask():
        together.wait(10)
        try:
            with opened.breaker.call():
                through.append(1)
                done.wait(10)
        except ConnectFailed:
            refused.append(1)
            if len(refused) == 15:
                done.set()

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(through), len(refused)) == (1, 15)


def test_a_refusal_carries_nothing_along(opened):
    failure = failure_of(lambda: opened.call(WORKS), ConnectFailed)
    assert (failure.__cause__, failure.__context__) == (None, None)


@pytest.mark.parametrize(
    "options",
    [{"minimum": 0}, {"minimum": 21}, {"share": 0}, {"share": 2}, {"unreachable": 0}, {"pause": 0}],
)
def test_numbers_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match="breaker"):
        Breaker(**options)

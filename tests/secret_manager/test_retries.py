"""The retry table, cell by cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secret_manager import (
    Conflict,
    ConnectFailed,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    UpstreamFailed,
)
from secret_manager.retries import LONGEST_PAUSE, may_have_happened, next_pause


def pause(failure, *, is_read=True, done=0, **options):
    given = {"time_left": 10.0, "chance": 1.0, **options}
    return next_pause(failure, is_read=is_read, retries_done=done, **given)


AGAIN, ONCE, NEVER = (True, True, False), (True, False, False), (False, False, False)


@pytest.mark.parametrize(
    ("failure", "read", "write"),
    [
        (ConnectFailed(), AGAIN, AGAIN),
        (ConnectFailed(code="certificate_invalid"), NEVER, NEVER),
        (OutcomeUnknown(code="timeout"), AGAIN, NEVER),
        (OutcomeUnknown(code="connection_lost"), AGAIN, NEVER),
        (OutcomeUnknown(code="connection_lost", status=200), AGAIN, NEVER),
        (UpstreamFailed(status=500), ONCE, NEVER),
        (UpstreamFailed(status=501), NEVER, NEVER),
        (UpstreamFailed(status=502), AGAIN, NEVER),
        (UpstreamFailed(status=503), AGAIN, NEVER),
        (UpstreamFailed(status=504), AGAIN, NEVER),
        (UpstreamFailed(status=200, code="unreadable_answer"), ONCE, NEVER),
        (UpstreamFailed(status=200, code="too_large"), NEVER, NEVER),
        (UpstreamFailed(status=307, code="redirect"), NEVER, NEVER),
        (Rejected(status=408), AGAIN, NEVER),
        (Rejected(status=425), AGAIN, NEVER),
        (Rejected(status=418), NEVER, NEVER),
        (RateLimited(), AGAIN, NEVER),
        (InvalidInput(), NEVER, NEVER),
        (InvalidInput(status=422), NEVER, NEVER),
        (NotAuthenticated(), NEVER, NEVER),
        (NotAllowed(), NEVER, NEVER),
        (NotFound(), NEVER, NEVER),
        (Conflict(), NEVER, NEVER),
    ],
)
def test_the_table(failure, read, write):
    assert tuple(pause(failure, done=n) is not None for n in range(3)) == read
    assert tuple(pause(failure, is_read=False, done=n) is not None for n in range(3)) == write


@pytest.mark.parametrize(("most", "allowed"), [(0, 0), (1, 1), (2, 2), (9, 2)])
def test_the_number_of_retries_can_only_be_lowered(most, allowed):
    granted = [pause(ConnectFailed(), done=n, max_retries=most) is not None for n in range(10)]
    assert sum(granted) == allowed


@given(st.floats(0, 1), st.integers(0, 1), st.floats(-1, 20))
def test_a_pause_is_random_short_and_within_the_deadline(chance, done, left):
    wait = pause(OutcomeUnknown(), done=done, chance=chance, time_left=left)
    longest = min(2.0, 0.1 * 2**done)
    if wait is None:
        assert left <= longest * chance
    else:
        assert wait == longest * chance
        assert wait < left


@pytest.mark.parametrize(
    ("retry_after", "left", "expected"),
    [
        (0.0, 10.0, 0.0),
        (1.5, 10.0, 1.5),
        (1.5, 1.0, None),
        (LONGEST_PAUSE, 10.0, LONGEST_PAUSE),
        (2.1, 10.0, None),
        (None, 10.0, 0.1),
    ],
)
def test_a_wished_pause_is_kept_only_if_it_fits(retry_after, left, expected):
    assert pause(RateLimited(retry_after=retry_after), time_left=left) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((200, True), (303, True), (400, False), (404, False), (408, True), (409, False)),
        *((425, False), (429, False), (500, True), (503, True)),
    ],
)
def test_which_answers_leave_it_open_whether_a_write_happened(status, expected):
    assert may_have_happened(status) is expected

"""The retry table, cell by cell."""

import itertools

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
from secret_manager.retries import (
    LONGEST_PAUSE,
    METHODS,
    TABLE,
    Again,
    End,
    Happened,
    decide,
    what_happened,
)

# Written by hand from the promise, not from the code: after the first, second and third attempt.
# A: again, B: read back, -: give up.
EXPECTED = """
                    GET   POST  PATCH DELETE
    NOT_CONNECTED   AA-   AA-   AA-   AA-
    BAD_CERTIFICATE ---   ---   ---   ---
    HELD_BACK       ---   ---   ---   ---
    BROKEN_OFF      AA-   BBB   BBB   BBB
    PASSING         AA-   BBB   BBB   BBB
    BROKEN          A--   BBB   BBB   BBB
    UNUSABLE        ---   BBB   BBB   BBB
    TOO_EARLY       AA-   ---   ---   ---
    RATE_LIMITED    AA-   ---   ---   ---
    REFUSED         ---   ---   ---   ---
"""
# Whether a pause fits: (seconds left, seconds asked for) and the pause, or None where it does not.
FITS = {
    (10.0, None): "jitter",
    (10.0, 0.0): 0.0,
    (10.0, 1.5): 1.5,
    (10.0, 2.0): LONGEST_PAUSE,
    (10.0, 2.1): None,
    (1.0, 1.5): None,
    (0.1, None): None,
    (0.0, None): None,
    (0.0, 0.0): None,
    (-1.0, None): None,
}


def cells():
    header, *rows = [line.split() for line in EXPECTED.strip().splitlines()]
    for name, *decisions in rows:
        for method, letters in zip(header, decisions, strict=True):
            for done, letter in enumerate(letters):
                yield name, method, done, letter


def decided(method="GET", happened=Happened.BROKEN_OFF, done=0, **options):
    given = {"time_left": 10.0, "chance": 1.0, **options}
    return decide(method, happened, retries_done=done, **given)


def test_the_expected_table_has_every_cell():
    assert {cell[:3] for cell in cells()} == {
        (happened.name, method, done)
        for happened, method, done in itertools.product(Happened, METHODS, range(3))
    }


def test_the_table_has_every_row_and_column():
    assert set(TABLE) == set(Happened)
    assert {len(row) for row in TABLE.values()} == {len(METHODS)}


@pytest.mark.parametrize(("left", "asked"), FITS)
@pytest.mark.parametrize(("name", "method", "done", "letter"), cells())
def test_the_table(name, method, done, letter, left, asked):
    expected = {"B": End.READ_BACK, "-": End.GIVE_UP}.get(letter)
    if expected is None:
        pause = FITS[left, asked]
        if pause == "jitter":
            pause = 0.1 * 2**done
        expected = End.GIVE_UP if pause is None else Again(pause)
    got = decided(method, Happened[name], done, time_left=left, retry_after=asked)
    assert got == expected


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_write_is_tried_again_only_if_nothing_was_sent(method):
    for happened in Happened:
        if isinstance(decided(method, happened, retry_after=0.0), Again):
            assert happened is Happened.NOT_CONNECTED


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (ConnectFailed(), Happened.NOT_CONNECTED),
        (ConnectFailed(code="certificate_invalid"), Happened.BAD_CERTIFICATE),
        (ConnectFailed(code="deadline"), Happened.HELD_BACK),
        (ConnectFailed(code="breaker_open"), Happened.HELD_BACK),
        (ConnectFailed(code="busy"), Happened.HELD_BACK),
        (OutcomeUnknown(code="timeout"), Happened.BROKEN_OFF),
        (OutcomeUnknown(code="connection_lost"), Happened.BROKEN_OFF),
        (OutcomeUnknown(code="connection_lost", status=200), Happened.BROKEN_OFF),
        (UpstreamFailed(status=500), Happened.BROKEN),
        (UpstreamFailed(status=501), Happened.UNUSABLE),
        (UpstreamFailed(status=502), Happened.PASSING),
        (UpstreamFailed(status=503), Happened.PASSING),
        (UpstreamFailed(status=503, code="unreadable_answer"), Happened.PASSING),
        (UpstreamFailed(status=504), Happened.PASSING),
        (UpstreamFailed(status=200, code="unreadable_answer"), Happened.BROKEN),
        (UpstreamFailed(status=404, code="unreadable_answer"), Happened.BROKEN),
        (UpstreamFailed(status=200, code="too_large"), Happened.UNUSABLE),
        (UpstreamFailed(status=307, code="redirect"), Happened.UNUSABLE),
        (Rejected(status=408), Happened.PASSING),
        (Rejected(status=425), Happened.TOO_EARLY),
        (Rejected(status=418), Happened.REFUSED),
        (RateLimited(), Happened.RATE_LIMITED),
        (RateLimited(retry_after=1.0), Happened.RATE_LIMITED),
        (InvalidInput(), Happened.REFUSED),
        (InvalidInput(status=422), Happened.REFUSED),
        (InvalidInput(code="unreadable_answer"), Happened.REFUSED),
        (InvalidInput(code="deadline"), Happened.REFUSED),
        (NotAuthenticated(), Happened.REFUSED),
        (NotAllowed(), Happened.REFUSED),
        (NotFound(), Happened.REFUSED),
        (Conflict(), Happened.REFUSED),
        (Conflict(status=412), Happened.REFUSED),
    ],
)
def test_every_failure_has_its_row(failure, expected):
    assert what_happened(failure) is expected


@pytest.mark.parametrize(("most", "allowed"), [(0, 0), (1, 1), (2, 2), (9, 2)])
def test_the_number_of_retries_can_only_be_lowered(most, allowed):
    granted = [isinstance(decided(done=n, max_retries=most), Again) for n in range(10)]
    assert sum(granted) == allowed


@given(st.floats(0, 1), st.integers(0, 1), st.floats(-1, 20))
def test_a_pause_is_random_short_and_within_the_deadline(chance, done, left):
    decision = decided(done=done, chance=chance, time_left=left)
    pause = chance * (0.1 * 2**done)
    assert decision == (Again(pause) if pause < left else End.GIVE_UP)
    assert pause <= LONGEST_PAUSE

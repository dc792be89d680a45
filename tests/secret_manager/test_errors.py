import copy

import pytest

import secret_manager
from secret_manager import (
    Conflict,
    ConnectFailed,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SecretManagerError,
    UpstreamFailed,
)

ALL = [
    one
    for one in vars(secret_manager).values()
    if isinstance(one, type) and issubclass(one, SecretManagerError)
]


def test_the_tree_is_the_one_drawn():
    parents = {one: one.__bases__[0] for one in ALL if one is not SecretManagerError}
    rejections = (InvalidInput, NotAuthenticated, NotAllowed, NotFound, Conflict, RateLimited)
    assert parents == {
        NotReached: SecretManagerError,
        ConnectFailed: NotReached,
        OutcomeUnknown: NotReached,
        Rejected: SecretManagerError,
        UpstreamFailed: SecretManagerError,
        **dict.fromkeys(rejections, Rejected),
    }


@pytest.mark.parametrize("kind", ALL)
def test_every_error_has_words_for_people_and_survives_copying(kind):
    error = kind(request_id="r1")
    again = copy.deepcopy(error)
    assert error.message.endswith(".")
    assert error.code
    assert (again.message, again.code, again.request_id) == (error.message, error.code, "r1")
    assert str(error) == error.message


def test_only_silence_after_sending_means_by_itself_that_a_write_may_have_happened():
    assert [kind for kind in ALL if kind().write_may_have_happened] == [OutcomeUnknown]
    assert UpstreamFailed(write_may_have_happened=True).write_may_have_happened

"""Two requests of one session: each one's changes stay, whoever saves last."""

import pytest
from django.test import Client

from accounts.sessions import SessionStore, merged
from tests.accounts.test_sessions import cookie_of

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

A, B, C, NEW_A, NEWER_A = ({"sealed": name} for name in ("a", "b", "c", "new a", "newer a"))


def connected(**connections: dict[str, str]) -> dict:
    return {"connections": connections}


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "result"),
    [
        pytest.param({}, {}, {}, {}, id="nothing at all"),
        pytest.param({"x": 1}, {"x": 1}, {"x": 1}, {"x": 1}, id="no change"),
        pytest.param({"x": 1}, {"x": 2}, {"x": 1}, {"x": 2}, id="my change"),
        pytest.param({"x": 1}, {"x": 1}, {"x": 2}, {"x": 2}, id="their change"),
        pytest.param({"x": 1}, {"x": 2}, {"x": 3}, {"x": 2}, id="the later change wins"),
        pytest.param({}, {"x": 1}, {"y": 2}, {"x": 1, "y": 2}, id="both added"),
        pytest.param({"x": 1}, {}, {"x": 1, "y": 2}, {"y": 2}, id="I removed"),
        pytest.param({"x": 1}, {"x": 1}, {}, {}, id="they removed"),
        pytest.param({"x": 1}, {}, {}, {}, id="both removed"),
        pytest.param({"x": 1}, {}, {"x": 2}, {}, id="I removed what they changed"),
        pytest.param({"x": 1}, {"x": 2}, {}, {"x": 2}, id="I changed what they removed"),
        pytest.param({"x": None}, {}, {"x": None}, {}, id="nothing is something, too"),
        pytest.param({}, connected(a=A), {}, connected(a=A), id="the first connection"),
        pytest.param(
            {}, connected(a=A), connected(b=B), connected(a=A, b=B), id="two first connections"
        ),
        pytest.param(
            connected(a=A, b=B),
            connected(a=A, b=B) | {"message": "saved"},
            connected(b=B),
            connected(b=B) | {"message": "saved"},
            id="they forgot one while I saved something else",
        ),
        pytest.param(
            connected(a=A, b=B),
            connected(a=A, b=B, c=C),
            connected(b=B),
            connected(b=B, c=C),
            id="they forgot one while I added another",
        ),
        pytest.param(
            connected(a=A, b=B), connected(a=A), connected(b=B), connected(), id="each forgot one"
        ),
        pytest.param(
            connected(a=A),
            connected(a=NEW_A, b=B),
            connected(a=A, c=C),
            connected(a=NEW_A, b=B, c=C),
            id="I replaced one while they added another",
        ),
        pytest.param(
            connected(a=A),
            connected(a={**NEW_A, "label": "mine"}),
            connected(a={**NEWER_A, "kind": "theirs"}),
            connected(a={**NEW_A, "label": "mine"}),
            id="one connection is never mixed from two",
        ),
        pytest.param(
            connected(a=A, b=B), connected(a=A, b=B), {}, {}, id="they dropped all connections"
        ),
        pytest.param(
            connected(a=A), connected(a=A, b=B), {}, connected(b=B), id="they dropped all, I added"
        ),
        pytest.param(connected(a=A), {}, connected(a=A, b=B), {}, id="I dropped all connections"),
    ],
)
def test_the_merge(base: dict, mine: dict, theirs: dict, result: dict) -> None:
    assert merged(base, mine, theirs) == result


@pytest.fixture
def two(signed_in: Client) -> tuple[SessionStore, SessionStore]:
    """Two requests of one session that both have read it."""
    first = SessionStore(cookie_of(signed_in))
    first.update(connected(a=A, b=B))
    first.save()
    requests = SessionStore(first.session_key), SessionStore(first.session_key)
    assert all(request["connections"] for request in requests)
    return requests


def stored(session: SessionStore) -> SessionStore:
    return SessionStore(session.session_key)


def test_a_request_in_flight_does_not_bring_back_what_another_removed(
    two: tuple[SessionStore, SessionStore],
) -> None:
    in_flight, forgetting = two
    forgetting["connections"] = {"b": B}
    forgetting.save()
    in_flight["message"] = "saved"
    in_flight.save()
    assert in_flight["connections"] == stored(in_flight)["connections"] == {"b": B}
    assert stored(in_flight)["message"] == "saved"


def test_a_change_inside_an_entry_is_a_change(two: tuple[SessionStore, SessionStore]) -> None:
    mine, other = two
    del mine["connections"]["a"]
    mine.save()
    other["message"] = "saved"
    other.save()
    assert stored(mine)["connections"] == {"b": B}


def test_a_session_that_saves_twice_does_not_undo_what_came_between(
    two: tuple[SessionStore, SessionStore],
) -> None:
    mine, other = two
    mine["message"] = "first"
    mine.save()
    other["message"] = "theirs"
    other.save()
    mine["note"] = "second"
    mine.save()
    assert stored(mine)["message"] == "theirs"
    assert stored(mine)["note"] == "second"


def test_a_new_session_that_saves_twice_does_not_undo_what_came_between(db: None) -> None:
    mine = SessionStore()
    mine["message"] = "first"
    mine.save()
    other = stored(mine)
    other["message"] = "theirs"
    other.save()
    mine["note"] = "second"
    mine.save()
    assert stored(mine)["message"] == "theirs"


def test_a_session_cleared_unseen_is_empty(two: tuple[SessionStore, SessionStore]) -> None:
    cleared = stored(two[0])
    cleared.clear()
    cleared.save()
    assert dict(stored(cleared).items()) == {}

"""Two clicks make one thing, and nobody's edit disappears without a word."""

from collections.abc import Callable

import pytest

from tests.faults import SOAK, broken_builds, place
from tests.faults.kinds.kind import Kind
from tests.faults.operations import OPERATIONS, Claim, Operation
from tests.faults.place import newcomer
from tests.faults.races import Race, at_once, edits, twin
from tests.faults.server import Exchange
from tests.faults.truth import Request
from tests.secrets_ui.views.support import filled

EDITORS = 20
EDITS = 200 if SOAK else 40

both_apis = pytest.mark.parametrize("extensions", [True, False], ids=["ours", "hosted"])
new_things = pytest.mark.parametrize("name", ["create", "new version"])


def clicked_twice(operation: Operation, *, extensions: bool) -> tuple[int, list[Claim]]:
    """Send one form from two tabs at once; return how often it was done, and what each was told."""
    with place.opened(extensions=extensions) as here:
        form, before = operation.fill(here), here.tables()

        def click(number: int) -> Claim:
            here.enter()
            response = twin(here.browser).post(operation.url(here), form)
            return operation.told(here, response).claim

        claims = at_once(click, 2)
        assert operation.happened
        return operation.happened(here, before, here.tables()), claims


@both_apis
@new_things
def test_a_double_click_makes_one_thing_and_both_are_told_of_it(
    name: str, extensions: bool
) -> None:
    for _ in range(5):
        assert clicked_twice(OPERATIONS[name], extensions=extensions) == (1, [Claim.DONE] * 2)


@new_things
def test_going_back_and_sending_again_shows_how_the_first_ended(name: str) -> None:
    operation = OPERATIONS[name]
    with place.opened() as here:
        form, before = operation.fill(here), here.tables()
        claims = [
            operation.told(here, operation.act(here, form, htmx=htmx)).claim
            for htmx in (False, False, True)
        ]
        assert claims == [Claim.DONE] * 3
        assert operation.happened
        assert operation.happened(here, before, here.tables()) == 1


@both_apis
def test_twenty_editors_race_and_every_loser_is_told(
    extensions: bool, record_property: Callable[[str, object], None]
) -> None:
    race = raced(extensions=extensions, editors=EDITORS, each=EDITS // EDITORS)
    record_property("race", {claim.name: count for claim, count in race.claims.items()})
    assert sum(race.claims.values()) == EDITS
    assert set(race.claims) <= {Claim.DONE, Claim.CONFLICT, Claim.NOT_DONE}
    assert race.told_saved == set(race.order[1:])
    assert race.silent_overwrites == []
    assert race.claims[Claim.DONE] >= 1
    assert race.claims[Claim.CONFLICT] >= 1


def test_two_edits_that_overlap_go_one_after_the_other() -> None:
    claims = overlapping_edits()
    assert sorted(claim.name for claim in claims) == ["CONFLICT", "DONE"]


def overlapping_edits() -> list[Claim]:
    """Two people save at once what both opened before, at an API that is slow to be read."""
    edit = OPERATIONS["edit"]
    with place.opened() as here:
        browsers = [newcomer(here.organization_id, here.credential)[1] for _ in range(2)]
        forms = [
            filled(each.get(edit.url(here)), edit.form, description=f"by {number}")
            for number, each in enumerate(browsers)
        ]
        here.server.arm(Kind(name="slow reads", misbehave=answered_late, times=None), is_read)

        def save(number: int) -> Claim:
            here.enter()
            response = browsers[number].post(edit.url(here), forms[number])
            return edit.told(here, response).claim

        return at_once(save, 2)


def is_read(request: Request) -> bool:
    return not request.is_write


def answered_late(exchange: Exchange) -> None:
    answer = exchange.real
    if is_read(exchange.request):
        exchange.server.stopping.wait(0.4)
    exchange.answer(answer)


def raced(*, extensions: bool, editors: int, each: int) -> Race:
    with place.opened(extensions=extensions) as here:
        return edits(here, editors=editors, each=each)


def test_a_build_that_ignores_the_nonce_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    broken_builds.nonce_ignored(monkeypatch)
    made, _ = clicked_twice(OPERATIONS["new version"], extensions=False)
    assert made == 2


def test_a_build_without_the_conflict_check_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    broken_builds.conflicts_ignored(monkeypatch)
    assert raced(extensions=False, editors=4, each=3).silent_overwrites


def test_a_build_without_leases_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    broken_builds.leases_ignored(monkeypatch)
    assert overlapping_edits() == [Claim.DONE, Claim.DONE]

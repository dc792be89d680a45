"""Many creates and new versions, the answers to which are dropped at random.

The official SDK does the same against the same server, and is scored by the same rules.
"""

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial

import pytest

from emulator import parameters
from secrets_ui import settlement
from tests.faults import SOAK, place
from tests.faults.fates import SEED, Fates, Score, added, created
from tests.faults.kinds.connection import COMMITTED_LATE
from tests.faults.operations import OPERATIONS, Claim, Told, check_again
from tests.faults.place import Place
from tests.services.dashboard import PROJECT
from tests.services.processes import wait_until

COUNT = 1000 if SOAK else 50
A_PLACE = 25
SAID = {Claim.DONE: True, Claim.NOT_DONE: False, Claim.NOT_KNOWN: None}
Note = Callable[[str, object], None]


@pytest.fixture(autouse=True)
def hurried_and_roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look comes at once, and one secret takes as many versions as are asked for."""
    monkeypatch.setattr(settlement, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(parameters, "MAX_VERSIONS", 10 * COUNT)


@pytest.mark.parametrize("name", ["create", "new version"])
def test_the_pages_never_double_never_lose_and_never_lie(
    name: str, monkeypatch: pytest.MonkeyPatch, record_property: Note
) -> None:
    total = Score(f"pages, {name}")
    for number in range(COUNT // A_PLACE):
        # By turns like the hosted platform and like our own, which knows repeats.
        with place.opened(extensions=number % 2 == 1) as here:
            fates = Fates(SEED + number)
            here.server.arm(fates.kind)
            open_ends = _through_the_pages(here, name, total)
            here.server.disarm()
            total.dropped += sum(fate != "answered" for fate in fates.decided.values())
            with monkeypatch.context() as later:
                later.setattr(settlement, "QUIET", timedelta(0))
                for told, copies in open_ends:
                    settled = check_again(here, told).claim
                    assert SAID[settled] in {None, copies > 0}, settled
    record_property("score", asdict(total))
    assert total.asked == COUNT
    assert total.dropped > COUNT / 2
    assert (total.duplicates, total.lost, total.denied) == (0, 0, 0)


def _through_the_pages(here: Place, name: str, total: Score) -> list[tuple[Told, int]]:
    """Create A_PLACE things; return those of which the page could not say what became of them."""
    operation, open_ends = OPERATIONS[name], []
    for number in range(A_PLACE):
        thing = f"thing_{number}"
        form = operation.fill(here) or {}
        form |= {"name": thing} if "name" in form else {}
        form["value"] = f"value of {thing}"
        told = operation.told(here, operation.act(here, form, htmx=number % 2 == 1))
        copies = (
            created(here.tables())[thing]
            if "name" in form
            else added(here.tables(), here.secret.id)[form["value"]]
        )
        total.note(said=SAID[told.claim], copies=copies)
        if told.claim is Claim.NOT_KNOWN:
            open_ends.append((told, copies))
    return open_ends


@pytest.mark.parametrize("extensions", [True, False], ids=["ours", "hosted"])
def test_a_create_that_is_carried_out_late_is_still_made_once(extensions: bool) -> None:
    """The page may have said "not saved" by then; sending it again makes no second one."""
    create = OPERATIONS["create"]
    with place.opened(extensions=extensions) as here:
        form, before = create.fill(here), here.tables()
        here.server.arm(COMMITTED_LATE, create.decides)
        create.act(here, form, htmx=False)
        wait_until(lambda: create.happened(here, before, here.tables()) == 1)
        claim = create.told(here, create.act(here, form, htmx=False)).claim
        assert claim in {Claim.DONE, Claim.NOT_KNOWN}
        assert create.happened(here, before, here.tables()) == 1


def test_a_new_version_that_may_still_come_is_not_called_not_saved() -> None:
    """It has no name to be known by, so before the quiet period is over nobody can tell."""
    add = OPERATIONS["new version"]
    with place.opened() as here:
        form, before = add.fill(here), here.tables()
        here.server.arm(COMMITTED_LATE, add.decides)
        claim = add.told(here, add.act(here, form, htmx=False)).claim
        assert claim in {Claim.DONE, Claim.NOT_KNOWN}
        wait_until(lambda: add.happened(here, before, here.tables()) == 1)


@pytest.mark.peers
def test_the_official_sdk_measured_the_same_way(record_property: Note) -> None:
    """What it does is its own affair; the numbers stand beside ours in docs/reliability.md."""
    scores = {"create": Score("SDK, create"), "version": Score("SDK, new version")}
    with place.opened() as here:
        fates = Fates()
        here.server.arm(fates.kind)
        told = _through_the_sdk(here)
        there = {
            "create": partial(_lookup, created(here.tables()), "sdk_{}"),
            "version": partial(_lookup, added(here.tables(), here.secret.id), "version {}"),
        }
        for what, number, failure in told:
            scores[what].note(said=not failure, copies=there[what](number))
        for what, score in scores.items():
            things = [
                thing for thing in fates.decided if thing.startswith("sdk_") == (what == "create")
            ]
            score.dropped = sum(fates.decided[thing] != "answered" for thing in things)
    for score in scores.values():
        assert score.asked == COUNT
        record_property("score", asdict(score))


def _lookup(counts: dict[str, int], pattern: str, number: int) -> int:
    return counts[pattern.format(number)]


def _through_the_sdk(here: Place) -> list[tuple[str, int, str]]:
    program = PROJECT / ".venv-sdk" / "bin" / "python"
    if not program.exists():
        pytest.fail("The official SDK is not here: `make test` installs it.")
    done = subprocess.run(
        [
            program,
            PROJECT / "tests/faults/sdk_writes.py",
            json.dumps(here.credential.as_dict()),
            here.organization_id,
            here.secret.id,
            str(COUNT),
        ],
        env={"ABEJA_API_URL": here.server.url, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=1800,
        check=True,
    )
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]

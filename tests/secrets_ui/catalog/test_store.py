"""Catalogs in the cache: whatever of them gets lost, what is left is never taken for the whole."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from secret_manager import Credential, Summary
from secrets_ui.catalog import store
from secrets_ui.catalog.store import (
    KEPT,
    LOCKED,
    LOG_KEPT,
    MOST_CHANGES,
    REST,
    Change,
    Shelf,
    Stamp,
)
from secrets_ui.connection import Connection
from tests.secrets_ui.catalog.support import a_summary, summaries

TOKEN = "pat-9b1c7e5a4d2f"
CONNECTION = Connection(
    organization_id="1410000000000", label="Ours", credential=Credential.personal("7", TOKEN)
)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(CONNECTION)


def save(shelf: Shelf, entries: list[Summary], *, read_at: float | None = None) -> Stamp:
    """Let a reading begin and end that finds these."""
    _stamp, changes, _problem = shelf.state()
    began = time.time() if read_at is None else read_at
    return shelf.save(entries, is_complete=True, read_at=began, changes=changes)


def begun(shelf: Shelf) -> Shelf:
    shelf.state()
    assert shelf.begin()
    return shelf


def lose(part: str) -> None:
    """Lose what the cache has under the keys that end so."""
    keys = [key.partition(":1:")[2] for key in cache._cache if key.endswith(part)]  # type: ignore[attr-defined]
    assert keys
    cache.delete_many(keys)


@pytest.mark.parametrize(
    "count", [0, 1, 999, 1000, 1001, pytest.param(2500, marks=pytest.mark.storage)]
)
def test_what_is_saved_is_loaded(count: int, shelf: Shelf) -> None:
    saved = save(shelf, summaries(count))
    stamp, _last, problem = Shelf(CONNECTION).state()
    assert stamp == saved
    assert problem == ""
    assert Shelf(CONNECTION).load(saved) == summaries(count)


@pytest.mark.parametrize(
    "other",
    [
        replace(CONNECTION, organization_id="1420000000000"),
        replace(CONNECTION, credential=Credential.personal("8", TOKEN)),
        replace(CONNECTION, credential=Credential.personal("7", f"{TOKEN}x")),
        replace(CONNECTION, credential=Credential.datasource("7", TOKEN)),
        replace(CONNECTION, credential=Credential.bearer(TOKEN)),
    ],
)
def test_nobody_finds_what_another_credential_or_organization_saw(
    other: Connection, shelf: Shelf
) -> None:
    stamp = save(begun(shelf), summaries(3))
    shelf.add(Change("1", None))
    theirs = Shelf(other)
    assert theirs.key != shelf.key
    assert theirs.state() == (None, 0, "")
    assert theirs.load(stamp) is None
    assert not theirs.is_being_read()


def test_what_a_person_calls_the_connection_does_not_matter(shelf: Shelf) -> None:
    assert Shelf(replace(CONNECTION, label="Theirs", deadline=None)).key == shelf.key


def test_the_cache_tells_nothing_of_the_credential(shelf: Shelf) -> None:
    save(begun(shelf), summaries(3))
    shelf.add(Change("1", a_summary()))
    everything = f"{cache._cache}"  # type: ignore[attr-defined]
    for part in (TOKEN, CONNECTION.credential.authorization, "1410000000000", "user-7"):
        assert part not in everything


def test_another_secret_key_of_the_dashboard_makes_another_place(
    settings: object, shelf: Shelf
) -> None:
    settings.SECRET_KEY = "another"  # type: ignore[attr-defined]
    assert Shelf(CONNECTION).key != shelf.key


@pytest.mark.parametrize("part", [":0", ":1"])
def test_a_part_that_is_lost_leaves_nothing(shelf: Shelf, part: str) -> None:
    stamp = save(shelf, summaries(1500))
    lose(part)
    assert shelf.load(stamp) is None


def test_what_was_kept_before_goes(shelf: Shelf) -> None:
    before = save(shelf, summaries(1500))
    after = save(shelf, summaries(3))
    assert shelf.load(before) is None
    assert shelf.load(after) == summaries(3)


def test_it_is_kept_for_a_quarter_of_an_hour_from_the_readings_beginning(shelf: Shelf) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        # It took a minute.
        stamp = save(shelf, summaries(3), read_at=time.time() - 60)
    with time_machine.travel(now + timedelta(seconds=KEPT - 61), tick=False):
        assert shelf.state()[0] == stamp
    with time_machine.travel(now + timedelta(seconds=KEPT - 59), tick=False):
        assert shelf.state()[0] is None
        assert shelf.load(stamp) is None


@pytest.mark.storage
def test_changes_come_in_their_order_and_as_they_were(shelf: Shelf) -> None:
    stamp = save(begun(shelf), summaries(3))
    entry = a_summary(7, app_ids=("51",), description="給与")
    for change in (Change("7", entry), Change("8", None), Change("9", None, is_known=False)):
        Shelf(CONNECTION).add(change)
    _stamp, last, _problem = shelf.state()
    found = shelf.changes(stamp.changes, last)
    assert found is not None
    assert [(one.secret_id, one.summary, one.is_known) for one in found] == [
        ("7", entry, True),
        ("8", None, True),
        ("9", None, False),
    ]
    shelf.learn(found[2], entry)
    assert shelf.changes(last - 1, last) == [Change("9", entry, number=last)]
    assert shelf.changes(last, last) == []


def test_a_change_that_is_lost_leaves_none(shelf: Shelf) -> None:
    stamp = save(begun(shelf), [])
    for number in range(3):
        shelf.add(Change(f"{number}", None))
    last = shelf.state()[1]
    lose(f":change:{last - 1}")
    assert shelf.changes(stamp.changes, last) is None


@pytest.mark.parametrize("added_since", [0, 1, 2, 3, 4])
def test_a_counter_that_is_lost_never_seems_to_go_on(shelf: Shelf, added_since: int) -> None:
    stamp = save(begun(shelf), [])
    for number in range(3):
        shelf.add(Change(f"{number}", None))
    lose(":last")
    with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=True):
        for number in range(added_since):
            shelf.add(Change(f"new{number}", None))
        assert shelf.changes(stamp.changes, shelf.state()[1]) is None


def test_a_counter_that_is_lost_while_a_change_is_noted_fails_nobody(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "add", lambda *args, **kwargs: True)
    shelf.add(Change("1", None))
    assert shelf.state()[1] == 0


def test_a_log_that_ended_with_the_day_leaves_nothing_to_go_by(shelf: Shelf) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        begun(shelf).end()
    with time_machine.travel(now + timedelta(seconds=LOG_KEPT - 1), tick=False):
        stamp = save(begun(shelf), summaries(3))
        assert shelf.changes(stamp.changes, shelf.state()[1]) == []
    with time_machine.travel(now + timedelta(seconds=LOG_KEPT + 1), tick=False):
        assert shelf.state()[0] == stamp
        assert shelf.changes(stamp.changes, shelf.state()[1]) is None
        shelf.add(Change("1", None))
        assert shelf.changes(stamp.changes, shelf.state()[1]) is None


def test_with_very_many_changes_it_is_read_again_instead(shelf: Shelf) -> None:
    assert shelf.changes(0, MOST_CHANGES + 1) is None


def test_there_is_one_place_for_reading(shelf: Shelf) -> None:
    other = Shelf(CONNECTION)
    other.state()
    assert begun(shelf).is_being_read()
    assert not other.begin()
    shelf.end()
    assert not shelf.is_being_read()
    assert other.begin()


def test_who_is_late_does_not_read_again_what_was_just_read(shelf: Shelf) -> None:
    late = Shelf(CONNECTION)
    late.state()
    save(begun(shelf), summaries(3))
    shelf.end()
    assert not late.begin()
    assert not late.is_being_read()
    late.state()
    assert late.begin()


def test_who_is_late_does_not_ask_an_api_that_just_failed(shelf: Shelf) -> None:
    late = Shelf(CONNECTION)
    late.state()
    begun(shelf).end("failed")
    assert not late.begin()
    assert not late.is_being_read()


def test_a_place_whose_process_died_is_free_again(shelf: Shelf) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        begun(shelf)
    with time_machine.travel(now + timedelta(seconds=LOCKED - 1), tick=False):
        assert not shelf.begin()
    with time_machine.travel(now + timedelta(seconds=LOCKED + 1), tick=False):
        assert shelf.begin()


def test_a_problem_is_said_until_it_may_be_tried_again(shelf: Shelf) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        begun(shelf).end("failed")
        assert shelf.state() == (None, shelf.state()[1], "failed")
    with time_machine.travel(now + timedelta(seconds=REST + 1), tick=False):
        assert shelf.state()[2] == ""


def test_how_far_it_is_is_told_until_it_ends(shelf: Shelf) -> None:
    begun(shelf).tell_progress(300)
    assert Shelf(CONNECTION).progress() == 300
    shelf.end()
    assert shelf.progress() == 0


def test_what_a_credential_no_longer_opens_is_gone(shelf: Shelf) -> None:
    save(shelf, summaries(3))
    shelf.drop()
    assert shelf.state()[0] is None


def test_another_version_of_the_program_does_not_read_it(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.packing, "VERSION", 999)
    assert Shelf(CONNECTION).key != shelf.key

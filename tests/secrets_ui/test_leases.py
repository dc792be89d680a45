import time
import uuid
from datetime import timedelta
from threading import Lock

import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone

from audit.trail import TrailUnavailable
from secrets_ui import decorators, leases
from secrets_ui.models import Lease
from secrets_ui.outcomes import StillBeingEdited
from tests.emulator.threads import at_once
from tests.secrets_ui.conftest import ORGANIZATION_ID

pytestmark = [pytest.mark.django_db, pytest.mark.storage]
THE_SECRET = {"organization_id": ORGANIZATION_ID, "secret_id": "1001"}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "WAIT_SECONDS", 0)


def left_by_a_dead_process() -> None:
    until = timezone.now() + leases.LASTS
    Lease.objects.create(**THE_SECRET, owner=uuid.uuid4(), until=until)


@pytest.mark.usefixtures("impatient")
def test_what_is_held_cannot_be_held_a_second_time() -> None:
    with leases.held(**THE_SECRET), pytest.raises(StillBeingEdited):
        leases.held(**THE_SECRET).__enter__()
    with leases.held(**THE_SECRET):
        assert Lease.objects.count() == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("other", [{"secret_id": "1002"}, {"organization_id": "1420000000000"}])
def test_other_secrets_are_free_meanwhile(other: dict[str, str]) -> None:
    with leases.held(**THE_SECRET), leases.held(**{**THE_SECRET, **other}):
        assert Lease.objects.count() == 2


@pytest.mark.usefixtures("impatient")
def test_it_is_given_back_however_the_edit_ends() -> None:
    with pytest.raises(ZeroDivisionError), leases.held(**THE_SECRET):
        raise ZeroDivisionError
    with leases.held(**THE_SECRET):
        pass
    assert Lease.objects.count() == 0


@pytest.mark.usefixtures("impatient")
def test_one_that_a_dead_process_left_behind_runs_out() -> None:
    left_by_a_dead_process()
    just_before = timezone.now() + leases.LASTS - timedelta(seconds=1)
    with time_machine.travel(just_before, tick=False), pytest.raises(StillBeingEdited):
        leases.held(**THE_SECRET).__enter__()
    just_after = timezone.now() + leases.LASTS + timedelta(seconds=1)
    with time_machine.travel(just_after, tick=False), leases.held(**THE_SECRET):
        assert Lease.objects.get().until == just_after + leases.LASTS


@pytest.mark.usefixtures("impatient")
def test_another_replica_whose_clock_is_half_a_minute_ahead_waits_too() -> None:
    """What one form may take at most, and half a minute more."""
    longest = timedelta(seconds=decorators.WRITE_SECONDS + 30)
    assert longest < leases.LASTS == timedelta(seconds=60)
    with (
        leases.held(**THE_SECRET),
        time_machine.travel(timezone.now() + longest, tick=True),
        pytest.raises(StillBeingEdited),
    ):
        leases.held(**THE_SECRET).__enter__()


@pytest.mark.usefixtures("impatient")
def test_who_comes_back_too_late_does_not_give_away_anothers() -> None:
    late = leases.held(**THE_SECRET)
    late.__enter__()
    with time_machine.travel(timezone.now() + leases.LASTS * 2), leases.held(**THE_SECRET):
        late.__exit__(None, None, None)
        assert Lease.objects.count() == 1


def test_who_waits_gets_it_when_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    first = leases.held(**THE_SECRET)
    first.__enter__()
    pauses = []

    def first_ends(seconds: float) -> None:
        pauses.append(seconds)
        first.__exit__(None, None, None)

    monkeypatch.setattr(leases.time, "sleep", first_ends)
    with leases.held(**THE_SECRET):
        assert pauses == [leases.PAUSE_SECONDS]


def _refuse(*_: object, **__: object) -> None:
    raise DatabaseError("disk full")


@pytest.mark.parametrize("broken", ["update", "create"])
def test_where_it_cannot_be_written_down_nothing_begins(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"django.db.models.query.QuerySet.{broken}", _refuse)
    with pytest.raises(TrailUnavailable) as unavailable:
        leases.held(**THE_SECRET).__enter__()
    assert not unavailable.value.act_was_done


def test_trouble_while_giving_it_back_does_not_belie_the_edit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with leases.held(**THE_SECRET):
        monkeypatch.setattr("django.db.models.query.QuerySet.delete", _refuse)
    assert Lease.objects.count() == 1


@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
@pytest.mark.usefixtures("served_databases")
@pytest.mark.parametrize("left_behind", [False, True])
def test_many_at_one_moment_go_one_after_the_other(left_behind: bool) -> None:
    if left_behind:
        left_by_a_dead_process()
        Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    inside, gone_through = Lock(), []

    def edit(number: int) -> None:
        with leases.held(**THE_SECRET):
            assert inside.acquire(blocking=False), "two at once"
            # Long enough for the others to come in, were the door open.
            time.sleep(0.05)
            gone_through.append(number)
            inside.release()

    at_once(edit, callers=4)
    assert sorted(gone_through) == [0, 1, 2, 3]

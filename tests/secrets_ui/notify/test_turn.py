"""One run at a time."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from secrets_ui import leases
from secrets_ui.models import Lease
from secrets_ui.notify.turn import LASTS, NAME, AnotherRun, turn_for

pytestmark = pytest.mark.django_db
ORGANIZATION_ID = "1410000000000"


def test_only_one_run_has_the_turn() -> None:
    with turn_for(ORGANIZATION_ID), pytest.raises(AnotherRun), turn_for(ORGANIZATION_ID):
        pass
    with turn_for(ORGANIZATION_ID):
        pass
    assert not Lease.objects.exists()


def test_each_organization_has_a_turn_of_its_own() -> None:
    with turn_for(ORGANIZATION_ID), turn_for("1420000000000"):
        pass


def test_a_turn_that_was_left_behind_runs_out() -> None:
    Lease.objects.create(
        organization_id=ORGANIZATION_ID,
        secret_id=NAME,
        owner="00000000-0000-0000-0000-000000000001",
        until=timezone.now() + LASTS,
    )
    with pytest.raises(AnotherRun), turn_for(ORGANIZATION_ID):
        pass
    with (
        time_machine.travel(timezone.now() + LASTS + timedelta(seconds=1)),
        turn_for(ORGANIZATION_ID),
    ):
        pass


def test_a_turn_lasts_as_long_as_it_is_renewed() -> None:
    with (
        time_machine.travel(timezone.now(), tick=False) as clock,
        turn_for(ORGANIZATION_ID) as turn,
    ):
        for _ in range(3):
            clock.shift(LASTS - timedelta(seconds=1))
            turn.renew()
        with pytest.raises(AnotherRun), turn_for(ORGANIZATION_ID):
            pass


def test_whoever_lost_the_turn_does_not_go_on() -> None:
    with (
        time_machine.travel(timezone.now(), tick=False) as clock,
        turn_for(ORGANIZATION_ID) as turn,
    ):
        clock.shift(LASTS + timedelta(seconds=1))
        with turn_for(ORGANIZATION_ID), pytest.raises(AnotherRun):
            turn.renew()
            # And it takes nothing with it when it ends.
        with turn_for(ORGANIZATION_ID) as other:
            other.renew()


def test_edits_of_secrets_wait_for_no_run() -> None:
    with (
        turn_for(ORGANIZATION_ID),
        leases.held(organization_id=ORGANIZATION_ID, secret_id="1234567890123"),
    ):
        pass

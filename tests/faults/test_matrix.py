"""Every kind of fault meets every operation, on the pages, with the truth at hand."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.cells import Cell, in_time, run
from tests.faults.certificates import Authority
from tests.faults.conftest import Heard
from tests.faults.kinds.catalog import KINDS
from tests.faults.kinds.content import unchanged
from tests.faults.kinds.kind import Kind
from tests.faults.operations import OPERATIONS, Claim
from tests.faults.place import traces

pytestmark = pytest.mark.usefixtures("hurry")
# Half of a row: what is waited for together costs once, and the machine still answers in time.
AT_ONCE = 7


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_whatever_goes_wrong_the_pages_tell_the_truth(
    kind: Kind,
    authority: Authority,
    heard: Heard,
    record_property: Callable[[str, object], None],
) -> None:
    def cell(number: int) -> Cell:
        operation = list(OPERATIONS.values())[number]
        return run(kind, operation, authority, htmx=number % 2 == 1)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        row = list(pool.map(cell, range(len(OPERATIONS))))
    # On a busy machine cells hold each other up; one that is late by itself is late alone, too.
    late = [number for number, each in enumerate(row) if in_time.__name__ in dict(each.broken)]
    for number in late:
        row[number] = cell(number)

    for each in row:
        record_property("cell", each.as_record())
    logged = "\n".join(heard.lines)
    assert not any(
        trace in logged for each in row for secret in each.private for trace in traces(secret)
    )
    broken = [(each.operation, rule, wrong) for each in row for rule, wrong in each.broken]
    assert not broken, broken


def test_without_a_fault_every_operation_does_what_it_says(authority: Authority) -> None:
    well = Kind(name="no fault", misbehave=unchanged)
    claims = {
        name: run(well, operation, authority, htmx=False) for name, operation in OPERATIONS.items()
    }
    assert not [each for each in claims.values() if each.broken]
    expected = {
        name: Claim.DONE if operation.is_write else Claim.SHOWN
        for name, operation in OPERATIONS.items()
    }
    assert {name: Claim(each.claim) for name, each in claims.items()} == expected


def test_there_are_enough_kinds_and_operations() -> None:
    assert len(KINDS) >= 45
    assert len(OPERATIONS) == 14
    assert len(KINDS) * len(OPERATIONS) >= 500


def test_a_good_certificate_of_the_same_authority_is_accepted(authority: Authority) -> None:
    """So the bad ones are refused for their flaw, and not for who signed them."""
    good = Kind(name="good certificate", misbehave=unchanged, listener="good")
    assert run(good, OPERATIONS["list"], authority, htmx=False).claim == Claim.SHOWN.value

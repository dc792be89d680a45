"""The matrix's rules catch what they are for: each breaks the product in one place and looks."""

from collections.abc import Callable

import pytest

from secrets_ui.models import Intent
from tests.faults import broken_builds as broken
from tests.faults import cells
from tests.faults.cells import Rule
from tests.faults.certificates import Authority
from tests.faults.kinds.catalog import KINDS
from tests.faults.operations import OPERATIONS

pytestmark = pytest.mark.usefixtures("hurry")

Break = Callable[[pytest.MonkeyPatch], None]


def believed_lost(patch: pytest.MonkeyPatch) -> None:
    broken.look_up_skipped(patch, Intent.State.NOT_SAVED)


def believed_saved(patch: pytest.MonkeyPatch) -> None:
    broken.look_up_skipped(patch, Intent.State.SAVED)


CAUGHT: list[tuple[Break, str, str, Rule]] = [
    (broken.post_retried, "503 after commit", "new version", cells.never_twice),
    (broken.post_retried, "reset after commit", "create", cells.never_twice),
    (believed_lost, "reset after commit", "create", cells.no_false_not_saved),
    (believed_saved, "reset", "create", cells.no_false_saved),
    (broken.deadline_off, "dripping body", "detail", cells.in_time),
    (
        broken.scrubbing_off,
        "400 that echoes it decoded",
        "create",
        cells.nothing_private_in_the_answer,
    ),
    (broken.redirects_followed, "307 to another host", "create", cells.nobody_else_was_asked),
]


@pytest.mark.parametrize(
    ("build", "kind", "operation", "rule"),
    [pytest.param(*case, id=f"{case[0].__name__}-{case[2]}") for case in CAUGHT],
)
def test_a_broken_build_is_caught(
    build: Break,
    kind: str,
    operation: str,
    rule: Rule,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken_rules() -> set[str]:
        cell = cells.run(KINDS[kind], OPERATIONS[operation], authority, htmx=False)
        return {name for name, _ in cell.broken}

    assert rule.__name__ not in broken_rules()
    build(monkeypatch)
    assert rule.__name__ in broken_rules()

"""Every action that the product records has words, and no text falls through."""

import re
from collections.abc import Iterator

import pytest

from audit import words
from audit.models import Outcome
from tests.services.dashboard import PROJECT

RECORDED = re.compile(
    r'"((?:value|secret|version|write|connection|person|role|sessions|access|trail|notes|notices)\.[a-z_]+)"'
)


def recorded_actions() -> Iterator[str]:
    """Yield what the packages write as an action, themselves apart."""
    for package in ("accounts", "audit", "secrets_ui"):
        for module in (PROJECT / package).rglob("*.py"):
            if module.name != "words.py":
                yield from RECORDED.findall(module.read_text())


def test_every_action_that_is_recorded_has_words() -> None:
    found = set(recorded_actions())
    assert {"secret.created", "person.signed_in", "trail.exported"} <= found
    assert found <= words.PHRASES.keys()


def test_every_outcome_has_words() -> None:
    assert words.OUTCOMES.keys() == set(Outcome)


def test_groups_and_actions_share_no_name() -> None:
    groups = [group.key for group in words.GROUPS]
    assert len(set(groups)) == len(groups)
    assert not set(groups) & words.PHRASES.keys()


@pytest.mark.parametrize(
    ("action", "detail", "expected"),
    [
        ("secret.changed", "description, expired_at", "description, expiry"),
        ("secret.changed", "colour", "colour"),
        ("secret.changed", "", ""),
        (
            "write.looked_up",
            "version.added: saved",
            "Tried to put in a new value: it was saved",
        ),
        ("write.looked_up", "version.added", "Tried to put in a new value"),
        ("role.changed", "taro: viewer to operator", "taro: viewer to operator"),
    ],
)
def test_a_detail_is_told_in_words(action: str, detail: str, expected: str) -> None:
    assert words.about(action, detail) == expected


@pytest.mark.parametrize(
    ("choice", "actions"),
    [
        ("", ()),
        ("value.copied", ("value.copied",)),
        ("trail", ("trail.exported", "trail.pruned")),
    ],
)
def test_a_choice_stands_for_its_actions(choice: str, actions: tuple[str, ...]) -> None:
    assert words.actions_of(choice) == actions

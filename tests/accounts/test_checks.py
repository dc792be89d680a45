"""What keeps the server from starting."""

from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from accounts import checks


def problems() -> list[str]:
    """Return the ids of what the checks of accounts find."""
    found = [*checks.roles_can_be_given(), *checks.step_up_comes_before_the_end()]
    return [str(problem.id) for problem in found]


@pytest.mark.parametrize(
    ("mode", "role_map", "found"),
    [
        ("local", "", []),
        ("local", " ; ", []),
        ("local", "staff=viewer", ["accounts.E002"]),
        ("oidc", "staff=viewer; *=auditor", []),
        ("proxy", "boss=administrator", []),
        ("proxy", "email:boss@example.com=administrator; *=manager", []),
        ("oidc", "", ["accounts.E003"]),
        ("proxy", ";;", ["accounts.E003"]),
        ("oidc", "*=administrator", ["accounts.E004"]),
        ("proxy", "staff=viewer; * = administrator", ["accounts.E004"]),
        ("oidc", "staff=root", ["accounts.E001"]),
        ("proxy", "staff", ["accounts.E001"]),
        ("local", "staff=", ["accounts.E001"]),
    ],
)
def test_a_role_map_that_is_unsafe_or_unreadable_is_found(
    settings: Settings, mode: str, role_map: str, found: list[str]
) -> None:
    settings.AUTH_MODE, settings.ROLE_MAP = mode, role_map
    assert problems() == found


def test_what_is_said_of_a_role_map_names_nobody(settings: Settings) -> None:
    settings.AUTH_MODE, settings.ROLE_MAP = "oidc", "*=viewer; email:boss@example.com=root"
    (problem,) = checks.roles_can_be_given()
    assert problem.msg.startswith("ROLE_MAP: entry 2 must be group=role")
    assert "boss" not in problem.msg


@pytest.mark.parametrize(("minutes", "found"), [(480, []), (481, ["accounts.E005"])])
def test_a_proof_that_outlives_every_session_is_found(
    settings: Settings, minutes: int, found: list[str]
) -> None:
    settings.SESSION_COOKIE_AGE, settings.STEP_UP_MINUTES = 8 * 60 * 60, minutes
    assert problems() == found


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"ROLE_MAP": "staff"}, "accounts.E001"),
        ({"STEP_UP_MINUTES": 24 * 60}, "accounts.E005"),
    ],
)
def test_the_server_runs_these_checks(
    settings: Settings, wrong: dict[str, Any], found: str
) -> None:
    for name, value in wrong.items():
        setattr(settings, name, value)
    (problem,) = [problem for problem in run_checks() if problem.id == found]
    assert problem.is_serious()


def test_the_product_as_it_is_tested_is_fine() -> None:
    assert problems() == []

import secrets

import pytest
from django.core.checks import run_checks
from django.core.management import call_command

from emulator import crypto
from tests.emulator.api import Api

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]


def problems() -> list[tuple[str, str]]:
    found = run_checks(databases=["default", "emulator"])
    return [(problem.id, problem.msg) for problem in found if problem.id.startswith("emulator.")]


def test_all_is_well_with_the_right_keys(api: Api, settings) -> None:
    api.create("bank_token")
    assert problems() == []
    settings.EMULATOR_KEYS = [secrets.token_bytes(32), *settings.EMULATOR_KEYS]
    assert problems() == []


def test_a_wrong_key_is_told_in_one_sentence(api: Api, settings) -> None:
    api.create("bank_token")
    key_id = crypto.current_key_id()
    settings.EMULATOR_KEYS = [secrets.token_bytes(32)]

    ((name, sentence),) = problems()

    assert name == "emulator.E002"
    assert f"key id {key_id}" in sentence
    assert "EMULATOR_KEYS" in sentence
    assert "\n" not in sentence


def test_no_key_at_all_is_told_too(settings) -> None:
    settings.EMULATOR_KEYS = []
    assert [name for name, _ in problems()] == ["emulator.E001"]


def test_a_new_key_is_fine_where_nothing_is_stored(settings) -> None:
    settings.EMULATOR_KEYS = [secrets.token_bytes(32)]
    assert problems() == []


@pytest.mark.django_db(databases=["default", "emulator"], transaction=True)
@pytest.mark.usefixtures("served_database")
def test_before_the_first_migrate_there_is_nothing_to_say() -> None:
    call_command("migrate", "emulator", "zero", database="emulator", verbosity=0)
    try:
        assert problems() == []
    finally:
        call_command("migrate", database="emulator", verbosity=0)


def test_other_databases_are_checked_without_asking_this_one(api: Api, settings) -> None:
    api.create("bank_token")
    settings.EMULATOR_KEYS = [secrets.token_bytes(32)]
    found = run_checks(databases=["default"])
    assert not [problem for problem in found if problem.id.startswith("emulator.")]

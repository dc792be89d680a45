"""Several callers at once, on a database as servers share it."""

import secrets

import pytest

from emulator.rotation import rotate_keys
from tests.emulator.api import Answer, Api, encode
from tests.emulator.threads import CALLERS, at_once

pytestmark = [
    pytest.mark.django_db(databases=["default", "emulator"], transaction=True),
    pytest.mark.usefixtures("served_database"),
    pytest.mark.storage,
]


def test_versions_added_at_once_get_different_numbers(api: Api) -> None:
    secret = api.create("bank_token")

    at_once(lambda number: [api.add_version(secret, f"{number}") for _ in range(5)])

    versions = api.get(f"/{secret['id']}/versions").body["versions"]
    assert [one["version"] for one in versions] == list(range(CALLERS * 5 + 1, 0, -1))


def test_of_two_secrets_with_one_name_only_one_is_made(api: Api) -> None:
    body = {"name": "bank_token", "value": encode("x")}
    answers: list[Answer] = at_once(lambda number: api.post("", body))
    assert sorted(answer.status for answer in answers) == [201] + [409] * (CALLERS - 1)


def test_updates_of_different_fields_at_once_are_both_kept(api: Api) -> None:
    secret = api.create("bank_token")
    bodies = [{"description": "new"}, {"expired_at": "2030-01-01T00:00:00Z"}]

    at_once(lambda number: api.patch(f"/{secret['id']}", bodies[number]), callers=2)

    after = api.get(f"/{secret['id']}").body
    assert (after["description"], after["expired_at"]) == ("new", "2030-01-01T00:00:00Z")


def test_a_secret_deleted_while_versions_are_added_leaves_no_error(api: Api) -> None:
    secret = api.create("bank_token")

    def act(number: int) -> list[int]:
        if number == 0:
            return [api.delete(f"/{secret['id']}").status]
        body = {"value": encode("x")}
        return [api.post(f"/{secret['id']}/versions", body).status for _ in range(5)]

    deleted, *added = at_once(act)
    assert deleted == [200]
    assert {status for statuses in added for status in statuses} <= {201, 404}


def test_keys_rotate_while_versions_are_added_and_read(api: Api, settings) -> None:
    made = [api.create(f"secret_{number}", f"value {number}") for number in range(20)]
    new_key = secrets.token_bytes(32)
    settings.EMULATOR_KEYS = [new_key, *settings.EMULATOR_KEYS]

    def act(number: int) -> list[int]:
        if number == 0:
            assert rotate_keys().refused == 0
            return []
        return [
            answer.status
            for secret in made
            for answer in (
                api.post(f"/{secret['id']}/versions", {"value": encode(secret["name"])}),
                api.get(f"/{secret['id']}", return_secret_value="true"),
            )
        ]

    statuses = {status for each in at_once(act, callers=3) for status in each}
    assert statuses == {200, 201}

    settings.EMULATOR_KEYS = [new_key]
    for secret in made:
        read = api.get(f"/{secret['id']}", return_secret_value="true").body
        expected = [encode(secret["name"])] * 2 + [secret["versions"][0]["value"]]
        assert [one["value"] for one in read["versions"]] == expected

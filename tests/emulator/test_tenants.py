"""No credential reaches another organization, and nothing tells that there is one."""

import pytest

from emulator.models import SecretVersion
from tests.emulator.api import Answer, Api, encode

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

VALUE = {"value": encode("x")}


def every_operation(api: Api, secret_id: str, version_id: str) -> list[Answer]:
    version = f"/{secret_id}/versions/{version_id}"
    return [
        api.get(f"/{secret_id}", return_secret_value="true"),
        api.patch(f"/{secret_id}", {"description": "taken over"}),
        api.get(f"/{secret_id}/versions", return_secret_value="true"),
        api.post(f"/{secret_id}/versions", VALUE),
        api.get(version, return_secret_value="true"),
        api.patch(version, {"status": "inactive"}),
        api.delete(version),
        api.delete(f"/{secret_id}"),
        api.get(""),
        api.post("", {"name": "planted", **VALUE}),
    ]


@pytest.fixture
def secret(api: Api) -> dict:
    return api.create("bank_token", "ours", description="ours")


def ids_of(secret: dict) -> tuple[str, str]:
    return secret["id"], secret["versions"][0]["id"]


def test_another_organizations_address_is_not_found_in_all_ten_operations(
    api: Api, stranger: Api, secret: dict
) -> None:
    intruder = Api(api.organization_id, stranger.authorization)
    missing = api.get("/1234567890123")

    answers = every_operation(intruder, *ids_of(secret))

    assert len(answers) == 10
    assert [answer.error for answer in answers] == [(404, "not_found")] * 10
    assert all(answer.body == missing.body for answer in answers)
    assert_untouched(api, secret)


def test_another_organizations_ids_are_not_found_under_ones_own_address(
    api: Api, stranger: Api, secret: dict
) -> None:
    *by_id, listed, created = every_operation(stranger, *ids_of(secret))

    assert [answer.error for answer in by_id] == [(404, "not_found")] * 8
    assert (listed.status, listed.body["secrets"]) == (200, [])
    assert created.body["organization_id"] == stranger.organization_id
    assert_untouched(api, secret)


def test_another_organizations_version_is_not_found_under_ones_own_secret(
    api: Api, stranger: Api, secret: dict
) -> None:
    own = stranger.create("own_token")
    crossed = f"/{own['id']}/versions/{secret['versions'][0]['id']}"

    assert stranger.get(crossed, return_secret_value="true").error == (404, "not_found")
    assert stranger.patch(crossed, {"status": "inactive"}).error == (404, "not_found")
    assert stranger.delete(crossed).error == (404, "not_found")
    assert_untouched(api, secret)


def test_a_missing_organization_looks_like_another_one(api: Api, stranger: Api) -> None:
    nowhere = Api("9999999999999", api.authorization)
    elsewhere = Api(stranger.organization_id, api.authorization)
    assert nowhere.get().body == elsewhere.get().body
    assert nowhere.get().error == (404, "not_found")


def test_without_a_credential_all_ten_operations_are_refused(api: Api, secret: dict) -> None:
    answers = every_operation(Api(api.organization_id, ""), *ids_of(secret))
    assert [answer.error for answer in answers] == [(401, "unauthorized")] * 10
    assert_untouched(api, secret)


def assert_untouched(api: Api, secret: dict) -> None:
    assert api.get(f"/{secret['id']}", return_secret_value="true").body == secret
    assert [one["name"] for one in api.get().body["secrets"]] == [secret["name"]]
    assert SecretVersion.objects.filter(secret=secret["id"]).count() == 1

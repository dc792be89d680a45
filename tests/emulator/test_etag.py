"""The entity tag of a secret changes with what PATCH can change, and with nothing else."""

import re

import pytest

from emulator.models import Secret
from tests.emulator.api import Api

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]


@pytest.fixture
def address(api: Api) -> str:
    return f"/{api.create('bank_token', description='old')['id']}"


def etag(api: Api, address: str) -> str:
    return api.get(address).headers["ETag"]


def test_one_secret_is_read_and_changed_with_a_strong_entity_tag(api: Api, address: str) -> None:
    read, patched = api.get(address), api.patch(address, {"description": "new"})

    for answer in (read, patched):
        assert re.fullmatch(r'"[0-9a-f]{32}"', answer.headers["ETag"])
    assert patched.headers["ETag"] == etag(api, address)


@pytest.mark.parametrize(
    "body",
    [
        {"description": "new"},
        {"expired_at": "2030-01-01T00:00:00Z"},
        {"integration_service_type": "abeja-platform-labs"},
        {"integration_service_ids": ["1"]},
    ],
)
def test_every_change_of_a_field_changes_the_tag_and_so_does_changing_it_back(
    api: Api, address: str, body: dict
) -> None:
    (field,) = body
    first = api.get(address)

    second = api.patch(address, body)
    third = api.patch(address, {field: first.body[field]})

    assert len({answer.headers["ETag"] for answer in (first, second, third)}) == 3


def test_what_a_change_cannot_overwrite_leaves_the_tag_as_it_is(api: Api, address: str) -> None:
    before = etag(api, address)
    version = api.post(f"{address}/versions", {"value": "bmV3"}).body["id"]
    api.patch(f"{address}/versions/{version}", {"status": "inactive"})
    api.delete(f"{address}/versions/{version}")
    api.patch(address, {"description": "old"})

    assert etag(api, address) == before
    assert api.get(address, return_secret_value="true").headers["ETag"] == before


def test_two_secrets_alike_have_different_tags(api: Api) -> None:
    for name in ("one", "two"):
        api.create(name)
    Secret.objects.update(created_at="2030-01-01T00:00Z", updated_at="2030-01-01T00:00Z")
    assert len({etag(api, f"/{one['id']}") for one in api.get().body["secrets"]}) == 2

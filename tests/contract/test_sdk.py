"""The official SDK, unchanged, over HTTP: every method of both clients with every parameter."""

from collections.abc import Iterator

import pytest

from tests.contract.conftest import Api
from tests.contract.peers import Sdk, SdkError, running_sdk
from tests.contract.values import AWKWARD

pytestmark = pytest.mark.peers

FIELDS = {
    "description": "AWS のアクセスキー",
    "expired_at": "2030-12-15T16:50:33+09:00",
    "integration_service_type": "abeja-platform-labs",
    "integration_service_ids": ["9909389711171", "9916291917033"],
}
STORED_EXPIRY = "2030-12-15T07:50:33Z"


@pytest.fixture(scope="module")
def sdk(api: Api) -> Iterator[Sdk]:
    credential = {"user_id": api.user_id, "personal_access_token": api.personal_access_token}
    with running_sdk(api.url, credential=credential) as sdk:
        yield sdk


def test_a_secret_is_created_with_every_field_and_read_back(api: Api, sdk: Sdk) -> None:
    organization = {"organization_id": api.organization_id}
    created = sdk.secret("create_secret", **organization, name="sdk_full", value="first", **FIELDS)
    read = sdk.secret("get_secret", **organization, secret_id=created["id"])
    assert read["name"] == "sdk_full"
    assert read["user_id"] == api.user_id.removeprefix("user-")
    assert {key: read[key] for key in FIELDS} == {**FIELDS, "expired_at": STORED_EXPIRY}
    assert [version["value"] for version in read["versions"]] == ["first"]


def test_a_secret_is_updated_in_every_field_and_deleted(api: Api, sdk: Sdk) -> None:
    organization = {"organization_id": api.organization_id}
    created = sdk.secret("create_secret", **organization, name="sdk_plain", value="v")
    ids = {**organization, "secret_id": created["id"]}
    changed = sdk.secret("update_secret", **ids, **FIELDS)
    assert {key: changed[key] for key in FIELDS} == {**FIELDS, "expired_at": STORED_EXPIRY}
    assert (
        sdk.secret("update_secret", **ids, description="only this")["expired_at"] == STORED_EXPIRY
    )
    gone = sdk.secret("delete_secret", **ids)
    assert gone == {"message": f"secret_id {created['id']} successfully deleted"}
    with pytest.raises(SdkError, match="NotFound"):
        sdk.secret("get_secret", **ids)


def test_versions_are_added_read_turned_off_and_deleted(api: Api, sdk: Sdk) -> None:
    organization = {"organization_id": api.organization_id}
    secret = sdk.secret("create_secret", **organization, name="sdk_versions", value="one")
    ids = {**organization, "secret_id": secret["id"]}
    second = sdk.secret_version("create_secret_version", **ids, value="two")
    assert (second["version"], second["value"], second["status"]) == (2, "two", "active")
    version_ids = {**ids, "version_id": second["id"]}
    assert sdk.secret_version("get_secret_version", **version_ids)["value"] == "two"
    changed = sdk.secret_version("update_secret_version", **version_ids, status="inactive")
    assert changed["status"] == "inactive"
    page = sdk.secret_version("get_secret_versions", **ids, offset=0, limit=1)
    assert [version["value"] for version in page["versions"]] == ["two"]
    assert page["pagination"] == {"count": 2, "has_next": True, "limit": 1, "offset": 0}
    gone = sdk.secret_version("delete_secret_version", **version_ids)
    assert gone == {"message": f"secret_version_id {second['id']} successfully deleted"}
    assert sdk.secret_version("get_secret_versions", **ids)["pagination"]["count"] == 1


@pytest.mark.parametrize("kind", AWKWARD)
def test_every_value_reads_back_byte_for_byte(api: Api, sdk: Sdk, kind: str) -> None:
    organization = {"organization_id": api.organization_id}
    value = AWKWARD[kind]
    secret = sdk.secret("create_secret", **organization, name=f"sdk_value_{kind}", value=value)
    ids = {**organization, "secret_id": secret["id"]}
    assert sdk.secret("get_secret", **ids)["versions"][0]["value"] == value
    assert sdk.secret_version("create_secret_version", **ids, value=value)["value"] == value


def test_refusals_arrive_as_the_exceptions_of_the_sdk(api: Api, sdk: Sdk) -> None:
    organization = {"organization_id": api.organization_id}
    sdk.secret("create_secret", **organization, name="sdk_taken", value="v")
    with pytest.raises(SdkError, match="Conflict") as taken:
        sdk.secret("create_secret", **organization, name="sdk_taken", value="v")
    assert taken.value.details["error_detail"] == "name"
    with pytest.raises(SdkError, match="BadRequest"):
        sdk.secret("create_secret", **organization, name="sdk_bad", value="v", expired_at="soon")
    with pytest.raises(SdkError, match="NotFound"):
        sdk.secret("get_secrets", organization_id="1")


@pytest.mark.parametrize("place", ["handed over", "environment"])
@pytest.mark.parametrize("kind", ["bearer", "personal", "datasource"])
def test_every_kind_of_credential_is_accepted(api: Api, kind: str, place: str) -> None:
    # Without their prefixes: the SDK puts them in front.
    fields = {
        "bearer": {"auth_token": api.bearer_token},
        "personal": {
            "user_id": api.user_id.removeprefix("user-"),
            "personal_access_token": api.personal_access_token,
        },
        "datasource": {
            "datasource_id": api.datasource_id.removeprefix("datasource-"),
            "datasource_secret": api.datasource_secret,
        },
    }[kind]
    handed_over = place == "handed over"
    env = {} if handed_over else {_variable(name): value for name, value in fields.items()}
    with running_sdk(api.url, credential=fields if handed_over else None, env=env) as sdk:
        page = sdk.secret("get_secrets", organization_id=api.organization_id, offset=0, limit=1)
    assert page["organization_id"] == api.organization_id


def _variable(field: str) -> str:
    return "PLATFORM_AUTH_TOKEN" if field == "auth_token" else f"ABEJA_PLATFORM_{field.upper()}"


def test_a_wrong_token_is_unauthorized(api: Api) -> None:
    with (
        running_sdk(api.url, credential={"auth_token": f"{api.bearer_token}x"}) as sdk,
        pytest.raises(SdkError, match="Unauthorized"),
    ):
        sdk.secret("get_secrets", organization_id=api.organization_id)


def test_250_secrets_are_created_and_paged_through(api: Api) -> None:
    organization_id = api.dashboard.manage("emulator_organization", "create").strip()
    token = api.dashboard.manage("emulator_token", "create", "--organization", organization_id)
    names = [f"sdk_many_{number:03}" for number in range(250)]
    with running_sdk(api.url, credential={"auth_token": token.strip()}) as sdk:
        for name in names:
            sdk.secret(
                "create_secret",
                organization_id=organization_id,
                name=name,
                value=f"value of {name}",
            )
        pages = [
            sdk.secret("get_secrets", organization_id=organization_id, offset=offset, limit=100)
            for offset in (0, 100, 200)
        ]
    read = {s["name"]: s["versions"][0]["value"] for page in pages for s in page["secrets"]}
    assert read == {name: f"value of {name}" for name in names}
    assert [page["has_next"] for page in pages] == [True, True, False]

"""Our client against our server, inside the process and over HTTP; then beside the official clients."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.embedded import EmbeddedAdapter
from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import (
    Conflict,
    Credential,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    SecretManagerClient,
    Transport,
)
from tests.contract.conftest import DATASOURCE, USER, Api
from tests.contract.peers import cli_for, running_sdk
from tests.contract.values import AWKWARD

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

FIELDS = {
    "description": "AWS のアクセスキー",
    "expired_at": datetime(2030, 12, 15, 7, 50, 33, tzinfo=UTC),
    "integration_service_type": "abeja-platform-labs",
    "integration_service_ids": ("9909389711171", "9916291917033"),
}
CLEARED = {
    "description": None,
    "expired_at": None,
    "integration_service_type": None,
    "integration_service_ids": (),
}


@dataclass(frozen=True)
class Meeting:
    transport: Transport
    organization_id: str
    credentials: dict[str, Credential]

    def client(self, kind: str = "personal") -> SecretManagerClient:
        return SecretManagerClient(self.credentials[kind], transport=self.transport)


@pytest.fixture(params=["embedded", "http"])
def meeting(request: pytest.FixtureRequest) -> Iterator[Meeting]:
    meeting = _embedded() if request.param == "embedded" else _http(request.getfixturevalue("api"))
    yield meeting
    meeting.transport.close()


def _embedded() -> Meeting:
    organization = Organization.objects.create(name="Meeting")

    def token(kind: str, principal: str) -> str:
        return issue_token(organization=organization, kind=kind, principal=principal)[1]

    return Meeting(
        Transport("http://emulator.invalid", adapter=EmbeddedAdapter()),
        organization.id,
        {
            "bearer": Credential.bearer(token(Token.Kind.BEARER, USER)),
            "personal": Credential.personal(USER, token(Token.Kind.PERSONAL, USER)),
            "datasource": Credential.datasource(
                DATASOURCE, token(Token.Kind.DATASOURCE, DATASOURCE)
            ),
        },
    )


def _http(api: Api) -> Meeting:
    return Meeting(
        Transport(api.url),
        api.organization_id,
        {
            "bearer": Credential.bearer(api.bearer_token),
            "personal": Credential.personal(api.user_id, api.personal_access_token),
            "datasource": Credential.datasource(api.datasource_id, api.datasource_secret),
        },
    )


def test_a_secret_lives_from_create_to_delete(meeting: Meeting) -> None:
    client, organization_id = meeting.client(), meeting.organization_id
    created = client.create_secret(organization_id, "client_full", "first", **FIELDS)
    read = client.get_secret(organization_id, created.id)
    assert read.name == "client_full"
    assert {field: getattr(read, field) for field in FIELDS} == FIELDS
    assert [(version.version, version.status) for version in read.versions] == [(1, "active")]
    changed = client.update_secret(organization_id, created.id, description="new")
    assert {field: getattr(changed, field) for field in FIELDS} == {**FIELDS, "description": "new"}
    cleared = client.update_secret(organization_id, created.id, **dict.fromkeys(FIELDS))
    assert {field: getattr(cleared, field) for field in FIELDS} == CLEARED
    assert created.id in client.delete_secret(organization_id, created.id)
    with pytest.raises(NotFound):
        client.get_secret(organization_id, created.id)


def test_versions_live_from_create_to_delete(meeting: Meeting) -> None:
    client, organization_id = meeting.client(), meeting.organization_id
    secret = client.create_secret(organization_id, "client_versions", "one")
    second = client.create_secret_version(organization_id, secret.id, "two")
    ids = (organization_id, secret.id, second.id)
    assert client.get_secret_version(*ids).value is None
    assert client.get_secret_version(*ids, with_value=True).value.text == "two"
    assert client.update_secret_version(*ids, "inactive").status == "inactive"
    assert client.get_secret_version(*ids).status == "inactive"
    page = client.get_secret_versions(organization_id, secret.id, offset=0, limit=1)
    assert ([v.version for v in page.versions], page.count, page.has_next) == ([2], 2, True)
    assert [v.version for v in client.iter_secret_versions(*ids[:2], limit=1)] == [2, 1]
    assert second.id in client.delete_secret_version(*ids)
    third = client.create_secret_version(organization_id, secret.id, "three")
    assert third.version == 3


def test_secrets_are_paged_through_without_loss(meeting: Meeting) -> None:
    client, organization_id = meeting.client(), meeting.organization_id
    made = [
        client.create_secret(organization_id, f"client_page_{number}", "v").id
        for number in range(5)
    ]
    newest = client.get_secrets(organization_id, offset=1, limit=3)
    assert [secret.id for secret in newest.secrets] == made[-2:0:-1]
    assert newest.has_next
    walked = [secret.id for secret in client.iter_secrets(organization_id, limit=2)]
    assert walked[:5] == made[::-1]
    assert len(walked) == len(set(walked))


@pytest.mark.parametrize("kind", AWKWARD)
def test_every_value_reads_back_byte_for_byte(meeting: Meeting, kind: str) -> None:
    client, organization_id = meeting.client(), meeting.organization_id
    secret = client.create_secret(organization_id, f"client_value_{kind}", AWKWARD[kind])
    added = client.create_secret_version(organization_id, secret.id, AWKWARD[kind])
    for version_id in (secret.versions[0].id, added.id):
        read = client.get_secret_version(organization_id, secret.id, version_id, with_value=True)
        assert read.value.raw == AWKWARD[kind].encode()


def test_a_value_that_is_not_text_reads_back_as_the_same_bytes(meeting: Meeting) -> None:
    client, organization_id = meeting.client(), meeting.organization_id
    secret = client.create_secret(organization_id, "client_binary", bytes(range(256)))
    ids = (organization_id, secret.id, secret.versions[0].id)
    assert client.get_secret_version(*ids, with_value=True).value.raw == bytes(range(256))


@pytest.mark.parametrize("kind", ["bearer", "personal", "datasource"])
def test_every_kind_of_credential_is_accepted(meeting: Meeting, kind: str) -> None:
    page = meeting.client(kind).get_secrets(meeting.organization_id, limit=1)
    assert page.organization_id == meeting.organization_id


def test_refusals_arrive_as_their_own_errors(meeting: Meeting) -> None:
    client, organization_id = meeting.client(), meeting.organization_id
    client.create_secret(organization_id, "client_taken", "v")
    with pytest.raises(Conflict):
        client.create_secret(organization_id, "client_taken", "v")
    with pytest.raises(InvalidInput):
        client.create_secret(organization_id, "client_long", "v", description="x" * 4097)
    with pytest.raises(NotFound):
        client.get_secrets("1")
    wrong = Credential.personal(USER, "no-token-of-anybody")
    with pytest.raises(NotAuthenticated):
        SecretManagerClient(wrong, transport=meeting.transport).get_secrets(organization_id)


@pytest.mark.peers
def test_the_official_clients_read_what_ours_wrote_byte_for_byte(api: Api, tmp_path: Path) -> None:
    meeting = _http(api)
    client, organization_id = meeting.client(), meeting.organization_id
    written = {f"shared_{kind}": value for kind, value in AWKWARD.items()}
    for name, value in written.items():
        client.create_secret(organization_id, name, value)
    meeting.transport.close()

    with running_sdk(api.url, credential={"auth_token": api.bearer_token}) as sdk:
        page = sdk.secret("get_secrets", organization_id=organization_id, limit=len(written))
    assert _values(page) == written

    cli = cli_for(api.url, organization_id=organization_id, home=tmp_path, bearer=api.bearer_token)
    assert _values(cli.json("secret", "list", "--limit", str(len(written)))) == written


@pytest.mark.peers
def test_ours_reads_what_the_official_clients_wrote_byte_for_byte(api: Api, tmp_path: Path) -> None:
    meeting = _http(api)
    client, organization_id = meeting.client(), meeting.organization_id
    cli = cli_for(api.url, organization_id=organization_id, home=tmp_path, bearer=api.bearer_token)
    value = AWKWARD["lines"] + AWKWARD["japanese"] + AWKWARD["emoji"] + AWKWARD["spaces"]
    with running_sdk(api.url, credential={"auth_token": api.bearer_token}) as sdk:
        arguments = {"organization_id": organization_id, "name": "sdk_for_us", "value": value}
        by_sdk = sdk.secret("create_secret", **arguments)
    by_cli = cli.json("secret", "create", "--name", "cli_for_us", "--value", value)
    for secret in (by_sdk, by_cli):
        ids = (organization_id, secret["id"], secret["versions"][0]["id"])
        assert client.get_secret_version(*ids, with_value=True).value.text == value
    meeting.transport.close()


def _values(page: dict) -> dict[str, str]:
    return {secret["name"]: secret["versions"][0]["value"] for secret in page["secrets"]}

from collections.abc import Callable

import pytest
from django.db import DatabaseError

from audit.models import Event
from audit.trail import TrailUnavailable
from secret_manager import (
    Credential,
    InvalidArgument,
    NotAuthenticated,
    Secret,
    SecretManagerClient,
    UpstreamFailed,
)
from secrets_ui import services
from secrets_ui.connection import Connection
from tests.secrets_ui.conftest import ORGANIZATION_ID, USER_ID
from tests.secrets_ui.support import ACTOR, last_event
from tests.secrets_ui.views.support import trail

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]


def read(purpose: services.Purpose) -> Callable[[Connection, Secret, str], object]:
    return lambda connection, secret, version_id: services.read_value(
        connection=connection, actor=ACTOR, secret=secret, version_id=version_id, purpose=purpose
    )


# Every act: what it is called in the trail, and a call of it.
ACTS: dict[str, Callable[[Connection, Secret, str], object]] = {
    "connection.added": lambda c, s, v: services.check_connection(connection=c, actor=ACTOR),
    "value.revealed": read("revealed"),
    "value.copied": read("copied"),
    "value.downloaded": read("downloaded"),
}
READS_OF_VALUES = [name for name in ACTS if name.startswith("value.")]


@pytest.mark.parametrize("action", ACTS)
def test_every_act_is_recorded_before_and_after(
    action: str,
    connection: Connection,
    secret: Secret,
    version_id: str,
    asked: list[tuple[str, str]],
) -> None:
    ACTS[action](connection, secret, version_id)
    assert trail() == [(action, "attempted"), (action, "ok")]
    assert [outcome for _, outcome in asked] == ["attempted"]
    event = last_event()
    assert (event.actor, event.actor_address) == ("hanako", "192.0.2.7")
    assert (event.organization_id, event.api_identity) == (ORGANIZATION_ID, USER_ID)
    if action in READS_OF_VALUES:
        assert event.version_id == version_id
        assert (event.secret_id, event.secret_name) == (secret.id, "crm-webhook-signing")


@pytest.mark.parametrize("action", ACTS)
def test_where_the_trail_cannot_record_nothing_is_asked_of_the_api(
    action: str,
    connection: Connection,
    secret: Secret,
    version_id: str,
    asked: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(Event.objects, "create", refuse)
    with pytest.raises(TrailUnavailable) as unavailable:
        ACTS[action](connection, secret, version_id)
    assert not unavailable.value.act_was_done
    assert asked == []


@pytest.mark.parametrize("action", ACTS)
def test_a_refused_act_is_recorded_as_denied(action: str, secret: Secret, version_id: str) -> None:
    stranger = Connection(
        organization_id=ORGANIZATION_ID,
        label="",
        credential=Credential.personal(USER_ID, "not-the-token"),
    )
    with pytest.raises(NotAuthenticated):
        ACTS[action](stranger, secret, version_id)
    assert trail() == [(action, "attempted"), (action, "denied")]


@pytest.mark.parametrize("action", ACTS)
def test_no_value_and_no_credential_is_in_the_trail(
    action: str, connection: Connection, secret: Secret, version_id: str
) -> None:
    ACTS[action](connection, secret, version_id)
    lines = repr(list(Event.objects.values()))
    for hidden in ("the first value", connection.credential.secret):
        assert hidden not in lines


@pytest.mark.parametrize("action", READS_OF_VALUES)
@pytest.mark.parametrize("bad", ["../2", "x" * 5000, "a\0b", "雪"])
def test_an_id_that_is_none_is_neither_sent_nor_recorded(
    action: str, bad: str, connection: Connection, secret: Secret, asked: list[tuple[str, str]]
) -> None:
    with pytest.raises(InvalidArgument):
        ACTS[action](connection, secret, bad)
    assert asked == []
    assert trail() == []


def test_reads_of_names_are_not_recorded_and_hold_no_value(
    connection: Connection, secret: Secret, version_id: str
) -> None:
    page = services.list_secrets(connection=connection, page=1, per_page=25)
    one = services.get_secret(connection=connection, secret_id=secret.id)
    versions = services.list_versions(connection=connection, secret_id=secret.id)
    version = services.get_version(
        connection=connection, secret_id=secret.id, version_id=version_id
    )
    assert [each.id for each in page.secrets] == [secret.id]
    assert one.versions is not None
    listed = page.secrets[0].versions
    assert listed is not None
    for each in (*listed, *one.versions, *versions, version):
        assert each.value is None
    assert trail() == []


def test_pages_count_from_one(connection: Connection, api: SecretManagerClient) -> None:
    for number in range(5):
        api.create_secret(ORGANIZATION_ID, f"secret-number-{number:03}", "v")
    pages = [
        services.list_secrets(connection=connection, page=page, per_page=2) for page in (1, 2, 3)
    ]
    assert [len(page.secrets) for page in pages] == [2, 2, 1]
    assert [page.has_next for page in pages] == [True, True, False]
    assert len({each.id for page in pages for each in page.secrets}) == 5


def test_versions_come_newest_first(
    connection: Connection, api: SecretManagerClient, secret: Secret
) -> None:
    for _ in range(3):
        api.create_secret_version(ORGANIZATION_ID, secret.id, "v")
    found = services.list_versions(connection=connection, secret_id=secret.id)
    assert [version.version for version in found] == [4, 3, 2, 1]
    assert found.complete


def test_a_value_is_read_whole(connection: Connection, secret: Secret, version_id: str) -> None:
    value = services.read_value(
        connection=connection, actor=ACTOR, secret=secret, version_id=version_id, purpose="copied"
    )
    assert value.text == "the first value"


def test_an_answer_without_the_value_is_no_empty_value(
    connection: Connection, secret: Secret, version_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = SecretManagerClient.get_secret_version

    def without_value(self: SecretManagerClient, *ids: str, with_value: bool) -> object:
        return read(self, *ids, with_value=False)

    monkeypatch.setattr(SecretManagerClient, "get_secret_version", without_value)
    with pytest.raises(UpstreamFailed, match="without the value"):
        ACTS["value.revealed"](connection, secret, version_id)
    assert trail()[-1] == ("value.revealed", "failed")

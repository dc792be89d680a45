from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connections
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from audit.trail import Actor, TrailUnavailable
from secret_manager import (
    Conflict,
    Credential,
    InvalidArgument,
    NotAuthenticated,
    NotFound,
    Secret,
    SecretManagerClient,
    UpstreamFailed,
)
from secrets_ui import services
from secrets_ui.connection import Connection
from secrets_ui.services import NewSecret
from tests.secrets_ui.conftest import ORGANIZATION_ID, USER_ID

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

ACTOR = Actor(name="hanako", address="192.0.2.7")
VALUE = "canary-value-9d1c"
LATER = datetime(2099, 12, 4, 14, 59, tzinfo=UTC)


@pytest.fixture
def connection(credential: Credential) -> Connection:
    return Connection(organization_id=ORGANIZATION_ID, label="Ours", credential=credential)


def a_new_secret(**typed: object) -> NewSecret:
    known = {
        "name": "bank-api",
        "value": VALUE,
        "description": None,
        "expired_at": None,
        "app_ids": [],
    }
    return NewSecret(**{**known, **typed})


def trail() -> list[tuple[str, str]]:
    return list(Event.objects.order_by("pk").values_list("action", "outcome"))


def last_event() -> Event:
    event = Event.objects.order_by("pk").last()
    assert event is not None
    return event


def first_version_of(api: SecretManagerClient, secret: Secret) -> str:
    (version,) = api.list_secret_versions(ORGANIZATION_ID, secret.id)
    return version.id


# Every act: what it is called in the trail, and a call of it.
ACTS: dict[str, Callable[[Connection, Secret, str], object]] = {
    "connection.added": lambda c, s, v: services.check_connection(connection=c, actor=ACTOR),
    "value.revealed": lambda c, s, v: services.read_value(
        connection=c, actor=ACTOR, secret=s, version_id=v, purpose="revealed"
    ),
    "value.copied": lambda c, s, v: services.read_value(
        connection=c, actor=ACTOR, secret=s, version_id=v, purpose="copied"
    ),
    "value.downloaded": lambda c, s, v: services.read_value(
        connection=c, actor=ACTOR, secret=s, version_id=v, purpose="downloaded"
    ),
    "secret.created": lambda c, s, v: services.create_secret(
        connection=c, actor=ACTOR, new=a_new_secret()
    ),
    "secret.changed": lambda c, s, v: services.update_secret(
        connection=c, actor=ACTOR, secret=s, changes={"description": "new"}
    ),
    "secret.deleted": lambda c, s, v: services.delete_secret(connection=c, actor=ACTOR, secret=s),
    "version.added": lambda c, s, v: services.add_version(
        connection=c, actor=ACTOR, secret=s, value=VALUE
    ),
    "version.turned_on": lambda c, s, v: services.turn_version(
        connection=c, actor=ACTOR, secret=s, version_id=v, on=True
    ),
    "version.turned_off": lambda c, s, v: services.turn_version(
        connection=c, actor=ACTOR, secret=s, version_id=v, on=False
    ),
    "version.deleted": lambda c, s, v: services.delete_version(
        connection=c, actor=ACTOR, secret=s, version_id=v
    ),
}
ON_A_VERSION = [name for name in ACTS if name.startswith(("value.", "version.turned", "version.d"))]


@pytest.fixture
def version_id(api: SecretManagerClient, secret: Secret) -> str:
    return first_version_of(api, secret)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is asked of the API, in order, and what the trail held at that moment."""
    requests: list[tuple[str, str]] = []
    send = services.Connection.client.fget

    class Watched:
        def __init__(self, client: SecretManagerClient) -> None:
            self._client = client

        def __getattr__(self, name: str) -> object:
            requests.append((name, trail()[-1][1] if trail() else ""))
            return getattr(self._client, name)

    monkeypatch.setattr(Connection, "client", property(lambda self: Watched(send(self))))
    return requests


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
    if action in ON_A_VERSION:
        assert event.version_id == version_id
    if action not in {"connection.added", "secret.created"}:
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
    for hidden in (VALUE, "the first value", connection.credential.secret):
        assert hidden not in lines


@pytest.mark.parametrize("action", ON_A_VERSION)
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


def test_a_new_secret_is_kept_with_all_that_was_typed(
    connection: Connection, api: SecretManagerClient
) -> None:
    new = a_new_secret(description="Bank", expired_at=LATER, app_ids=["51", "52"])
    created = services.create_secret(connection=connection, actor=ACTOR, new=new)
    stored = api.get_secret(ORGANIZATION_ID, created.id)
    assert (stored.name, stored.description, stored.expired_at) == ("bank-api", "Bank", LATER)
    assert stored.integration_service_type == services.LABS
    assert stored.integration_service_ids == ("51", "52")
    attempted, done = Event.objects.order_by("pk")
    assert (attempted.secret_name, attempted.secret_id) == ("bank-api", "")
    assert (done.secret_name, done.secret_id) == ("bank-api", created.id)


def test_a_taken_name_is_recorded_as_failed(connection: Connection, secret: Secret) -> None:
    with pytest.raises(Conflict):
        services.create_secret(
            connection=connection, actor=ACTOR, new=a_new_secret(name=secret.name)
        )
    assert trail()[-1] == ("secret.created", "failed")


def test_only_the_changes_are_sent_and_their_names_recorded(
    connection: Connection, api: SecretManagerClient, secret: Secret
) -> None:
    def change(**changes: object) -> Secret:
        services.update_secret(connection=connection, actor=ACTOR, secret=secret, changes=changes)
        return api.get_secret(ORGANIZATION_ID, secret.id)

    changed = change(expired_at=LATER, app_ids=["51"])
    assert last_event().detail == "expired_at, app_ids"
    assert changed.description == "Signs CRM calls"
    assert (changed.expired_at, changed.integration_service_ids) == (LATER, ("51",))
    assert changed.integration_service_type == services.LABS
    cleared = change(description=None, expired_at=None, app_ids=[])
    assert not cleared.description
    assert cleared.expired_at is None
    assert cleared.integration_service_ids == ()
    assert not cleared.integration_service_type


def test_a_new_version_leaves_the_old_ones_as_they_are(
    connection: Connection, api: SecretManagerClient, secret: Secret
) -> None:
    added = services.add_version(connection=connection, actor=ACTOR, secret=secret, value=VALUE)
    versions = api.list_secret_versions(ORGANIZATION_ID, secret.id)
    assert {version.version: version.is_on for version in versions} == {1: True, 2: True}
    assert last_event().version_id == added.id


def test_a_version_is_turned_off_and_on_and_deleted(
    connection: Connection, api: SecretManagerClient, secret: Secret, version_id: str
) -> None:
    def is_on() -> bool:
        return api.get_secret_version(ORGANIZATION_ID, secret.id, version_id).is_on

    ACTS["version.turned_off"](connection, secret, version_id)
    assert not is_on()
    ACTS["version.turned_on"](connection, secret, version_id)
    assert is_on()
    ACTS["version.deleted"](connection, secret, version_id)
    with pytest.raises(NotFound):
        is_on()


def test_a_deleted_secret_is_gone_and_a_second_time_recorded_as_failed(
    connection: Connection, secret: Secret
) -> None:
    services.delete_secret(connection=connection, actor=ACTOR, secret=secret)
    with pytest.raises(NotFound):
        services.delete_secret(connection=connection, actor=ACTOR, secret=secret)
    assert [outcome for _, outcome in trail()] == ["attempted", "ok", "attempted", "failed"]


@pytest.mark.parametrize("name", ["line\nbreak\0\x1b[31m", "n" * 5000, "", "\u202eevil"])
def test_a_hostile_name_can_be_acted_on_and_recorded(
    name: str, connection: Connection, secret: Secret
) -> None:
    hostile = Secret(id=secret.id, organization_id=ORGANIZATION_ID, name=name)
    services.delete_secret(connection=connection, actor=ACTOR, secret=hostile)
    assert trail()[-1] == ("secret.deleted", "ok")
    recorded = last_event().secret_name
    assert recorded.isprintable()
    assert len(recorded) <= 255


def test_an_act_writes_two_lines_and_asks_our_database_for_nothing_else(
    connection: Connection, secret: Secret
) -> None:
    with CaptureQueriesContext(connections["default"]) as queries:
        ACTS["secret.changed"](connection, secret, "")
    assert [query["sql"].split(" ")[0] for query in queries] == ["INSERT", "INSERT"]

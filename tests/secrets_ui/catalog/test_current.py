"""What the pages are told of all secrets: at once, never older than said, with what was just written."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import responses
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django_redis.cache import RedisCache

from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import Credential, Secret, SecretManagerClient
from secrets_ui import writes
from secrets_ui.catalog import current, memory, store
from secrets_ui.catalog.packing import unpacked
from secrets_ui.catalog.store import Shelf
from secrets_ui.connection import Connection, shared_transport
from secrets_ui.outcomes import AlreadyGone, NotKnownYet
from tests.secrets_ui.conftest import ORGANIZATION_ID, USER_ID
from tests.secrets_ui.lossy import Line
from tests.secrets_ui.support import a_new_secret, claimed, doing, settle

pytestmark = [
    pytest.mark.django_db(databases=["default", "emulator"]),
    pytest.mark.usefixtures("catalog"),
]


VALUED = {
    "id": "1001",
    "name": "billing-key",
    "value": "leaked",
    "versions": [{"id": "1", "version": 1, "status": "active", "value": "bGVha2Vk"}],
}


@pytest.fixture
def upstream_values(settings: Any) -> Iterator[None]:
    """A Secret Manager that sends values to whoever asks for anything."""
    settings.SECRET_MANAGER_URL, settings.SECRET_MANAGER_ADAPTER = "https://api.example.test", None
    shared_transport.cache_clear()
    secrets = f"https://api.example.test/secret-manager/organizations/{ORGANIZATION_ID}/secrets"
    with responses.RequestsMock() as mock:
        mock.get(secrets, json={"secrets": [VALUED], "has_next": False})
        mock.get(f"{secrets}/1001", json=VALUED)
        yield
    shared_transport.cache_clear()


def everything_cached() -> dict[str, Any]:
    keys = [key.removeprefix(":1:") for key in cache._cache]  # type: ignore[attr-defined]
    return cache.get_many(keys)


def all_that_is_cached() -> str:
    """Return everything in the cache, the parts of catalogs unpacked, as one text."""
    kept = everything_cached()
    parts = [one for one in kept.values() if isinstance(one, str) and len(one) > 60]
    return f"{kept}{[unpacked(one) for one in parts]}"


def names_in(view: current.View) -> list[str]:
    return [entry.name for entry in view.snapshot.entries]


def test_all_secrets_are_there_in_the_order_of_the_list(
    connection: Connection, truth: SecretManagerClient
):
    for number in range(205):
        truth.create_secret(ORGANIZATION_ID, f"secret-number{number}", "a value")

    view = current.look(connection)

    assert view.is_complete
    assert not view.is_reading
    assert names_in(view) == [one.name for one in truth.list_secrets(ORGANIZATION_ID)]


def test_what_was_written_is_looked_up(connection: Connection, truth: SecretManagerClient):
    kept = truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    lost = truth.create_secret(ORGANIZATION_ID, "lost", "a value")
    current.look(connection)

    made = truth.create_secret(ORGANIZATION_ID, "made", "a value")
    truth.update_secret(ORGANIZATION_ID, kept.id, description="new words")
    truth.delete_secret(ORGANIZATION_ID, lost.id)
    for secret_id in (made.id, kept.id, lost.id):
        current.touched(connection, secret_id)
    view = current.look(connection)

    assert names_in(view) == ["made", "kept"]
    assert view.snapshot.entries[1].description == "new words"


def test_what_was_seen_on_its_own_page_is_taken_over(
    connection: Connection, truth: SecretManagerClient
):
    secret = truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    current.look(connection)

    current.saw(connection, replace(secret, description="new words"))
    assert current.look(connection).snapshot.entries[0].description == "new words"

    current.gone(connection, secret.id)
    assert names_in(current.look(connection)) == []


def test_another_process_reads_what_is_kept(connection: Connection, truth: SecretManagerClient):
    truth.create_secret(ORGANIZATION_ID, "kept", "a value", description="給与")
    first = current.look(connection)
    memory.forget_all()

    assert current.look(connection).snapshot.entries == first.snapshot.entries


def test_another_credential_has_a_catalog_of_its_own(
    connection: Connection, truth: SecretManagerClient, organization: Organization
):
    truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    current.look(connection)
    _, token = issue_token(organization=organization, kind=Token.Kind.PERSONAL, principal=USER_ID)
    other = replace(connection, credential=Credential.personal(USER_ID, token))
    truth.create_secret(ORGANIZATION_ID, "added", "a value")

    assert names_in(current.look(connection)) == ["kept"]
    assert names_in(current.look(other)) == ["added", "kept"]


def test_a_credential_that_is_no_longer_let_in_has_no_catalog(
    connection: Connection, truth: SecretManagerClient, monkeypatch: pytest.MonkeyPatch
):
    truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    current.look(connection)
    Token.objects.all().delete()
    monkeypatch.setattr(current, "FRESH", 0.0)

    current.look(connection)
    view = current.look(connection)

    assert names_in(view) == []
    assert view.problem == "not-let-in"


def later(seconds: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True)


def test_it_is_fresh_for_a_minute_and_read_again_after_it(
    connection: Connection, truth: SecretManagerClient
):
    truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    current.look(connection)
    truth.create_secret(ORGANIZATION_ID, "added", "a value")
    with later(current.FRESH - 5):
        assert names_in(current.look(connection)) == ["kept"]
    with later(current.FRESH + 1):
        assert names_in(current.look(connection)) == ["added", "kept"]


@pytest.mark.parametrize("status", [429, 500, 502, None])
def test_while_the_api_fails_what_is_known_stays_and_it_is_left_alone(
    connection: Connection, truth: SecretManagerClient, line: Line, status: int | None
):
    truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    current.look(connection)
    line.loses("GET", arrives=False, status=status, times=1000)
    with later(current.FRESH + 1):
        current.look(connection)
        sent = line.count("GET")
        view = current.look(connection)
        assert names_in(view) == ["kept"]
        assert view.problem == {429: "too-many", None: "not-answered"}.get(status, "failed")
        assert not view.is_reading
        assert line.count("GET") == sent
    with later(current.FRESH + store.REST + 5):
        line.heals()
        truth.create_secret(ORGANIZATION_ID, "added", "a value")
        current.look(connection)
        assert current.look(connection).problem == ""
        assert names_in(current.look(connection)) == ["added", "kept"]


def test_after_a_quarter_of_an_hour_it_is_no_longer_shown(
    connection: Connection, truth: SecretManagerClient, line: Line
):
    truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    current.look(connection)
    line.is_dead()
    with later(store.KEPT - 5):
        assert names_in(current.look(connection)) == ["kept"]
    with later(store.KEPT + 1):
        assert names_in(current.look(connection)) == []
        assert not current.look(connection).is_there


@pytest.mark.parametrize("is_remembered", [True, False])
def test_whatever_the_cache_loses_it_is_read_again(
    connection: Connection, truth: SecretManagerClient, is_remembered: bool
):
    first = truth.create_secret(ORGANIZATION_ID, "first", "a value")
    current.look(connection)
    truth.delete_secret(ORGANIZATION_ID, first.id)
    truth.create_secret(ORGANIZATION_ID, "second", "a value")
    current.gone(connection, first.id)
    full = everything_cached()
    for lost in full:
        cache.clear()
        cache.set_many({key: one for key, one in full.items() if key != lost})
        if not is_remembered:
            memory.forget_all()
        assert "first" not in names_in(current.look(connection)), lost


def test_without_room_in_memory_it_works_as_well(
    connection: Connection, truth: SecretManagerClient, settings: Any, line: Line
):
    settings.CATALOG_IN_MEMORY = 0
    secret = truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    current.look(connection)
    truth.update_secret(ORGANIZATION_ID, secret.id, description="new words")
    current.touched(connection, secret.id)
    sent = line.count("GET")
    for _ in range(3):
        assert current.look(connection).snapshot.entries[0].description == "new words"
    assert line.count("GET") == sent + 1


def test_what_was_written_is_looked_up_once_for_all_processes(
    connection: Connection, truth: SecretManagerClient, line: Line
):
    secret = truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    current.look(connection)
    current.touched(connection, secret.id)
    sent = line.count("GET")
    current.look(connection)
    memory.forget_all()
    current.look(connection)
    assert line.count("GET") == sent + 1


def test_what_cannot_be_looked_up_stays_and_all_is_read_again_soon(
    connection: Connection, truth: SecretManagerClient, line: Line
):
    secret = truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    current.look(connection)
    truth.update_secret(ORGANIZATION_ID, secret.id, description="new words")
    current.touched(connection, secret.id)
    line.is_dead()
    assert current.look(connection).snapshot.entries[0].description == ""
    sent = line.count("GET")
    assert names_in(current.look(connection)) == ["kept"]
    assert line.count("GET") == sent
    line.heals()
    with later(store.REST + 1):
        current.look(connection)
        assert current.look(connection).snapshot.entries[0].description == "new words"


def test_more_than_can_be_looked_up_are_read_again(
    connection: Connection, truth: SecretManagerClient, line: Line
):
    current.look(connection)
    made = [
        truth.create_secret(ORGANIZATION_ID, f"secret-number{number}", "a value")
        for number in range(current.MOST_LOOKED_UP + 3)
    ]
    for secret in made:
        current.touched(connection, secret.id)
    sent = line.count("GET")
    assert len(names_in(current.look(connection))) == len(made)
    assert line.count("GET") <= sent + current.MOST_LOOKED_UP + 8


def test_two_writes_at_once_are_both_there(connection: Connection, truth: SecretManagerClient):
    current.look(connection)
    made = [truth.create_secret(ORGANIZATION_ID, name, "a value") for name in ("one", "two")]
    ours, theirs = Shelf(connection), Shelf(connection)
    ours.add(store.Change(made[0].id, None, is_known=False))
    theirs.add(store.Change(made[1].id, None, is_known=False))
    assert names_in(current.look(connection)) == ["two", "one"]


def test_what_is_written_while_it_is_read_is_not_lost(
    connection: Connection, truth: SecretManagerClient, line: Line
):
    kept = truth.create_secret(ORGANIZATION_ID, "kept", "a value")

    def somebody_writes() -> None:
        truth.update_secret(ORGANIZATION_ID, kept.id, description="new words")
        current.touched(connection, kept.id)

    line.meets("GET", later=somebody_writes)
    assert current.look(connection).snapshot.entries[0].description == "new words"


def test_no_value_gets_into_the_cache(connection: Connection, upstream_values: None):
    view = current.look(connection)
    assert view.count == 1
    current.saw(connection, connection.client.get_secret(ORGANIZATION_ID, "1001"))
    current.touched(connection, "1001")
    current.look(connection)
    everything = all_that_is_cached()
    assert "billing-key" in everything
    assert "bGVha2Vk" not in everything
    assert "leaked" not in everything


def test_without_its_redis_it_is_nothing_but_slower(
    browser: Client, connection: Connection, secret: Secret, monkeypatch: pytest.MonkeyPatch
):
    lost = RedisCache(
        "redis://127.0.0.1:9/0",
        {"OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 0.1}},
    )
    monkeypatch.setattr(store, "cache", lost)
    view = current.look(connection)
    assert (view.is_there, view.is_reading) == (False, False)
    current.saw(connection, secret)
    current.touched(connection, secret.id)
    current.gone(connection, secret.id)
    url = f"/organizations/{ORGANIZATION_ID}/secrets/"
    plain, searched = browser.get(url), browser.get(url, {"q": "crm"})
    assert plain.status_code == searched.status_code == 200
    assert "crm-webhook" in plain.content.decode()
    assert "The search has to wait" in searched.content.decode()


class TestWrites:
    """What a person did is in the very next list."""

    def test_a_new_secret(self, connection: Connection):
        current.look(connection)
        writes.create_secret(doing=doing(connection), new=a_new_secret())
        assert names_in(current.look(connection)) == ["bank-api"]

    def test_an_edit(self, connection: Connection, secret: Secret):
        current.look(connection)
        writes.update_secret(
            doing=doing(connection),
            secret_id=secret.id,
            changes={"description": "new words"},
            is_in_the_way=lambda current: False,
        )
        assert current.look(connection).snapshot.entries[0].description == "new words"

    def test_a_new_value(self, connection: Connection, secret: Secret):
        current.look(connection)
        writes.add_version(doing=doing(connection), secret=secret, value="another value")
        entry = current.look(connection).snapshot.entries[0]
        assert (entry.on, entry.versions, entry.current_number) == (2, 2, 2)

    def test_a_version_turned_off_and_on(
        self, connection: Connection, secret: Secret, version_id: str
    ):
        for is_on in (False, True):
            current.look(connection)
            writes.turn_version(
                doing=doing(connection), secret=secret, version_id=version_id, on=is_on
            )
            assert current.look(connection).snapshot.entries[0].on == is_on

    def test_a_secret_that_is_deleted(self, connection: Connection, secret: Secret):
        current.look(connection)
        writes.delete_secret(doing=doing(connection), secret=secret)
        assert names_in(current.look(connection)) == []

    def test_one_that_somebody_else_had_deleted(
        self, connection: Connection, secret: Secret, truth: SecretManagerClient
    ):
        current.look(connection)
        truth.delete_secret(ORGANIZATION_ID, secret.id)
        with pytest.raises(AlreadyGone):
            writes.delete_secret(doing=doing(connection), secret=secret)
        assert names_in(current.look(connection)) == []

    def test_one_whose_outcome_is_looked_up_later(self, connection: Connection, line: Line):
        intent = claimed()
        current.look(connection)
        line.loses("POST", arrives=True)
        line.loses("GET", arrives=False, times=1000)
        with pytest.raises(NotKnownYet):
            writes.create_secret(doing=doing(connection, intent), new=a_new_secret())
        assert names_in(current.look(connection)) == []
        line.heals()
        settle(connection, intent, seconds=30)
        assert names_in(current.look(connection)) == ["bank-api"]


def test_who_asks_to_have_it_read_again_sees_what_others_made(
    connection: Connection, truth: SecretManagerClient, monkeypatch: pytest.MonkeyPatch
):
    truth.create_secret(ORGANIZATION_ID, "kept", "a value")
    current.look(connection)
    truth.create_secret(ORGANIZATION_ID, "made-elsewhere", "a value")
    assert names_in(current.look(connection)) == ["kept"]
    assert names_in(current.read_again(connection, 1)) == ["kept"]  # it was read just now

    monkeypatch.setattr(current, "JUST_NOW", 0.0)
    assert names_in(current.read_again(connection, 1)) == ["made-elsewhere", "kept"]

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from django.db import OperationalError, connections
from django.test import Client
from pytest_django import Settings

from audit.models import Event, Head

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


@pytest.fixture
def without_a_table(request: pytest.FixtureRequest) -> Iterator[None]:
    """A table is missing, as before the first migration. Named by its database and itself."""
    database, table = request.param
    with connections[database].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
    yield
    with connections[database].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


@pytest.fixture
def read_only() -> Iterator[None]:
    """The database answers, and takes nothing in: a full or write-protected disk."""
    with connections["default"].cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
    yield
    with connections["default"].cursor() as cursor:
        cursor.execute("PRAGMA query_only = OFF")


def not_ready(client: Client) -> str:
    """Return the word for what is missing; the process itself lives on."""
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    return answer.content.decode()


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_a_process_that_can_work_says_so_to_anybody(client: Client, address: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_without_a_database_it_is_not_ready(client: Client) -> None:
    refused = mock.Mock(side_effect=OperationalError)
    with mock.patch.object(connections["default"], "cursor", refused):
        assert not_ready(client) == "database\n"


@pytest.mark.parametrize(
    ("without_a_table", "word"),
    [
        (("default", "audit_event"), "trail\n"),
        (("default", "audit_head"), "trail\n"),
        (("emulator", "emulator_organization"), "emulator\n"),
    ],
    indirect=["without_a_table"],
)
@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
@pytest.mark.usefixtures("without_a_table")
def test_without_a_table_it_is_not_ready(client: Client, word: str) -> None:
    assert not_ready(client) == word


@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
@pytest.mark.usefixtures("read_only")
def test_a_trail_that_can_only_be_read_is_none(client: Client) -> None:
    assert not_ready(client) == "trail\n"


@pytest.mark.parametrize("change", [{"sequence": 7}, {"mac": "f" * 64}], ids=repr)
def test_a_trail_whose_head_is_not_its_end_is_none(client: Client, change: dict) -> None:
    Head.objects.update(**change)
    assert not_ready(client) == "trail\n"


def test_a_trail_that_lost_its_head_is_none(client: Client) -> None:
    Head.objects.all().delete()
    assert not_ready(client) == "trail\n"
    assert not Head.objects.exists()


def test_a_trail_without_a_key_is_none(client: Client, settings: Settings) -> None:
    settings.AUDIT_KEYS = []
    assert not_ready(client) == "trail\n"


def test_a_trail_that_cannot_be_anchored_is_none(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.AUDIT_ANCHOR_FILE = str(tmp_path)
    assert not_ready(client) == "trail\n"


def test_without_keys_it_is_not_ready(client: Client, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = []
    assert not_ready(client) == "keys\n"


@pytest.mark.django_db(transaction=True, databases=["default"])
def test_where_the_platform_is_used_no_emulator_is_asked(
    client: Client, settings: Settings
) -> None:
    settings.SECRET_MANAGER_IS_EMBEDDED = False
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
def test_looking_leaves_nothing_in_the_trail(client: Client) -> None:
    before = list(Head.objects.values())
    assert client.get("/readyz").status_code == 200
    assert not Event.objects.exists()
    assert list(Head.objects.values()) == before


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_health_is_only_read(client: Client, address: str, method: str) -> None:
    assert client.generic(method, address).status_code == 405


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_it_says_how_its_letters_are_written(client: Client, address: str) -> None:
    assert client.get(address).headers["Content-Type"] == "text/plain; charset=utf-8"

from collections.abc import Iterator

import pytest
from django.db import connections
from django.test import Client

from audit.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def without_a_trail(transactional_db: None) -> Iterator[None]:
    """The audit trail's table is missing, as before the first migration."""
    with connections["default"].cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event RENAME TO audit_event_away")
    yield
    with connections["default"].cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event_away RENAME TO audit_event")


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_a_process_that_can_work_says_so_to_anybody(client: Client, address: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.usefixtures("without_a_trail")
def test_without_the_trails_table_it_lives_and_is_not_ready(client: Client) -> None:
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.content == b"the database does not answer\n"


def test_ready_again_as_soon_as_the_table_is_back(client: Client) -> None:
    assert not Event.objects.exists()
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_health_is_only_read(client: Client, address: str, method: str) -> None:
    assert client.generic(method, address).status_code == 405

"""What the pages are told of all secrets: at once, never older than said, with what was just written."""

from dataclasses import replace

import pytest

from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import Credential, SecretManagerClient
from secrets_ui.catalog import current, memory
from secrets_ui.connection import Connection
from tests.secrets_ui.conftest import ORGANIZATION_ID, USER_ID

pytestmark = [
    pytest.mark.django_db(databases=["default", "emulator"]),
    pytest.mark.usefixtures("catalog"),
]


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

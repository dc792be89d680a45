from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from dashboard.embedded import EmbeddedAdapter
from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import Credential, Secret, SecretManagerClient, Transport
from secrets_ui import connection as connections
from secrets_ui import settlement
from secrets_ui.connection import EMBEDDED_BASE_URL, Connection
from tests.secrets_ui.lossy import LINE, Line
from tests.services.files import in_files

ORGANIZATION_ID = "1410000000000"
USER_ID = "user-1410000000001"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def fresh_transport() -> None:
    connections.shared_transport.cache_clear()


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look at a lost write comes at once."""
    monkeypatch.setattr(settlement, "PAUSE_SECONDS", 0)


@pytest.fixture
def person(db: None) -> Person:
    return Person.objects.create_user(
        "hanako", password="hanako's password", role=Role.ADMINISTRATOR
    )


@pytest.fixture
def organization(db: None) -> Organization:
    return Organization.objects.create(id=ORGANIZATION_ID, name="Example Corp")


@pytest.fixture
def credential(organization: Organization) -> Credential:
    _, token = issue_token(organization=organization, kind=Token.Kind.PERSONAL, principal=USER_ID)
    return Credential.personal(USER_ID, token)


@pytest.fixture
def api(credential: Credential) -> SecretManagerClient:
    """The truth: the same client the pages use, straight to the emulator."""
    connection = Connection(organization_id=ORGANIZATION_ID, label="", credential=credential)
    return connection.client


@pytest.fixture
def line(settings: Any, no_pause: None) -> Iterator[Line]:
    """The way to the Secret Manager, on which a test loses answers. Nobody waits on it."""
    settings.SECRET_MANAGER_ADAPTER = "tests.secrets_ui.lossy.LossyAdapter"
    connections.shared_transport.cache_clear()
    connections.shared_transport().sleep = lambda seconds: None
    LINE.reset()
    yield LINE
    connections.shared_transport.cache_clear()


@pytest.fixture
def truth(credential: Credential) -> SecretManagerClient:
    """The emulator itself, past the line that a test breaks."""
    return SecretManagerClient(
        credential, transport=Transport(EMBEDDED_BASE_URL, adapter=EmbeddedAdapter())
    )


@pytest.fixture
def served_databases(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """Both databases as several threads share them: in files where they are SQLite."""
    with in_files(tmp_path, "default", "emulator"):
        yield


@pytest.fixture
def connection(credential: Credential) -> Connection:
    return Connection(organization_id=ORGANIZATION_ID, label="Ours", credential=credential)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is asked of the API, in order, and what the trail held last at that moment."""
    requests: list[tuple[str, str]] = []
    client = Connection.client.fget  # type: ignore[attr-defined]

    class Watched:
        def __init__(self, client: SecretManagerClient) -> None:
            self._client = client

        def __getattr__(self, name: str) -> object:
            event = Event.objects.order_by("pk").last()
            requests.append((name, event.outcome if event else ""))
            return getattr(self._client, name)

    monkeypatch.setattr(Connection, "client", property(lambda self: Watched(client(self))))
    return requests


@pytest.fixture
def visitor() -> Client:
    """A browser that has not signed in."""
    return Client(headers={"Host": "testserver"})


@pytest.fixture
def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def browser(signed_in: Client, person: Person, credential: Credential) -> Client:
    """A signed-in browser that is connected to the organization."""
    connect(signed_in, person, credential)
    return signed_in


def connect(browser: Client, person: Person, credential: Credential) -> None:
    """Connect a browser without the connect page, which costs ten times as much. Nothing is recorded."""
    session = browser.session
    made = Connection(organization_id=ORGANIZATION_ID, label="Example Corp", credential=credential)
    connections.keep(session, person_id=person.pk, connection=made)
    session.save()


@pytest.fixture
def secret(truth: SecretManagerClient) -> Secret:
    return truth.create_secret(
        ORGANIZATION_ID, "crm-webhook-signing", "the first value", description="Signs CRM calls"
    )


@pytest.fixture
def version_id(secret: Secret) -> str:
    assert secret.versions
    return secret.versions[0].id


@pytest.fixture
def secret_url(secret: Secret) -> str:
    return f"/organizations/{ORGANIZATION_ID}/secrets/{secret.id}/"

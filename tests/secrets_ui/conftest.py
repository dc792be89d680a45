import pytest
from django.test import Client

from accounts.models import Person
from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import Credential, Secret, SecretManagerClient
from secrets_ui import connection as connections
from secrets_ui.connection import Connection

ORGANIZATION_ID = "1410000000000"
USER_ID = "user-1410000000001"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def fresh_transport() -> None:
    connections.shared_transport.cache_clear()


@pytest.fixture
def person(db: None) -> Person:
    return Person.objects.create_user("hanako", password="hanako's password")


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
def visitor() -> Client:
    """A browser that has not signed in."""
    return Client(headers={"Host": "testserver"})


@pytest.fixture
def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def browser(signed_in: Client, credential: Credential) -> Client:
    """A signed-in browser that is connected to the organization, through the connect page."""
    answer = signed_in.post(
        "/connect/",
        {
            "organization_id": ORGANIZATION_ID,
            "label": "Example Corp",
            "kind": "personal",
            "user_id": USER_ID,
            "personal_access_token": credential.as_dict()["personal_access_token"],
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    return signed_in


@pytest.fixture
def secret(api: SecretManagerClient) -> Secret:
    return api.create_secret(
        ORGANIZATION_ID, "crm-webhook-signing", "the first value", description="Signs CRM calls"
    )


@pytest.fixture
def secret_url(secret: Secret) -> str:
    return f"/organizations/{ORGANIZATION_ID}/secrets/{secret.id}/"

"""Behind a proxy one's own credential proves who one is; anybody's credential does not."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.entry import SIGNED_IN_AT
from accounts.models import Person
from accounts.roles import Role
from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import Credential
from secrets_ui import connection as connections
from secrets_ui.connection import Connection
from tests.secrets_ui.conftest import ORGANIZATION_ID, USER_ID

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])


@pytest.fixture
def visitor(settings: Settings) -> Client:
    """Somebody whom the proxy let in; nobody said when they signed in there."""
    settings.AUTH_MODE = "proxy"
    person = Person.objects.create_user(
        "sso-1", issuer="proxy", subject="1", name="Hanako", role=Role.OPERATOR
    )
    browser = Client()
    browser.force_login(person)
    session = browser.session
    session[SIGNED_IN_AT] = 0
    session.save()
    return browser


def keep(browser: Client, credential: Credential) -> None:
    session = browser.session
    ours = Connection(organization_id=ORGANIZATION_ID, label="Ours", credential=credential)
    connections.keep(session, person_id=Person.objects.get().pk, connection=ours)
    session.save()


def connect(browser: Client, *, organization_id: str, credential: Credential) -> None:
    answer = browser.post(
        "/connect/",
        {"organization_id": organization_id, "kind": "personal", **credential.as_dict()},
    )
    assert answer.status_code == 302, answer.content.decode()


def is_proved(browser: Client) -> bool:
    return browser.session[SIGNED_IN_AT] > 0


def test_the_first_connection_proves_it(visitor: Client, credential: Credential) -> None:
    connect(visitor, organization_id=ORGANIZATION_ID, credential=credential)
    assert is_proved(visitor)


def test_ones_own_credential_proves_it_again(visitor: Client, credential: Credential) -> None:
    keep(visitor, credential)
    connect(visitor, organization_id=ORGANIZATION_ID, credential=credential)
    assert is_proved(visitor)


def test_a_credential_of_somebody_at_the_open_browser_proves_nothing(
    visitor: Client, credential: Credential
) -> None:
    keep(visitor, credential)
    theirs = Organization.objects.create(id="1420000000000", name="Theirs")
    _, token = issue_token(organization=theirs, kind=Token.Kind.PERSONAL, principal=USER_ID)
    connect(visitor, organization_id=theirs.id, credential=Credential.personal(USER_ID, token))
    assert not is_proved(visitor)

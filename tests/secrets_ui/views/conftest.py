from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses
from django.db import DatabaseError
from django.test import Client

from accounts.models import Person
from audit.models import Event
from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import Credential, Secret
from secrets_ui import connection as connections
from secrets_ui.connection import Connection
from tests.secrets_ui.conftest import USER_ID, connect
from tests.secrets_ui.views.upstream import TOKEN, Upstream


@pytest.fixture
def their_secret(db: None) -> Secret:
    """A secret of an organization that the browser is not connected to."""
    theirs = Organization.objects.create(id="1420000000000", name="Theirs")
    _, token = issue_token(organization=theirs, kind=Token.Kind.BEARER, principal="user-2")
    connection = Connection(
        organization_id=theirs.id, label="", credential=Credential.bearer(token)
    )
    return connection.client.create_secret(theirs.id, "their_own_key", "their value")


@pytest.fixture
def break_trail(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it, and from then on the audit trail cannot record."""

    def fail(**fields: Any) -> Event:
        raise DatabaseError("disk full")

    return lambda: monkeypatch.setattr(Event.objects, "create", fail)


@pytest.fixture
def broken_trail(browser: Client, secret: Secret, break_trail: Callable[[], None]) -> None:
    """The audit trail cannot record, but the browser is connected already."""
    break_trail()


@pytest.fixture
def upstream(signed_in: Client, person: Person, settings: Any) -> Iterator[Upstream]:
    """A Secret Manager elsewhere, that answers what a test says, and a browser connected to it."""
    settings.SECRET_MANAGER_URL = Upstream.BASE_URL
    settings.SECRET_MANAGER_ADAPTER = None
    connections.shared_transport.cache_clear()
    connections.shared_transport().sleep = lambda seconds: None
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        connect(signed_in, person, Credential.personal(USER_ID, TOKEN))
        yield Upstream(signed_in, mock)
    connections.shared_transport.cache_clear()

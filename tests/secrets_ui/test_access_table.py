"""Who gets what at every address equals the committed table. A new route has no row there and fails.

`make access-table` writes the table anew; whoever commits it has read what changed.
"""

import os
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from accounts.models import Person
from accounts.roles import Role
from accounts.sessions import SEEN_AT, SessionStore
from emulator.models import Organization
from secret_manager import Credential, Secret
from secrets_ui import connection as connections
from secrets_ui.connection import Connection
from tests.secrets_ui.access_table import METHODS, Ids, as_markdown, cell, routes
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.services.dashboard import PROJECT

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

TABLE = PROJECT / "docs" / "security" / "access-table.md"
THEIRS = "1420000000000"
HEAD = """# Who gets what

Made by `make access-table` from the product itself; a test holds both together, so a new address
without a line here fails. Numbers are HTTP statuses of an empty request; "to …" is where it leads.
*Expired*: a session that ended. *No connection* and *other organization*: an administrator without a
connection, and one at an address of an organization that they are not connected to. Each role has a
connection. A script that is asked gets the same; refusals (403) are in the audit trail.

"""


def signed_in(role: str, credential: Credential, *, organization_id: str = "") -> Client:
    person = Person.objects.create_user(f"{role}-{organization_id or 'nowhere'}", role=role)
    browser = Client(raise_request_exception=False)
    browser.force_login(person)
    if organization_id:
        session = browser.session
        connection = Connection(
            organization_id=organization_id, label="Ours", credential=credential
        )
        connections.keep(session, person_id=person.pk, connection=connection)
        session.save()
    return browser


def expired(credential: Credential) -> Client:
    browser = signed_in("administrator", credential, organization_id="1410000000009")
    session: SessionStore = browser.session  # type: ignore[assignment]
    session[SEEN_AT] = 0
    session.save()
    cache.clear()
    return browser


def test_the_table_is_the_committed_one(credential: Credential, secret: Secret) -> None:
    assert secret.versions
    Organization.objects.create(id=THEIRS, name="Theirs")
    somebody = Person.objects.create_user("somebody", role=Role.VIEWER)
    ours = Ids(ORGANIZATION_ID, secret.id, secret.versions[0].id, str(somebody.pk))
    theirs = Ids(THEIRS, secret.id, secret.versions[0].id, str(somebody.pk))
    columns = {
        "anonymous": (Client(raise_request_exception=False), ours),
        "expired": (expired(credential), ours),
        "no connection": (signed_in(Role.ADMINISTRATOR, credential), ours),
        "other organization": (
            signed_in(Role.ADMINISTRATOR, credential, organization_id=ORGANIZATION_ID),
            theirs,
        ),
    }
    for role in Role:
        if role != Role.ADMINISTRATOR:
            browser = signed_in(role, credential, organization_id=ORGANIZATION_ID)
            columns[role.value] = (browser, ours)
    columns["administrator"] = (columns["other organization"][0], ours)
    rows = {
        (route, method): [
            cell(browser, method, ids.address(route)) for browser, ids in columns.values()
        ]
        for route in routes()
        for method in METHODS
    }
    found = HEAD + as_markdown(list(columns), rows)
    if os.environ.get("ACCESS_TABLE") == "write":
        Path(TABLE).write_text(found)
    assert found == TABLE.read_text()


def test_an_expired_session_was_one(credential: Credential) -> None:
    expired(credential)
    assert Session.objects.count() == 1

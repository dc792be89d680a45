"""What the tests of acts share: who acts, for which form, and what the audit trail says of it."""

import secrets
from datetime import UTC, datetime, timedelta

import time_machine
from django.utils import timezone

from audit.models import Event
from audit.trail import Actor
from secret_manager import Secret, SecretManagerClient
from secrets_ui import journal, sending
from secrets_ui.connection import Connection
from secrets_ui.models import Intent
from secrets_ui.sending import Doing
from secrets_ui.writes import NewSecret
from tests.secrets_ui.conftest import ORGANIZATION_ID

ACTOR = Actor(name="hanako", address="192.0.2.7")
PERSON_ID = 7
VALUE = "canary-value-9d1c"
LATER = datetime(2099, 12, 4, 14, 59, tzinfo=UTC)


def claimed(nonce: str = "", *, person_id: int = PERSON_ID) -> Intent:
    """Return the intent of a form that has just arrived, by default a new one."""
    nonce = nonce or secrets.token_hex(16)
    claim = journal.claim(nonce=nonce, person_id=person_id, organization_id=ORGANIZATION_ID)
    assert not claim.is_repeat
    return claim.intent


def doing(connection: Connection, intent: Intent | None = None) -> Doing:
    return Doing(connection=connection, actor=ACTOR, intent=intent or claimed())


def kept(intent: Intent) -> Intent:
    """Return the intent as the journal holds it."""
    return Intent.objects.get(pk=intent.pk)


def settle(connection: Connection, intent: Intent, *, seconds: float = 60) -> Intent.State:
    """Look an intent up at a later visit."""
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True):
        return sending.settle(connection=connection, actor=ACTOR, intent=kept(intent))


def a_new_secret(**typed: object) -> NewSecret:
    known = {
        "name": "bank-api",
        "value": VALUE,
        "description": None,
        "expired_at": None,
        "app_ids": [],
    }
    return NewSecret(**{**known, **typed})  # type: ignore[arg-type]


def last_event() -> Event:
    event = Event.objects.order_by("pk").last()
    assert event is not None
    return event


def values_of(api: SecretManagerClient, secret_id: str) -> list[str]:
    """Return the values of all versions, oldest first."""
    found = api.list_secret_versions(ORGANIZATION_ID, secret_id)
    fetched = [
        api.get_secret_version(ORGANIZATION_ID, secret_id, version.id, with_value=True)
        for version in sorted(found, key=lambda version: version.version or 0)
    ]
    return [version.value.text for version in fetched if version.value]


def names_in(api: SecretManagerClient) -> list[str]:
    return [secret.name for secret in api.list_secrets(ORGANIZATION_ID)]


def of_another_name(secret: Secret, name: str) -> Secret:
    """Return the secret as a hostile server might name it."""
    return Secret(id=secret.id, organization_id=ORGANIZATION_ID, name=name)

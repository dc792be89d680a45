from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Person
from accounts.roles import Role
from secret_manager import Credential, Secret, SecretManagerClient
from secrets_ui.models import Note
from secrets_ui.notify.config import MailServer, NotifyConfig
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.notify.servers import Mailbox, Receiver, mail_server, webhook_receiver

MORNING = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
VALUE = "canary-value-41b7"
TEAM = "team@example.com"


@pytest.fixture(autouse=True)
def read_at_once(catalog: None) -> None:
    """Secrets are read in the test's own thread, which sees its database."""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as receiver:
        yield receiver


@pytest.fixture
def config(
    settings: Settings, credential: Credential, mailbox: Mailbox, receiver: Receiver
) -> NotifyConfig:
    """Everything is configured, and `notify` runs with it."""
    settings.NOTIFY = NotifyConfig(
        organization_id=ORGANIZATION_ID,
        credential=credential,
        mail_server=MailServer(host="127.0.0.1", port=mailbox.port),
        sender="Secrets <secrets@example.com>",
        fallback=TEAM,
        webhook_url=receiver.url,
        dashboard_url="https://secrets.example.com",
    )
    return settings.NOTIFY


Configure = Callable[..., None]


@pytest.fixture
def configure(config: NotifyConfig, settings: Settings) -> Configure:
    """Change what is configured."""

    def configure(**changes: Any) -> None:
        settings.NOTIFY = replace(settings.NOTIFY, **changes)

    return configure


@pytest.fixture
def by_mail_only(configure: Configure) -> None:
    configure(webhook_url="")


@pytest.fixture
def by_webhook_only(configure: Configure) -> None:
    configure(mail_server=None, fallback="")


Make = Callable[..., Secret]


@pytest.fixture
def make(truth: SecretManagerClient) -> Make:
    """Create a secret that expires so many days from MORNING, at the end of its day."""

    def make(name: str, days: float, owner: Person | None = None) -> Secret:
        secret = truth.create_secret(ORGANIZATION_ID, name, VALUE, expired_at=at(days))
        if owner:
            give(secret, owner)
        return secret

    return make


def at(days: float) -> datetime:
    return (MORNING + timedelta(days=days)).replace(hour=14, minute=59, second=59)


def give(secret: Secret, owner: Person) -> None:
    Note.objects.update_or_create(
        organization_id=ORGANIZATION_ID,
        secret_id=secret.id,
        defaults={"owner": owner, "secret_name": secret.name},
    )


@pytest.fixture
def hanako(db: None) -> Person:
    return somebody("hanako")


@pytest.fixture
def taro(db: None) -> Person:
    return somebody("taro")


def somebody(name: str, **facts: Any) -> Person:
    known = {"email": f"{name}@example.com", "role": Role.OPERATOR}
    return Person.objects.create_user(name, **{**known, **facts})


class Ran:
    """How a run of the command ended, and all that it printed."""

    def __init__(self, out: str, error: str) -> None:
        self.out = out
        self.error = error


def notify(*, now: datetime = MORNING) -> Ran:
    """Run the command as cron would at that moment."""
    out, err = StringIO(), StringIO()
    with time_machine.travel(now, tick=False):
        try:
            call_command("notify_expiring", stdout=out, stderr=err)
        except CommandError as problem:
            return Ran(out.getvalue() + err.getvalue(), str(problem))
    return Ran(out.getvalue() + err.getvalue(), "")

"""Runs that are killed half-way, as real processes: nothing is lost, and what comes twice can be told."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from secret_manager import Credential, SecretManagerClient
from secrets_ui.models import Lease, Notice
from tests.accounts.support import outcomes
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.notify.conftest import TEAM, VALUE, give, notify, somebody
from tests.secrets_ui.notify.reading import names_in
from tests.secrets_ui.notify.servers import PATIENCE, Mailbox, Receiver, Stall
from tests.services.dashboard import PROJECT, environment_for

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "emulator"]),
    pytest.mark.usefixtures("served_databases", "config"),
]
OWNERS = 5
KILLED = -9


@pytest.fixture
def variables(credential: Credential, mailbox: Mailbox, receiver: Receiver) -> dict[str, str]:
    """The environment of a process that shares this test's databases and keys."""
    urls = {
        name: f"sqlite:///{connections[alias].settings_dict['NAME']}"
        for name, alias in (("DATABASE_URL", "default"), ("EMULATOR_DATABASE_URL", "emulator"))
    }
    return environment_for(
        settings.STATE_DIR,
        **urls,
        NOTIFY_ORGANIZATION_ID=ORGANIZATION_ID,
        NOTIFY_USER_ID=credential.identifier,
        NOTIFY_TOKEN=credential.secret,
        EMAIL_URL=mailbox.url,
        NOTIFY_EMAIL_FROM="secrets@example.com",
        NOTIFY_FALLBACK_EMAIL=TEAM,
        NOTIFY_WEBHOOK_URL=receiver.url,
    )


@contextmanager
def process(variables: dict[str, str]) -> Iterator[subprocess.Popen]:
    started = subprocess.Popen(
        [sys.executable, "manage.py", "notify_expiring"],
        cwd=PROJECT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def killed_while(variables: dict[str, str], mailbox: Mailbox, stall: Stall) -> None:
    """Run the command and kill it while the mail server keeps its answer to itself."""
    mailbox.stall, mailbox.arrived = stall, 0
    with process(variables) as started:
        assert stall.began.wait(PATIENCE)
        # Whoever comes meanwhile sends nothing.
        before = len(mailbox.mails)
        assert "Another run is under way" in notify(now=timezone.now()).error
        assert len(mailbox.mails) == before
        started.kill()
        assert started.wait(PATIENCE) == KILLED
    stall.go_on.set()
    assert "was stopped less than five minutes ago" in notify(now=timezone.now()).error
    # More than five minutes later:
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))


def test_two_runs_are_killed_and_the_third_tells_everybody(
    variables: dict[str, str], truth: SecretManagerClient, mailbox: Mailbox, receiver: Receiver
) -> None:
    told = _secrets_of_owners(truth)
    killed_while(variables, mailbox, Stall(2, takes_it=False))
    assert len(mailbox.mails) == 1
    killed_while(variables, mailbox, Stall(3, takes_it=True))
    assert (len(mailbox.mails), receiver.posts) == (4, [])
    taken_but_not_marked = mailbox.mails[-1]

    mailbox.stall = None
    with process(variables) as started:
        out, err = started.communicate(timeout=PATIENCE)
    assert started.returncode == 0, err
    assert "Digests: 3." in out

    again = [mail for mail in mailbox.mails if mail["To"] == taken_but_not_marked["To"]]
    assert len(again) == 2
    assert again[0]["Message-ID"] == again[1]["Message-ID"]
    ids = [mail["Message-ID"] for mail in mailbox.mails]
    assert len(ids) == OWNERS + 1
    assert len(set(ids)) == OWNERS
    assert {mail["To"]: sorted(names_in(mail)) for mail in mailbox.mails} == told
    [text] = receiver.texts
    assert sorted(names_in(text)) == sorted(name for names in told.values() for name in names)

    assert notify(now=timezone.now()).out == "Notices sent: 0. Digests: 0.\n"
    assert not Notice.objects.filter(sent_at=None).exists()
    assert outcomes("notices.sent") == ["attempted", "attempted", "attempted", "ok"]


def _secrets_of_owners(truth: SecretManagerClient) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for number in range(OWNERS):
        owner = somebody(f"owner-{number}")
        for days in (-3, 5):
            name = f"secret-{number}{'-expired' if days < 0 else ''}"
            expired_at = timezone.now() + timedelta(days=days)
            give(truth.create_secret(ORGANIZATION_ID, name, VALUE, expired_at=expired_at), owner)
            told.setdefault(owner.email, []).append(name)
    return {address: sorted(names) for address, names in told.items()}


def test_a_process_says_what_is_missing_and_fails(variables: dict[str, Any]) -> None:
    with process({**variables, "NOTIFY_TOKEN": ""}) as started:
        out, err = started.communicate(timeout=PATIENCE)
    assert (started.returncode, out) == (1, "")
    assert err == "CommandError: NOTIFY_TOKEN is needed: docs/notifications.md says what for.\n"

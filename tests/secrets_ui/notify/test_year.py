"""A year of runs: each due notice exactly once, and none that is not due.

What should arrive is reckoned here in another way than by the product: day by day, by the calendar,
from what each secret and its owner are at that moment.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import pytest
import time_machine

from accounts.models import Person
from audit.verification import verify
from secret_manager import SecretManagerClient
from secrets_ui.models import Notice
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.notify.conftest import MORNING, TEAM, VALUE, give, notify, somebody
from tests.secrets_ui.notify.reading import names_in
from tests.secrets_ui.notify.servers import Mailbox, Receiver

pytestmark = [
    pytest.mark.django_db(databases=["default", "emulator"]),
    pytest.mark.usefixtures("config"),
]
SOAK = os.environ.get("SOAK") == "on"
# In turn in the morning and in the evening; or four times a day.
EVERY_HOURS = 6 if SOAK else 36
THRESHOLDS = (30, 7, 1, 0)
WEBHOOK = "webhook"


class Company:
    """Thirty secrets that expire, are extended, deleted, made and handed on, by chance."""

    def __init__(self, api: SecretManagerClient, seed: int) -> None:
        self.api = api
        self.random = Random(seed)
        self.people = [somebody(name) for name in ("hanako", "taro", "jiro")]
        self.ids: dict[str, str] = {}
        self.expiries: dict[str, datetime] = {}
        self.owners: dict[str, Person | None] = {}
        self.made = 0
        for _ in range(30):
            self.make(MORNING)

    def make(self, now: datetime) -> None:
        self.made += 1
        name = f"secret-{self.made}"
        self.expiries[name] = self.date(now)
        self.owners[name] = None
        secret = self.api.create_secret(
            ORGANIZATION_ID, name, VALUE, expired_at=self.expiries[name]
        )
        self.ids[name] = secret.id
        self.hand_on(name)

    def date(self, now: datetime) -> datetime:
        seconds = self.random.choice([0, 1, 32_399, 32_400, 86_399, self.random.randrange(86_400)])
        midnight = now.replace(hour=0, minute=0, second=0)
        return midnight + timedelta(days=self.random.randint(-3, 90), seconds=seconds)

    def hand_on(self, name: str) -> None:
        self.owners[name] = owner = self.random.choice([*self.people, None])
        secret = self.api.get_secret(ORGANIZATION_ID, self.ids[name])
        give(secret, owner)  # type: ignore[arg-type]

    def live_a_day(self, now: datetime) -> None:
        for name in list(self.expiries):
            chance = self.random.random()
            is_near = self.expiries[name] < now + timedelta(days=10)
            if chance < (0.06 if is_near else 0.003):
                self.expiries[name] = self.date(now)
                self.api.update_secret(
                    ORGANIZATION_ID, self.ids[name], expired_at=self.expiries[name]
                )
            elif chance > 0.997:
                self.api.delete_secret(ORGANIZATION_ID, self.ids[name])
                del self.expiries[name], self.owners[name]
                self.make(now)
            elif chance > 0.992:
                self.hand_on(name)

    def channels_of(self, name: str) -> list[str]:
        owner = self.owners[name]
        return [owner.email if owner else TEAM, WEBHOOK]


def days_of_runs(random: Random) -> Iterator[tuple[datetime, bool]]:
    """Yield the moments of a year, and whether cron ran then: it stood still at times."""
    standing_still = 0
    for hours in range(0, 365 * 24, EVERY_HOURS):
        if random.random() < 0.02 * EVERY_HOURS / 24:
            standing_still = random.randint(1, 12 * 24 // EVERY_HOURS)
        standing_still = max(0, standing_still - 1)
        yield MORNING + timedelta(hours=hours), not standing_still


@pytest.mark.parametrize("seed", range(4 if SOAK else 1))
def test_each_due_notice_comes_exactly_once(
    seed: int, truth: SecretManagerClient, mailbox: Mailbox, receiver: Receiver
) -> None:
    company = Company(truth, seed)
    told: dict[tuple[str, str, datetime], int] = {}
    arrived = 0
    for now, is_run in days_of_runs(Random(seed)):
        if EVERY_HOURS > 1 or now.hour == MORNING.hour:
            with time_machine.travel(now, tick=False):
                company.live_a_day(now)
        if not is_run:
            continue
        assert notify(now=now).error == ""
        if now.day == 1:
            notify(now=now)  # somebody runs it by hand as well
        digests = [(str(mail["To"]), names_in(mail)) for mail in mailbox.mails]
        digests += [(WEBHOOK, names_in(text)) for text in receiver.texts]
        mailbox.mails.clear()
        receiver.posts.clear()
        assert len({channel for channel, _names in digests}) == len(digests), "one digest each"
        got = {channel: sorted(names) for channel, names in digests}
        assert got == _expected(company, told, now), now
        arrived += sum(map(len, got.values()))
    assert arrived > 200
    assert Notice.objects.filter(sent_at=None).count() == 0
    assert Notice.objects.count() == arrived
    verify(anchor_file=None, archives=[])


def _expected(
    company: Company, told: dict[tuple[str, str, datetime], int], now: datetime
) -> dict[str, list[str]]:
    """Return whom this run must tell of what, and remember it as told."""
    expected: dict[str, list[str]] = defaultdict(list)
    for name, expiry in company.expiries.items():
        left = 0 if expiry <= now else max(1, (expiry.date() - now.date()).days)
        reached = [days for days in THRESHOLDS if left <= days]
        for channel in company.channels_of(name) if reached else []:
            key = channel, name, expiry
            if min(reached) < told.get(key, 1000):
                told[key] = min(reached)
                expected[channel].append(name)
    return {channel: sorted(names) for channel, names in expected.items()}

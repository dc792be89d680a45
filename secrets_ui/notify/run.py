"""One run: read, find what is due, tell each recipient once, and record it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from audit.trail import Actor, Subject, recorded
from secret_manager import Credential, Summary
from secrets_ui.catalog.reading import Reading
from secrets_ui.connection import Connection
from secrets_ui.notify import ledger, mail, texts, webhook
from secrets_ui.notify.config import NotifyConfig
from secrets_ui.notify.delivery import NotDelivered
from secrets_ui.notify.due import what_is_due
from secrets_ui.notify.ledger import Digest
from secrets_ui.notify.recipients import shares_of
from secrets_ui.notify.turn import Turn, turn_for

ACTOR = Actor(name="notify_expiring", address=None)


@dataclass
class Report:
    """What became of a run.

    unheard: secrets that are due and that nobody is told of. is_complete: all secrets were read.
    failures: a sentence for each digest that was not delivered, without names and addresses.
    """

    digests: int = 0
    notices: int = 0
    unheard: int = 0
    is_complete: bool = True
    failures: list[str] = field(default_factory=list)

    @property
    def in_short(self) -> str:
        """What the audit trail says of it."""
        return f"notices: {self.notices}, digests: {self.digests}, failed: {len(self.failures)}"


class SomeFailed(Exception):
    """Not every digest was delivered."""


def run(config: NotifyConfig, *, now: datetime) -> Report:
    """Tell everybody what they were not told yet.

    Raises:
        AnotherRun: another run is under way; from here on nothing is sent.
        secret_manager.SecretManagerError: the secrets cannot be read, so nothing was sent.
        audit.trail.TrailUnavailable: it cannot be recorded; nothing was sent unless it says so.
    """
    credential = config.credential
    if config.missing or credential is None:
        raise ValueError("The configuration is not complete.")
    report = Report()
    with turn_for(config.organization_id) as turn:
        secrets = _read(config.organization_id, credential, report)
        shares, report.unheard = shares_of(
            what_is_due(secrets, thresholds=config.days, now=now), config
        )
        untold = [ledger.untold(each, organization_id=config.organization_id) for each in shares]
        if any(untold):
            with _recorded(config.organization_id, credential, report):
                for digests in untold:
                    _tell(digests, config, turn, report, now)
    return report


def _read(organization_id: str, credential: Credential, report: Report) -> list[Summary]:
    """Return all secrets without values, read page after page: nobody waits for it."""
    client = Connection(organization_id=organization_id, label="", credential=credential).client
    reading = Reading(
        lambda offset, limit: client.get_summaries(organization_id, offset, limit), width=1
    )
    reading.run()
    if reading.error:
        raise reading.error
    report.is_complete = reading.is_complete and not reading.dropped
    return reading.so_far()


@contextmanager
def _recorded(organization_id: str, credential: Credential, report: Report) -> Iterator[None]:
    """Record the run before and after. It is `ok` only where everything was delivered."""
    subject = Subject(organization_id=organization_id, api_identity=credential.identifier)
    try:
        with recorded(action="notices.sent", actor=ACTOR, subject=subject) as act:
            try:
                yield
            finally:
                act.learned(detail=report.in_short)
            if report.failures:
                raise SomeFailed
    except SomeFailed:
        pass  # the report says which


def _tell(
    digests: list[Digest], config: NotifyConfig, turn: Turn, report: Report, now: datetime
) -> None:
    """Tell one recipient. What fails once is not tried with the next digest of the same run."""
    for digest in digests:
        turn.renew()
        ledger.claim(digest, organization_id=config.organization_id)
        try:
            with _taken(digest, config, now):
                ledger.mark(digest, organization_id=config.organization_id)
        except NotDelivered as failure:
            if not failure.may_have_arrived:
                ledger.release(digest, organization_id=config.organization_id)
            report.failures.append(f"{digest.recipient.title}: {failure.reason}")
            return
        report.digests += 1
        report.notices += len(digest.items)


@contextmanager
def _taken(digest: Digest, config: NotifyConfig, now: datetime) -> Iterator[None]:
    """Send a digest; the block runs once it was taken."""
    if not digest.recipient.address:
        text = texts.webhook_text_of(digest, config, now=now)
        webhook.post(text, digest_id=digest.id, url=config.webhook_url)
        yield
        return
    assert config.mail_server  # noqa: S101 - no recipient has an address without one
    with mail.taken(
        texts.mail_of(digest, config, now=now),
        digest_id=digest.id,
        sender=config.sender,
        address=digest.recipient.address,
        server=config.mail_server,
    ):
        yield

"""Tell people which secrets expire, each notice once. For cron: docs/notifications.md."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.utils import timezone

from audit.trail import TrailUnavailable
from secret_manager import SecretManagerError
from secrets_ui.notify.run import Report, run
from secrets_ui.notify.turn import AnotherRun


class Command(BaseCommand):
    help = "Tell owners, by e-mail and through a webhook, which secrets expire. Once each."

    def handle(self, **options: Any) -> None:
        config = settings.NOTIFY
        if config.missing:
            raise CommandError(f"{config.missing} is needed: docs/notifications.md says what for.")
        try:
            report = run(config, now=timezone.now())
        except AnotherRun:
            raise CommandError(
                "Another run is under way, or was stopped less than five minutes ago."
            ) from None
        except SecretManagerError as error:
            raise CommandError(
                f"The secrets cannot be read ({type(error).__name__}). Nothing was sent."
            ) from None
        except TrailUnavailable as trouble:
            done = "It was sent all the same." if trouble.act_was_done else "Nothing was sent."
            raise CommandError(f"This cannot be recorded in the audit trail. {done}") from None
        except DatabaseError:
            raise CommandError("The database failed; the next run goes on.") from None
        self._tell(report)

    def _tell(self, report: Report) -> None:
        self.stdout.write(f"Notices sent: {report.notices}. Digests: {report.digests}.")
        if report.unheard:
            self.stdout.write(
                f"Due, and nobody can be told: {report.unheard}. They have no owner with an e-mail"
                " address, and NOTIFY_FALLBACK_EMAIL is not set."
            )
        for failure in report.failures:
            self.stderr.write(f"Not delivered to {failure}.")
        problem = "" if report.is_complete else "Not all secrets could be read. "
        if report.failures:
            problem += f"Digests not delivered: {len(report.failures)}. "
        if problem:
            raise CommandError(f"{problem}The next run tries again.")

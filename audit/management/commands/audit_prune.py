"""Move the oldest lines of the audit trail into an archive; both stay verifiable."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.utils import timezone

from audit.flaws import Broken
from audit.retention import prune
from audit.trail import Actor, TrailUnavailable

# Whoever looks into what happened last month must find it in the trail.
LEAST_DAYS = 30
ACTOR = Actor(name="manage.py audit_prune", address=None)


class Command(BaseCommand):
    help = "Move entries older than some days into an archive file. The removal is recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep-days", type=int, required=True, metavar="N")
        parser.add_argument("--archive", type=Path, required=True, metavar="FILE")

    def handle(self, *, keep_days: int, archive: Path, **options: Any) -> None:
        if keep_days < LEAST_DAYS:
            raise CommandError(f"At least {LEAST_DAYS} days stay in the trail.")
        try:
            before = timezone.now() - timedelta(days=keep_days)
            count = prune(before=before, archive=archive, actor=ACTOR)
        except OverflowError:
            raise CommandError("--keep-days goes back further than time.") from None
        except Broken as broken:
            raise CommandError(f"Nothing was removed. {broken}") from None
        except TrailUnavailable:
            raise CommandError("The removal cannot be recorded in the audit trail.") from None
        except DatabaseError:
            raise CommandError(
                f"The database did not remove all of them. The trail is whole, {archive} too:"
                " run it again with another archive, as the tables' owner."
            ) from None
        except OSError as error:
            raise CommandError(f"{archive} cannot be written: {error.strerror}.") from None
        if count:
            self.stdout.write(f"{count} entries went from the table into {archive}.")
        else:
            self.stdout.write(f"No entry is older than {keep_days} days.")

"""Say whether the audit trail is whole; if not, name the first bad entry and exit with status 1."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.flaws import Broken
from audit.verification import Report, verify
from audit.walk import Walk


class Command(BaseCommand):
    help = "Verify the audit trail: its chain, its head, and what was anchored and archived."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor",
            type=Path,
            metavar="FILE",
            default=settings.AUDIT_ANCHOR_FILE or None,
            help="the anchor file (default: AUDIT_ANCHOR_FILE)",
        )
        parser.add_argument(
            "--archive",
            type=Path,
            metavar="FILE",
            nargs="+",
            default=[],
            help="archives that audit_prune wrote, in any order",
        )

    def handle(self, *, anchor: Path | None, archive: list[Path], **options: Any) -> None:
        try:
            report = verify(anchor_file=anchor and Path(anchor), archives=archive)
        except Broken as broken:
            raise CommandError(f"The audit trail is NOT whole. {broken}") from None
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
        self.stdout.write(_whole(report.table))
        if report.archived:
            self.stdout.write(_archived(*report.archived))
        if anchor:
            self.stdout.write(_anchored(report))


def _whole(table: Walk) -> str:
    if not table.entries:
        return "0 entries: whole."
    return (
        f"{table.entries} entries, from {table.first_at:%Y-%m-%d %H:%M:%S} to"
        f" {table.last_at:%Y-%m-%d %H:%M:%S} UTC, head {table.end.sequence} {table.end.mac}: whole."
    )


def _archived(first: int, last: int) -> str:
    text = f"Archived entries {first} to {last}: whole, and they fit to the table."
    return text if first == 1 else f"{text} Entries 1 to {first - 1} are in none of these archives."


def _anchored(report: Report) -> str:
    text = f"{report.anchored} anchored entries: as they were anchored."
    if report.older_anchors:
        text += f" {report.older_anchors} more are older than the table."
    if report.unreadable_anchors:
        text += f" {report.unreadable_anchors} lines of the anchor file cannot be read."
    return text

"""Fill the emulator with the demonstration organization, for `make run`."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from emulator import demo


class Command(BaseCommand):
    help = "Create the demonstration organization, its secrets and its token; keeps what is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--state-dir",
            type=Path,
            default=settings.STATE_DIR,
            help=f"where {demo.TOKEN_FILE} is kept (default: STATE_DIR)",
        )

    def handle(self, *, state_dir: Path, **options: Any) -> None:
        organization, created = demo.create_organization()
        token = demo.keep_token(os.environ.get("DEMO_TOKEN", ""), folder=state_dir)
        demo.accept_token(organization, token)
        count = organization.secrets.count()
        self.stdout.write(
            f"Organization {organization.id} {'created' if created else 'kept'}: {count} secrets."
        )
        shown = "as DEMO_TOKEN says" if os.environ.get("DEMO_TOKEN") else token
        self.stdout.write(f"API user {demo.PRINCIPAL}, personal access token {shown}")

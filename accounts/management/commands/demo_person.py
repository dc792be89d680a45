import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Person
from accounts.roles import Role

USERNAME = "demo"
PASSWORD_FILE = "demo_password.txt"  # noqa: S105 - a file's name


class Command(BaseCommand):
    help = "For `make run` only: make the demonstration account and print how to sign in."

    def handle(self, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demonstration account exists only where DEMO=on (make run).")
        password = _password(settings.STATE_DIR / PASSWORD_FILE)
        person, _ = Person.objects.get_or_create(username=USERNAME)
        if not person.check_password(password) or person.role != Role.ADMINISTRATOR:
            person.set_password(password)
            person.role = Role.ADMINISTRATOR
            person.save()
        port = os.environ.get("PORT") or "8000"
        self.stdout.write(
            f"\n  Open      http://127.0.0.1:{port}\n"
            f"  User      {USERNAME}\n"
            f"  Password  {password}\n"
        )


def _password(path: Path) -> str:
    """DEMO_PASSWORD where it is set, otherwise one made at the first run and kept."""
    password = os.environ.get("DEMO_PASSWORD")
    if not password and path.exists():
        return path.read_text().strip()
    password = password or secrets.token_urlsafe(12)
    path.touch(mode=0o600)
    path.write_text(password + "\n")
    return password

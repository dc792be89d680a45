"""Create and list the organizations of the emulator."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from emulator.models import Organization

ID = re.compile(r"[0-9]{1,20}")


class Command(BaseCommand):
    help = "Create an organization of the embedded Secret Manager, or list them."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="create one and print its id")
        create.add_argument("--id", help="up to 20 digits; random where left out")
        create.add_argument("--name", default="", help="a name for people")
        actions.add_parser("list", help="list ids and names")

    def handle(self, *, action: str, **options: Any) -> None:
        if action == "create":
            self.stdout.write(_create(options["id"], options["name"]).id)
        else:
            for organization in Organization.objects.order_by("created_at", "id"):
                self.stdout.write(f"{organization.id}\t{organization.name}")


def _create(given_id: str | None, name: str) -> Organization:
    if given_id is None:
        return Organization.objects.create(name=name)
    if not ID.fullmatch(given_id):
        raise CommandError("An organization's id has up to 20 digits and nothing else.")
    organization, created = Organization.objects.get_or_create(id=given_id, defaults={"name": name})
    if not created:
        raise CommandError(f"Organization {given_id} exists already.")
    return organization

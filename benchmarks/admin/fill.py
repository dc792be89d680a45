"""`python -m benchmarks.admin.fill 10000`: make the database, print its administrator's cookie."""

import os
import sys
from datetime import UTC, datetime
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.admin.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks import names  # noqa: E402
from benchmarks.admin.models import Secret  # noqa: E402


def main(size: int) -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    secrets = names.organization(size, now=datetime.now(UTC))
    Secret.objects.bulk_create([Secret(**_fields(one)) for one in secrets], batch_size=500)
    visitor = Client()
    visitor.force_login(User.objects.create_superuser("administrator"))
    print(visitor.cookies["sessionid"].value)


def _fields(listed: dict[str, Any]) -> dict[str, Any]:
    on = [version for version in listed["versions"] if version["status"] == "active"]
    return {
        "id": listed["id"],
        "name": listed["name"],
        "description": listed["description"] or "",
        "user_id": listed["user_id"],
        "app_ids": ", ".join(listed["integration_service_ids"]),
        "is_on": bool(on),
        "expired_at": listed["expired_at"],
        "value_at": on[-1]["created_at"] if on else None,
        "created_at": listed["created_at"],
        "updated_at": listed["updated_at"],
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))

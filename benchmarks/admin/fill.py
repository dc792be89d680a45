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
from django.db.models import Model  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks import names  # noqa: E402
from benchmarks.admin.models import App, FlatSecret, Secret, Version  # noqa: E402


def main(size: int) -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    listed = list(names.organization(size, now=datetime.now(UTC)))
    _fill(Secret, [_common(one) for one in listed])
    _fill(FlatSecret, [_common(one) | _flat(one) for one in listed])
    _fill(
        Version,
        [
            {name: version[name] for name in ("id", "secret_id", "status", "created_at")}
            for one in listed
            for version in one["versions"]
        ],
    )
    _fill(App, [{"id": app_id} for app_id in names.LABS_APPS])
    _fill(
        Secret.apps.through,
        [
            {"secret_id": one["id"], "app_id": app_id}
            for one in listed
            for app_id in one["integration_service_ids"]
        ],
    )
    visitor = Client()
    visitor.force_login(User.objects.create_superuser("administrator"))
    print(visitor.cookies["sessionid"].value)


def _fill(model: type[Model], rows: list[dict[str, Any]]) -> None:
    model._default_manager.bulk_create([model(**row) for row in rows], batch_size=500)


def _common(listed: dict[str, Any]) -> dict[str, Any]:
    copied = ("id", "name", "user_id", "expired_at", "created_at", "updated_at")
    return {"description": listed["description"] or "", **{name: listed[name] for name in copied}}


def _flat(listed: dict[str, Any]) -> dict[str, Any]:
    on = [version for version in listed["versions"] if version["status"] == "active"]
    return {
        "app_ids": ", ".join(listed["integration_service_ids"]),
        "is_on": bool(on),
        "value_at": on[-1]["created_at"] if on else None,
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""What the tests of the trail share: lines to begin with, and the commands as an operator runs them."""

import json
import uuid
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from audit import chain
from audit.models import Event, Outcome

FACTS: dict[str, Any] = {
    "action": "secret.created",
    "outcome": Outcome.ATTEMPTED,
    "actor": "hanako",
    "actor_address": "192.0.2.7",
    "organization_id": "1410000000000",
}


def add(count: int = 1, **facts: Any) -> Event:
    """Add lines to the trail, each of an act of its own; return the last."""
    for _ in range(count):
        event = chain.append(**{"act": uuid.uuid4(), **FACTS, **facts})
    return event


def anchor_all(path: Path) -> Path:
    """Write the anchor file that there would be, had one been set from the beginning."""
    places = Event.objects.order_by("sequence").values("sequence", "mac")
    path.write_text("".join(json.dumps(place) + "\n" for place in places))
    return path


def run(*arguments: object) -> str:
    """Run a command of `manage.py` and return what it prints."""
    out = StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def sql(statement: str, *values: object) -> None:
    """Do what somebody with access to the database can do."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)

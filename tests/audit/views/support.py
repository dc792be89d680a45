"""What the tests of the trail's pages share: acts to look at, without the people who did them."""

import uuid
from datetime import UTC, datetime
from typing import Any

import time_machine
from django.db.models import QuerySet
from django.http import HttpResponse

from audit import chain
from audit.models import Event, Head, Outcome

ORGANIZATION = "1410000000000"
SECRET: dict[str, Any] = {
    "organization_id": ORGANIZATION,
    "secret_id": "20",
    "secret_name": "crm-webhook-signing",
}
HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>{{ 7*7 }}\u202e"


def act(
    action: str = "value.revealed",
    outcome: str | None = Outcome.OK,
    *,
    actor: str = "hanako",
    at: datetime | None = None,
    attempted: bool = True,
    **facts: Any,
) -> Event:
    """Record an act, by default with its attempt, on one secret; return its last line.

    outcome: None for an attempt whose outcome was never recorded.
    at: when it is over, aware; by default now.
    """
    known = {"act": uuid.uuid4(), "action": action, "actor": actor, **SECRET, **facts}
    outcomes = [Outcome.ATTEMPTED] * attempted + ([outcome] if outcome else [])
    for each in outcomes:
        if at:
            with time_machine.travel(at, tick=False):
                event = chain.append(outcome=each, **known)
        else:
            event = chain.append(outcome=each, **known)
    return event


def many(count: int, **facts: Any) -> None:
    """Put lines into the table as they are, without their chain: an attempt and an outcome in turn."""
    start = Event.objects.count()
    acts = [uuid.UUID(int=start + number // 2) for number in range(count)]
    lines = [
        Event(
            **{
                "sequence": start + number + 1,
                "act": acts[number],
                "at": datetime.fromtimestamp(1_700_000_000 + start + number, UTC),
                "action": "value.revealed",
                "outcome": Outcome.OK if number % 2 else Outcome.ATTEMPTED,
                "actor": f"person-{number % 40}",
                "person_id": number % 40,
                **SECRET,
                "secret_id": str(number % 100),
                "version_id": str(number % 300),
                "previous": "0" * 64,
                "mac": "f" * 64,
                "key_id": "key",
                **facts,
            }
        )
        for number in range(count)
    ]
    QuerySet(Event).bulk_create(lines, batch_size=2000)
    Head.objects.filter(pk=Head.ONLY).update(sequence=start + count, mac=lines[-1].mac)


def text_of(page: HttpResponse) -> str:
    """Return the page's text; a name in a row is cut in two for the eye, here it is whole."""
    return page.content.decode().replace("</span><span>", "")


def rows_of(page: HttpResponse) -> list[str]:
    """Return what stands between the tags of each row, below the table's head."""
    body = text_of(page).partition("<tbody>")[2].partition("</tbody>")[0]
    return body.split("</tr>")[:-1]

"""What the dashboard itself keeps of the API's texts, of people's names, and of what they typed.

Each function keeps one thing for every row of a scene; what was kept before is out of sight.
"""

from collections.abc import Callable
from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from accounts.models import Person
from audit.models import Outcome
from audit.trail import Actor, Subject, noted
from secrets_ui.catalog import memory
from secrets_ui.models import Intent, Note, SavedView
from secrets_ui.notes import index
from secrets_ui.subjects import recordable
from tests.browser.hostile import arrived
from tests.browser.hostile.api import SECRET_ID, VERSION_ID, HostileApi

Prepare = Callable[[HostileApi, int], None]
NONCE = f"{0:032}"
"""Of the first of the writes."""

ORGANIZATION_ID = "1410000000000"


def nothing(api: HostileApi, rows: int) -> None:
    pass


def catalog_unread(api: HostileApi, rows: int) -> None:
    """Keep nothing of any list, so that the next page has it read."""
    cache.clear()
    memory.forget_all()


def saved_views(api: HostileApi, rows: int) -> None:
    """Give everybody a view with a name, and nothing else of what was kept."""
    catalog_unread(api, rows)
    SavedView.objects.all().delete()
    for person_id in Person.objects.values_list("pk", flat=True):
        SavedView.objects.create(
            pk=person_id,
            person_id=person_id,
            organization_id=ORGANIZATION_ID,
            name=f"View {arrived(api.text('view'))}",
            query="q=1",
        )


def writes(action: str, state: Intent.State, *, seen: timedelta = timedelta(0)) -> Prepare:
    """Keep writes that were sent an hour ago. seen: how long ago they were last looked up."""

    def prepare(api: HostileApi, rows: int) -> None:
        now = timezone.now()
        cache.clear()  # that there are none is remembered for a while
        Intent.objects.all().delete()
        Intent.objects.bulk_create(
            Intent(
                nonce=f"{row:032}",
                person_id=Person.objects.values_list("pk", flat=True)[0],
                organization_id=ORGANIZATION_ID,
                action=action,
                state=state,
                secret_id=SECRET_ID,
                secret_name=arrived(api.text("name", row)),
                version_id=VERSION_ID,
                sent_at=now - timedelta(hours=1),
                working_since=now - seen,
            )
            for row in range(rows)
        )

    return prepare


def acts(*, on_one_secret: bool = False) -> Prepare:
    """Record values that the first person has seen."""

    def prepare(api: HostileApi, rows: int) -> None:
        person_id = Person.objects.values_list("pk", flat=True)[0]

        def fact(field: str, row: int, *, longest: int = 255) -> str:
            return recordable(arrived(api.text(field, row)))[:longest]

        for row in reversed(range(rows)):
            noted(
                action="value.revealed",
                outcome=Outcome.OK,
                actor=Actor(
                    name=fact("actor", row, longest=150), address=None, person_id=person_id
                ),
                subject=Subject(
                    organization_id=ORGANIZATION_ID,
                    secret_id=str(SECRET_ID if on_one_secret else SECRET_ID + row),
                    secret_name=fact("secret_name", row),
                    detail=fact("detail", row),
                ),
                reason=fact("reason", row),
            )

    return prepare


def notes(api: HostileApi, rows: int, *, secret_id: int = SECRET_ID) -> None:
    """Keep what colleagues wrote about the secret, and give it an owner."""
    Note.objects.all().delete()
    owner, _is_new = Person.objects.update_or_create(
        username="owner", defaults={"name": f"The owner {arrived(api.text('owner'))}"}
    )
    label = recordable(arrived(api.text("label"))).replace(",", "").replace("、", "")
    Note.objects.create(
        organization_id=ORGANIZATION_ID,
        secret_id=str(secret_id),
        secret_name=arrived(api.text("name")),
        owner=owner,
        labels=[f"1 {label[:36]}", "2"],
        how_to_renew=arrived(api.text("how_to_renew")),
    )
    index.forget(ORGANIZATION_ID)


def earlier_notes(api: HostileApi, rows: int) -> None:
    """Keep what was written about an earlier secret of this name."""
    notes(api, rows, secret_id=SECRET_ID + 1)


def labels(api: HostileApi, rows: int) -> None:
    """Keep notes on a secret of a list that was not read yet."""
    catalog_unread(api, rows)
    notes(api, rows)


def people(api: HostileApi, rows: int) -> None:
    """Give everybody but the first person another name."""
    for row in range(rows):
        Person.objects.update_or_create(
            username=f"person-{row:03}",
            defaults={
                "name": f"{row:03} {arrived(api.text('person', row))}",
                "email": arrived(api.text("email", row)),
            },
        )

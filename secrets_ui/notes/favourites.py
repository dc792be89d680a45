"""The secrets that one person wants at hand. A preference: it is in no trail."""

from accounts import copies
from secret_manager import Secret
from secrets_ui.connection import Connection
from secrets_ui.models import Favourite


def favourites_of(person_id: int, organization_id: str) -> frozenset[str]:
    """Return the ids of a person's favourites, at most a minute old."""
    place = _place(person_id, organization_id)
    kept = copies.find(place)
    if kept is None:
        theirs = Favourite.objects.filter(person_id=person_id, organization_id=organization_id)
        kept = {"ids": list(theirs.values_list("secret_id", flat=True))}
        copies.fill(place, kept)
    return frozenset(kept["ids"])


def set_favourite(
    *, connection: Connection, person_id: int, secret: Secret, is_favourite: bool
) -> None:
    """Make a secret somebody's favourite, or not any more."""
    organization_id = connection.organization_id
    theirs = Favourite.objects.filter(person_id=person_id, organization_id=organization_id)
    if is_favourite:
        theirs.get_or_create(
            person_id=person_id, organization_id=organization_id, secret_id=secret.id
        )
    else:
        theirs.filter(secret_id=secret.id).delete()
    copies.invalidate(_place(person_id, organization_id))


def _place(person_id: int, organization_id: str) -> str:
    return f"favourites:{person_id}:{organization_id}"

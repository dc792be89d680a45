"""Who can be the owner of a secret: people of this dashboard who can sign in."""

from collections import Counter

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Person
from secrets_ui.shown import shown


def owner_choices(*, current: int | None) -> list[tuple[str, str]]:
    """Return (id, name) of everybody who can own a secret, by name.

    `current`: who owns it now stays among them, also once they do not get in any more.
    """
    candidates = Person.objects.filter(Q(is_active=True) | Q(pk=current))
    people = sorted(
        (person for person in candidates if _gets_in(person) or person.pk == current),
        key=lambda person: (person.display_name.casefold(), person.pk),
    )
    names = Counter(person.display_name for person in people)
    return [
        (str(person.pk), _label(person, has_namesake=names[person.display_name] > 1))
        for person in people
    ]


def _gets_in(person: Person) -> bool:
    """Tell whether somebody signs in the way that people do here, and finds anything then."""
    comes_in = person.is_kept_here == (settings.AUTH_MODE == "local")
    return comes_in and person.is_active and bool(person.role)


def _label(person: Person, *, has_namesake: bool) -> str:
    name = shown(person.display_name)
    if has_namesake:
        name = f"{name} ({shown(person.email or person.username)})"
    return name if _gets_in(person) else _("%s, who does not get in any more") % name

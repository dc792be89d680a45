"""What one person has seen, and what of it was replaced since: for the day somebody leaves.

Only what went through this dashboard is known. Where the order of things is in doubt, a value counts
as still to be replaced: replacing it twice does less harm than never.
"""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet

from audit.models import Event, Outcome
from audit.queries import is_last_line

SHOWING = ("value.revealed", "value.copied", "value.downloaded")
# Who puts a value in knows it. A new secret's event names no version: its first value is meant.
PUTTING_IN = ("secret.created", "version.added")
# What takes a value out of use, the most thorough first.
REPLACING = ("secret.deleted", "version.deleted", "version.turned_off", "version.added")
TURNED_ON = "version.turned_on"


@dataclass(frozen=True, kw_only=True)
class SeenValue:
    """One version's value that somebody has seen.

    revealed, copied, downloaded, put_in: how often.
    is_certain: at least once it surely reached them.
    last, replaced: places in the trail: when they saw it last, and what replaced it since.
    """

    revealed: int
    copied: int
    downloaded: int
    put_in: int
    is_certain: bool
    last: int
    replaced: int | None


class _Changes:
    """Of one secret: the place of the last change of each kind to each version."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, int]] = defaultdict(dict)

    def note(self, action: str, version_id: str, place: int) -> None:
        self._places[action][version_id] = place

    def replacing(self, version_id: str, *, after: int) -> int | None:
        """Return the place of the most thorough change that took a version's value out of use."""
        places = (self._place_of(action, version_id) for action in REPLACING)
        return next((place for place in places if place > after), None)

    def _place_of(self, action: str, version_id: str) -> int:
        places = self._places[action]
        match action:
            case "secret.deleted":
                return max(places.values(), default=0)
            case "version.added":
                # A version's own arrival replaces others, not itself.
                return max((at for other, at in places.items() if other != version_id), default=0)
            case "version.turned_off":
                turned_off = places.get(version_id, 0)
                is_on_again = self._places[TURNED_ON].get(version_id, 0) > turned_off
                return 0 if is_on_again else turned_off
            case _:
                return places.get(version_id, 0)


def seen_by(person_id: int) -> list[SeenValue]:
    """Return each version whose value this person has seen or may have: the last seen first."""
    seen = Event.objects.filter(
        person_id=person_id,
        action__in=[*SHOWING, *PUTTING_IN],
        outcome__in=[Outcome.OK, Outcome.UNKNOWN],
    )
    changes = _changes_of(seen)
    versions = (
        seen.values("organization_id", "secret_id", "version_id")
        .annotate(
            revealed=Count("sequence", filter=Q(action="value.revealed")),
            copied=Count("sequence", filter=Q(action="value.copied")),
            downloaded=Count("sequence", filter=Q(action="value.downloaded")),
            put_in=Count("sequence", filter=Q(action__in=PUTTING_IN)),
            certain=Count("sequence", filter=Q(outcome=Outcome.OK)),
            last=Max("sequence"),
        )
        .order_by("-last")
    )
    return [
        SeenValue(
            revealed=each["revealed"],
            copied=each["copied"],
            downloaded=each["downloaded"],
            put_in=each["put_in"],
            is_certain=each["certain"] > 0,
            last=each["last"],
            replaced=changes[each["organization_id"], each["secret_id"]].replacing(
                each["version_id"], after=each["last"]
            ),
        )
        for each in versions
    ]


def _changes_of(seen: QuerySet[Event]) -> dict[tuple[str, str], _Changes]:
    """Return what was changed in the secrets that somebody has seen, by organization and secret."""
    done = Q(action__in=REPLACING, outcome=Outcome.OK)
    perhaps_on = Q(action=TURNED_ON) & ~Q(outcome__in=[Outcome.DENIED, Outcome.FAILED])
    found = (
        Event.objects.filter(is_last_line(), done | perhaps_on)
        .filter(
            organization_id__in=seen.values("organization_id"),
            secret_id__in=seen.values("secret_id"),
        )
        .values_list("organization_id", "secret_id", "action", "version_id")
        .annotate(last=Max("sequence"))
        .order_by()
    )
    changes: dict[tuple[str, str], _Changes] = defaultdict(_Changes)
    for organization_id, secret_id, action, version_id, last in found:
        changes[organization_id, secret_id].note(action, version_id, last)
    return changes

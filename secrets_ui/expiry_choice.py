"""The moment a secret expires, as a form asks for it: a preset, or a date, a time and a zone."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from secrets_ui import dates

NONE, ON_A_DATE = "none", "date"
PRESET_DAYS = (30, 90, 180, 365)
END_OF_DAY = time(23, 59)
COMMON_ZONES = (
    "UTC",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Kolkata",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Australia/Sydney",
)


class NotAMoment(ValueError):
    """The parts do not make a moment that is still to come; the text says why."""


def choices() -> list[tuple[str, str]]:
    """Return the presets in the order the form offers them."""
    return [
        (NONE, _("No expiry")),
        *[(str(days), ngettext("In %d day", "In %d days", days) % days) for days in PRESET_DAYS],
        (ON_A_DATE, _("On a date…")),
    ]


def current_zone() -> str:
    """Return the name of the person's time zone."""
    return timezone.get_current_timezone_name()


def zone_choices() -> list[tuple[str, str]]:
    """Return the person's own zone first, then common ones."""
    own = current_zone()
    return [(name, name.replace("_", " ")) for name in dict.fromkeys((own, *COMMON_ZONES))]


def initial_of(expired_at: datetime | None) -> dict[str, Any]:
    """Return what the form shows for a secret as it is, in the person's zone."""
    if expired_at is None:
        return {"expiry": NONE}
    # The form shows minutes, and what it shows is what a change is measured against.
    local = dates.local(expired_at).replace(second=0, microsecond=0)
    return {"expiry": ON_A_DATE, "expiry_date": local.date(), "expiry_time": local.time()}


def moment(typed: Mapping[str, Any]) -> datetime | None:
    """Return the moment that a form's cleaned fields mean; None is no expiry.

    A preset of N days ends with the Nth day from today, in the chosen zone.

    Raises:
        NotAMoment: the date is missing or has passed.
    """
    choice, zone = typed["expiry"], ZoneInfo(typed["expiry_zone"])
    if choice == NONE:
        return None
    if choice == ON_A_DATE:
        day, at = typed["expiry_date"], typed["expiry_time"] or END_OF_DAY
        if day is None:
            raise NotAMoment(_("Choose the date on which it expires."))
    else:
        day, at = (timezone.localdate(timezone=zone) + timedelta(days=int(choice))), END_OF_DAY
    found = datetime.combine(day, at, tzinfo=zone)
    try:
        has_passed = found.astimezone(UTC) <= timezone.now()
    except OverflowError:
        raise NotAMoment(_("This date is outside the calendar.")) from None
    if has_passed:
        raise NotAMoment(_("This moment has already passed. Choose a later one."))
    return found

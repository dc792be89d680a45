"""Moments as people say them, in the time zone that is active."""

from datetime import UTC, datetime

from django.utils import timezone
from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE, HOUR = 60, 3600
DAYS_AS_DAYS = 60
DAYS_A_MONTH = 30.44
DAYS_AS_MONTHS = 730
DAYS_A_YEAR = 365.25


def in_words(moment: datetime, *, now: datetime) -> str:
    """Return "in 12 days", "tomorrow" or "5 months ago": days are counted by the calendar."""
    days = (local(moment).date() - local(now).date()).days
    if days == 0:
        return _time_in_words((moment - now).total_seconds())
    if days == 1:
        return _("tomorrow")
    if days == -1:
        return _("yesterday")
    return _later(_days_in_words(days)) if days > 0 else _ago(_days_in_words(-days))


def age_in_words(moment: datetime, *, now: datetime) -> str:
    """Return how long ago something was, without "ago": "today", "61 days", "2 years"."""
    days = (local(now).date() - local(moment).date()).days
    return _days_in_words(days) if days > 0 else _("today")


def local(moment: datetime) -> datetime:
    """Return the moment in the active time zone, or in UTC where the zone's calendar ends before it.

    "9999-12-31T23:59:59Z" is how some servers say "never".
    """
    try:
        return timezone.localtime(moment)
    except OverflowError:
        return moment.astimezone(UTC)


def exactly(moment: datetime) -> str:
    """Return the moment with its zone: "Fri 4 Dec 2026 23:59 JST".

    Every row of a list has some of these, and `date_format` costs more than the rest of the row.
    """
    here = local(moment)
    weekday, month = WEEKDAYS_ABBR[here.weekday()], str(MONTHS_3[here.month]).title()
    return f"{weekday} {here.day} {month} {here.year} {here:%H:%M} {here.tzname()}"


def day(moment: datetime) -> str:
    """Return the day only: "4 Dec 2026"."""
    return date_format(local(moment), "j M Y")


def _time_in_words(seconds: float) -> str:
    size = abs(seconds)
    if size < MINUTE:
        return _("now") if seconds >= 0 else _("just now")
    if size < HOUR:
        amount = int(size // MINUTE)
        text = ngettext("%d minute", "%d minutes", amount) % amount
    else:
        amount = int(size // HOUR)
        text = ngettext("%d hour", "%d hours", amount) % amount
    return _later(text) if seconds > 0 else _ago(text)


def _days_in_words(days: int) -> str:
    if days < DAYS_AS_DAYS:
        return ngettext("%d day", "%d days", days) % days
    if days < DAYS_AS_MONTHS:
        months = round(days / DAYS_A_MONTH)
        return ngettext("%d month", "%d months", months) % months
    years = round(days / DAYS_A_YEAR)
    return ngettext("%d year", "%d years", years) % years


def _later(amount: str) -> str:
    return _("in %s") % amount


def _ago(amount: str) -> str:
    return _("%s ago") % amount

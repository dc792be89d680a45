"""Moments as people say them, in the time zone that is active."""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from django.utils import timezone
from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

MINUTE, HOUR = 60, 3600
DAYS_AS_DAYS = 60
DAYS_A_MONTH = 30.44
DAYS_AS_MONTHS = 730
DAYS_A_YEAR = 365.25


def in_words(moment: datetime, *, now: datetime) -> str:
    """Return "in 12 days", "tomorrow" or "5 months ago": days are counted by the calendar."""
    return Calendar(now).in_words(moment)


def age_in_words(moment: datetime, *, now: datetime) -> str:
    """Return how long ago something was, without "ago": "today", "61 days", "2 years"."""
    return Calendar(now).age_in_words(moment)


def exactly(moment: datetime) -> str:
    """Return the moment with its zone: "Fri 4 Dec 2026 23:59 JST"."""
    return Calendar(moment).exactly(moment)


def local(moment: datetime) -> datetime:
    """Return the moment in the active time zone, or in UTC where the zone's calendar ends before it.

    "9999-12-31T23:59:59Z" is how some servers say "never".
    """
    return _in_zone(moment, timezone.get_current_timezone())


class Calendar:
    """Moments in words as seen from `now`, for many of them: what a page says twice is made once."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._zone = timezone.get_current_timezone()
        self._today = _in_zone(now, self._zone).toordinal()
        self._weekdays, self._months = _names(get_language())
        self._later: dict[int, str] = {}
        self._ages: dict[int, str] = {}

    def in_words(self, moment: datetime) -> str:
        """See `in_words` above."""
        days = self._days_until(moment)
        if days == 0:
            return _time_in_words((moment - self.now).total_seconds())
        if days not in self._later:
            self._later[days] = _day_in_words(days)
        return self._later[days]

    def age_in_words(self, moment: datetime) -> str:
        """See `age_in_words` above."""
        days = -self._days_until(moment)
        if days not in self._ages:
            self._ages[days] = _days_in_words(days) if days > 0 else _("today")
        return self._ages[days]

    def exactly(self, moment: datetime) -> str:
        """See `exactly` above."""
        here = _in_zone(moment, self._zone)
        return (
            f"{self._weekdays[here.weekday()]} {here.day} {self._months[here.month]} {here.year}"
            f" {here.hour:02}:{here.minute:02} {here.tzname()}"
        )

    def _days_until(self, moment: datetime) -> int:
        return _in_zone(moment, self._zone).toordinal() - self._today


@lru_cache(maxsize=8)
def _names(language: str | None) -> tuple[list[str], list[str]]:
    """Return the short names of weekdays and months, which begin with 1, in one language."""
    months = (str(MONTHS_3[number]).title() for number in range(1, 13))
    return [str(WEEKDAYS_ABBR[number]) for number in range(7)], ["", *months]


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(UTC)


def _day_in_words(days: int) -> str:
    if days == 1:
        return _("tomorrow")
    if days == -1:
        return _("yesterday")
    return _later(_days_in_words(days)) if days > 0 else _ago(_days_in_words(-days))


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

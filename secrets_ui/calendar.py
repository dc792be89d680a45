"""Expiries as a calendar file (RFC 5545) that people take into their own calendar."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from secret_manager import Summary
from secrets_ui.catalog.snapshot import moment
from secrets_ui.shown import shown
from secrets_ui.subjects import recordable

PRODUCT = "-//Secrets dashboard//Expiries//EN"
CONTENT_TYPE = "text/calendar; charset=utf-8"


def calendar_of(
    entries: Iterable[Summary],
    *,
    organization_id: str,
    list_address: str,
    meaning: str,
    now: datetime,
) -> bytes:
    """Return an event for each secret that has an expiry. It names the secret and holds no value.

    An event is known by its secret: taken in again, it is moved and not doubled.

    list_address: the absolute address of the organization's list, which each secret's stands under.
    meaning: what the date says and what it does not.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    for entry in entries:
        if expired_at := moment(entry.expired_at):
            event = Event()
            event.add("uid", f"expiry-{organization_id}-{entry.id}@secrets-dashboard")
            event.add("dtstamp", now)
            event.add("dtstart", expired_at)
            event.add("summary", _("%s expires") % (recordable(shown(entry.name)) or entry.id))
            event.add("description", meaning)
            event.add("url", f"{list_address}{entry.id}/")
            event.add("transp", "TRANSPARENT")
            calendar.add_component(event)
    return calendar.to_ical()

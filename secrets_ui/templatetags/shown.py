from datetime import datetime

from django import template
from django.utils import timezone

from secrets_ui import dates
from secrets_ui.shown import shown

register = template.Library()
register.filter("shown", shown)


@register.filter
def in_words(moment: datetime) -> str:
    """Return "4 minutes ago" or "in 12 days"."""
    return dates.in_words(moment, now=timezone.now())

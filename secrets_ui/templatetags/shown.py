from django import template

from secrets_ui.shown import shown

register = template.Library()
register.filter("shown", shown)

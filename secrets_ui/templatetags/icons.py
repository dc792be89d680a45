from functools import lru_cache

from django import template
from django.utils.safestring import SafeString
from heroicons.templatetags.heroicons import heroicon_outline

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=128)
def icon(name: str, size: int = 18) -> SafeString:
    """Return an icon of the heroicons set, drawn once a process: rows repeat them."""
    return SafeString(heroicon_outline(name, size=size, **{"class": "icon"}))

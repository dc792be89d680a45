import re
from functools import lru_cache

from django import template
from django.utils.safestring import SafeString
from heroicons.templatetags.heroicons import heroicon_outline

register = template.Library()

_FRAME = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@register.simple_tag
@lru_cache(maxsize=128)
def icon(name: str, size: int = 18) -> SafeString:
    """Return an icon of the heroicons set, drawn once a process: rows repeat them."""
    return SafeString(heroicon_outline(name, size=size, **{"class": "icon"}))


@register.simple_tag
@lru_cache(maxsize=16)
def icon_symbols(*names: str) -> SafeString:
    """Return icons that are drawn nowhere yet: `icon_by_symbol` draws them, as often as wanted."""
    symbols = (
        f'<symbol id="icon-{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        f' stroke-width="1.5">{_inside(icon(name))}</symbol>'
        for name in names
    )
    inside = "".join(symbols)
    return SafeString(
        f'<svg width="0" height="0" aria-hidden="true" class="symbols">{inside}</svg>'
    )


@lru_cache(maxsize=16)
def icon_by_symbol(name: str, size: int = 18) -> SafeString:
    """Return an icon whose paths stand once on the page: fifty rows of them are half of its weight."""
    return SafeString(
        f'<svg width="{size}" height="{size}" aria-hidden="true" class="icon">'
        f'<use href="#icon-{name}"/></svg>'
    )


def _inside(svg: str) -> str:
    found = _FRAME.search(svg)
    assert found  # noqa: S101 - the package draws nothing else
    return found[1]

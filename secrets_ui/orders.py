"""The orders of the list, as links: on the columns of the table, and in a menu of their own."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from secrets_ui.list_query import ListQuery


@dataclass(frozen=True)
class Column:
    """A column of the table. `link` is empty where it gives no order, `sorted` where it is not in use."""

    label: str
    link: str
    sorted: str
    is_extra: bool


@dataclass(frozen=True)
class Order:
    """An order in the menu."""

    label: str
    link: str
    is_chosen: bool


def columns(query: ListQuery) -> list[Column]:
    """Return the columns. A click gives the order that is asked for most, and a second one turns it."""
    return [
        _column(query, _("Name"), "name"),
        _column(query, _("Status"), ""),
        _column(query, _("Expiry"), "expiry"),
        _column(query, _("Value age"), "-age", is_extra=True),
        _column(query, _("Apps"), "", is_extra=True),
        _column(query, _("Changed"), "-changed", is_extra=True),
    ]


def orders(query: ListQuery) -> list[Order]:
    """Return the menu of orders; the first one is the list's own."""
    usual = _("Best match first") if query.q else _("Usual order")
    named = [
        ("", usual),
        ("name", _("Name, A to Z")),
        ("expiry", _("Expiry, soonest first")),
        ("-age", _("Value, oldest first")),
        ("age", _("Value, newest first")),
        ("-changed", _("Changed lately first")),
        ("-created", _("Created lately first")),
    ]
    known = {sort for sort, _label in named}
    if query.order not in known:
        named.append((query.order, _turned(query.order)))
    return [Order(label, query.link(sort=sort), sort == query.order) for sort, label in named]


def _turned(sort: str) -> str:
    return {
        "-name": _("Name, Z to A"),
        "-expiry": _("Expiry, latest first"),
        "changed": _("Changed longest ago first"),
        "created": _("Created longest ago first"),
    }[sort]


def _column(query: ListQuery, label: str, order: str, *, is_extra: bool = False) -> Column:
    key = order.removeprefix("-")
    is_sorted = bool(order) and query.order.removeprefix("-") == key
    turned = key if query.order.startswith("-") else f"-{key}"
    direction = "descending" if query.order.startswith("-") else "ascending"
    return Column(
        label=label,
        link=query.link(sort=turned if is_sorted else order) if order else "",
        sorted=direction if is_sorted else "",
        is_extra=is_extra,
    )

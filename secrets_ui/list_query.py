"""What a list address asks for. Every view of the list is such an address, to be kept and passed on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from secrets_ui.catalog.sifting import AGES, EXPIRIES, MONTH, SORTS, STATUSES

PER_PAGE = (25, 50, 100)
DEFAULT_PER_PAGE = 50
_LONGEST_TEXT = 200


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """One view of the list; what is empty leaves nothing out. `page` counts from 1."""

    q: str = ""
    status: str = ""
    expiry: str = ""
    age: str = ""
    app: str = ""
    creator: str = ""
    label: str = ""
    fav: str = ""
    sort: str = ""
    per_page: int = DEFAULT_PER_PAGE
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "ListQuery":
        """Read an address; what makes no sense is as if it was not there."""
        per_page = _number(asked.get("per_page"))
        return cls(
            q=" ".join(asked.get("q", "")[:_LONGEST_TEXT].split()),
            status=_one_of(STATUSES, asked.get("status")),
            expiry=_expiry(asked.get("expiry", "")),
            age=_one_of(AGES, asked.get("age")),
            app=asked.get("app", "")[:_LONGEST_TEXT],
            creator=asked.get("creator", "")[:_LONGEST_TEXT],
            label=asked.get("label", "")[:_LONGEST_TEXT],
            fav=_one_of(("1",), asked.get("fav")),
            sort=_sort(asked.get("sort", "")),
            per_page=per_page if per_page in PER_PAGE else DEFAULT_PER_PAGE,
            page=max(1, _number(asked.get("page"))),
        )

    @property
    def filters(self) -> dict[str, str]:
        """The filters that leave anything out."""
        names = ("status", "expiry", "age", "app", "creator", "label", "fav")
        return {name: found for name in names if (found := getattr(self, name))}

    @property
    def is_plain(self) -> bool:
        """Tell whether this is the list as the API gives it, page by page."""
        return not (self.q or self.filters or self.sort)

    @property
    def order(self) -> str:
        """The order that is shown: of what is due, the soonest first, unless another is asked for."""
        is_of_dates = self.expiry not in {"", "none"} and not self.q
        return self.sort or ("expiry" if is_of_dates else "")

    def changed(self, **changes: Any) -> "ListQuery":
        """Return another view; unless a page is named it begins with the first one."""
        return replace(self, **{"page": 1, **changes})

    def query_string(self) -> str:
        """Return what stands behind the question mark: always alike for the same view."""
        return "&".join(filter(None, self._parts.values()))

    def link(self, **changes: Any) -> str:
        """Return the address of another view, relative to the list's own; see `changed`."""
        changed = {name: _part(name, one) for name, one in {"page": 1, **changes}.items()}
        return f"?{'&'.join(filter(None, {**self._parts, **changed}.values()))}"

    @cached_property
    def _parts(self) -> dict[str, str]:
        """What stands in the address for each name. A page has dozens of links to other views."""
        return {name: _part(name, getattr(self, name)) for name in _USUAL}


_USUAL = asdict(ListQuery())


def _part(name: str, one: Any) -> str:
    return "" if one == _USUAL[name] else urlencode({name: one})


def _one_of(choices: Any, asked: str | None) -> str:
    return asked if asked and asked in choices else ""


def _expiry(asked: str) -> str:
    return asked if asked in EXPIRIES or MONTH.fullmatch(asked) else ""


def _sort(asked: str) -> str:
    return asked if asked.removeprefix("-") in SORTS else ""


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0

"""One state of a catalog, made ready for questions. Read by many threads, changed by none."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property

from secret_manager import Summary
from secrets_ui.catalog.folding import folded

# Between two texts of a secret: no word of a query holds it, so no match spans two texts.
GAP = "\n"
# The calendar's end, which is how some servers say "never", and past which rounding may lead.
_LAST = 253_402_300_799


class Snapshot:
    """Summaries and what is made of them. What only some questions need is made when asked.

    entries: in the order in which the API lists them.
    is_complete: False while they are still being read, or where the API did not list all.
    read_at: seconds since 1970 when their reading began; 0 where none are there yet.
    is_behind: True where something was written since that is not in here.
    """

    def __init__(
        self,
        entries: Sequence[Summary],
        *,
        is_complete: bool = True,
        read_at: float = 0,
        is_behind: bool = False,
    ) -> None:
        self.entries = entries
        self.is_complete = is_complete
        self.read_at = read_at
        self.is_behind = is_behind

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def names(self) -> list[str]:
        return [folded(entry.name) for entry in self.entries]

    @cached_property
    def position_of(self) -> dict[str, int]:
        return {entry.id: position for position, entry in enumerate(self.entries)}

    @cached_property
    def app_ids(self) -> list[str]:
        """Every Labs app that uses one of the secrets."""
        return sorted({app_id for entry in self.entries for app_id in entry.app_ids})

    @cached_property
    def creators(self) -> list[str]:
        """Every user who created one of the secrets."""
        return sorted({entry.user_id for entry in self.entries if entry.user_id})

    @cached_property
    def orders(self) -> dict[str, Sequence[int]]:
        """Orders of all the secrets that were asked for, kept by `sifting.in_order`."""
        return {}


def moment(seconds: int | None) -> datetime | None:
    """Return a moment of a summary as the pages show it."""
    return None if seconds is None else datetime.fromtimestamp(min(seconds, _LAST), UTC)

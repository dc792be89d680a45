"""What a kind of fault is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.faults.truth import Request

if TYPE_CHECKING:
    from tests.faults.server import Exchange

Misbehave = Callable[["Exchange"], None]


def any_request(request: Request) -> bool:
    return True


def lists(request: Request) -> bool:
    return request.is_list


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to go wrong.

    commits: whether a write that meets it is carried out all the same.
    times: how many requests it hits; None means every one from the first hit on.
    nth: it begins at the n-th request of the page. 0: at the request that is the page's act, or for
        kinds that concern reads (`waits_for_the_act=False`) at the first that `applies` lets through.
    listener: "plain", "closed" (nobody listens) or the flaw of the certificate shown.
    """

    name: str
    misbehave: Misbehave
    commits: bool = True
    times: int | None = 1
    nth: int = 0
    applies: Callable[[Request], bool] = any_request
    waits_for_the_act: bool = True
    listener: str = "plain"

    def __str__(self) -> str:
        return self.name

    def always(self) -> Kind:
        """The same fault, for good."""
        return replace(self, name=f"{self.name}, then always", times=None)

    def three_times(self) -> Kind:
        """The same fault, on three requests running: as many as a read is tried."""
        return replace(self, name=f"{self.name}, three times", times=3)

    def on_request(self, number: int) -> Kind:
        """The same fault, only on the n-th request of the page."""
        return replace(self, name=f"{self.name}, on request {number}", nth=number)

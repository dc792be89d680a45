"""Two at once: the answer to the act is lost, and the look-up that follows is misled as well."""

from tests.faults.kinds import content, paging
from tests.faults.kinds.kind import Kind, Misbehave, any_request
from tests.faults.server import Exchange


def _lost(then: Misbehave, *, commits: bool, only_lists: bool = False) -> Misbehave:
    def misbehave(exchange: Exchange) -> None:
        request = exchange.request
        if request.is_write:
            if commits:
                _ = exchange.real
            exchange.hang_up()
        elif only_lists and not request.is_list:
            exchange.answer(exchange.real)
        else:
            then(exchange)

    return misbehave


def _kind(name: str, then: Misbehave, *, commits: bool = True, only_lists: bool = False) -> Kind:
    return Kind(
        name=f"answer lost{' after commit' if commits else ''}, {name}",
        misbehave=_lost(then, commits=commits, only_lists=only_lists),
        commits=commits,
        times=None,
        applies=any_request,
    )


KINDS = [
    _kind("clock 3 h behind", content.clock_off(-3)),
    _kind("clock 3 h ahead", content.clock_off(3)),
    _kind("has_next always true", paging.ALWAYS_MORE.misbehave, only_lists=True),
    _kind("has_next always true", paging.ALWAYS_MORE.misbehave, commits=False, only_lists=True),
    _kind("pages repeat", paging.REPEATING.misbehave, only_lists=True),
    _kind("empty page with more to come", paging.EMPTY_FIRST.misbehave, only_lists=True),
    _kind("missing fields", content.MISSING.misbehave),
    _kind("missing fields", content.MISSING.misbehave, commits=False),
    _kind("no ids", content.NO_IDS.misbehave),
]

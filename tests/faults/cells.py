"""One kind of fault in one operation, and the rules that every cell must keep."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from django.db import connections

from secrets_ui import decorators
from tests.faults import place as places
from tests.faults.certificates import Authority
from tests.faults.kinds.kind import Kind
from tests.faults.operations import Claim, Operation, Told, check_again, text_of
from tests.faults.place import Place, Trusting, traces
from tests.faults.server import running
from tests.faults.truth import Tables
from tests.services.processes import free_port

READ_SECONDS = decorators.READ_SECONDS * places.PACE
WRITE_SECONDS = decorators.WRITE_SECONDS * places.PACE
LATE = 0.5


@dataclass
class Seen:
    """Everything that was seen of one cell."""

    kind: Kind
    operation: Operation
    place: Place
    told: Told
    before: Tables
    after: Tables
    took: float
    hits: int
    writes_sent: int
    paths: list[str]
    again: Told | None = None

    @property
    def happened(self) -> int:
        count = self.operation.happened
        return count(self.place, self.before, self.after) if count else 0


Rule = Callable[[Seen], str]
"""Says what is wrong, or nothing."""


def no_server_error(seen: Seen) -> str:
    broken = [each for each in (seen.told, seen.again) if each and each.response.status_code == 500]
    return "a 500 page" if broken else ""


def says_something(seen: Seen) -> str:
    said = f"{seen.told.response.status_code} {seen.told.said}"
    return f"the page tells nothing we understand: {said}" if _claims(seen, Claim.NOTHING) else ""


def no_false_saved(seen: Seen) -> str:
    return "said to be done, and was not" if _claims(seen, Claim.DONE) and not seen.happened else ""


def no_false_not_saved(seen: Seen) -> str:
    is_denied = _claims(seen, Claim.NOT_DONE) or _claims(seen, Claim.GONE_BEFORE)
    return "said not to be done by us, and was" if is_denied and seen.happened else ""


def never_twice(seen: Seen) -> str:
    if seen.happened > 1:
        return f"done {seen.happened} times"
    return f"sent {seen.writes_sent} times" if seen.writes_sent > 1 else ""


def nothing_else_changed(seen: Seen) -> str:
    target = seen.place.secret.id
    others = {name: row for name, row in seen.before.items() if name != target}
    left = {name: row for name, row in seen.after.items() if name in others}
    return "" if others == left else "something else changed"


def in_time(seen: Seen) -> str:
    limit = WRITE_SECONDS if seen.told.response.wsgi_request.method == "POST" else READ_SECONDS
    late = seen.took > limit + LATE
    return f"took {seen.took:.1f} s of {limit} s" if late else ""


def nobody_else_was_asked(seen: Seen) -> str:
    return "a redirect was followed" if any("stolen" in path for path in seen.paths) else ""


def nothing_private_in_the_answer(seen: Seen) -> str:
    response = seen.told.response
    shown = response.content.decode(errors="replace") + text_of(response)
    around = str(response.headers) + str(seen.told.said)
    may_show = seen.told.claim in {Claim.SHOWN} and not seen.operation.is_write
    for private in seen.place.private:
        for trace in traces(private):
            if trace in around:
                return "something private in a header or note"
            if trace in shown and not (may_show and private == seen.place.value):
                return "something private on the page"
    return ""


def the_look_up_agrees(seen: Seen) -> str:
    if seen.again is None or seen.again.claim is Claim.NOT_KNOWN:
        return ""
    said = seen.again.claim is Claim.DONE
    if said == bool(seen.happened):
        return ""
    answer = seen.again.response
    return f"looked up as {seen.again.claim.name}: {answer.status_code} {seen.again.said}"


def a_failed_look_up_says_nothing_of_the_write(seen: Seen) -> str:
    last = seen.again or seen.told
    is_error = last.response.status_code >= 400 and seen.told.claim is Claim.NOT_KNOWN
    words = text_of(last.response)
    wrong = "Nothing was sent" in words or "nothing was changed" in words
    return "speaks of the look-up as if it were the write" if is_error and wrong else ""


def _claims(seen: Seen, claim: Claim) -> bool:
    return seen.told.claim is claim


RULES: tuple[Rule, ...] = (
    no_server_error,
    says_something,
    no_false_saved,
    no_false_not_saved,
    never_twice,
    nothing_else_changed,
    in_time,
    nobody_else_was_asked,
    nothing_private_in_the_answer,
    the_look_up_agrees,
    a_failed_look_up_says_nothing_of_the_write,
)


@dataclass(frozen=True)
class Cell:
    """One square of the matrix."""

    kind: str
    operation: str
    claim: str
    met: bool
    broken: tuple[tuple[str, str], ...] = ()
    private: tuple[str, ...] = field(default=(), repr=False)

    def as_record(self) -> dict[str, object]:
        """Return what a report needs, without what is private; plain enough for another process."""
        fields = ("kind", "operation", "claim", "met", "broken")
        return {name: getattr(self, name) for name in fields}

    @property
    def mark(self) -> str:
        return "X" if self.broken else self.claim if self.met else "."


def run(
    kind: Kind, operation: Operation, authority: Authority, *, htmx: bool, extensions: bool = False
) -> Cell:
    """Let the fault meet the operation, and hold what the page says against what happened."""
    try:
        with places.opened(extensions=extensions) as place:
            seen = _seen(kind, operation, place, authority, htmx=htmx)
            found = [(rule.__name__, rule(seen)) for rule in RULES]
            return Cell(
                kind.name,
                operation.name,
                seen.told.claim.value,
                met=seen.hits > 0,
                broken=tuple((name, wrong) for name, wrong in found if wrong),
                private=tuple(place.private),
            )
    finally:
        connections.close_all()


@contextmanager
def _fault(
    kind: Kind, operation: Operation, place: Place, authority: Authority
) -> Iterator[Callable[[], int]]:
    """Let the API go wrong while the block runs; yields how to learn how often it did."""
    if kind.listener == "plain":
        armed = place.server.arm(kind, operation.decides)
        with place.hurried():
            yield lambda: armed.hits
        place.server.finish()
        place.server.disarm()
    elif kind.listener == "closed":
        with place.hurried(f"http://127.0.0.1:{free_port()}"):
            yield lambda: 1
    else:
        with (
            running(tls=authority.contexts[kind.listener]) as flawed,
            place.hurried(flawed.url, adapter=Trusting(authority)),
        ):
            yield lambda: 1


def _seen(
    kind: Kind, operation: Operation, place: Place, authority: Authority, *, htmx: bool
) -> Seen:
    form = operation.fill(place)
    before = place.tables()
    place.server.log.clear()
    with _fault(kind, operation, place, authority) as hits:
        started = time.monotonic()
        response = operation.act(place, form, htmx=htmx)
        took = time.monotonic() - started
    writes_sent, paths = len(place.server.writes()), [x.request.path for x in place.server.log]
    after = place.tables()
    told = operation.told(place, response)
    again = None
    if told.claim is Claim.NOT_KNOWN and told.outcome_url:
        again = check_again(place, replace(told))
    return Seen(
        kind, operation, place, told, before, after, took, hits(), writes_sent, paths, again
    )

"""What a person may do: every view says what it takes, and one that says nothing is closed to all."""

import logging
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.http import actor_of
from accounts.models import Person
from accounts.roles import Capability, capabilities_of
from audit.models import Outcome
from audit.trail import Subject, TrailUnavailable, noted

View = TypeVar("View", bound=Callable[..., Any])
GetResponse = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)


class NotPermitted(PermissionDenied):
    """Somebody's role does not allow what they asked for.

    `missing` is what it lacks; None where they have no role at all.
    """

    def __init__(self, missing: Capability | None) -> None:
        super().__init__("Not permitted by the role.")
        self.missing = missing


class NotVouchedFor(PermissionDenied):
    """The proxy in front does not say who this is, or not in a way that can be believed.

    `passes` is true where that is nobody's fault and can be tried again.
    """

    def __init__(self, *, passes: bool) -> None:
        super().__init__("Not vouched for.")
        self.passes = passes


class NotRecorded(NotVouchedFor):
    """The audit trail cannot record that somebody comes in, so they do not."""

    def __init__(self) -> None:
        super().__init__(passes=True)


def requires(*capabilities: Capability) -> Callable[[View], View]:
    """Say what a view takes. With nothing named it is open to everybody who has a role."""

    def mark(view: View) -> View:
        view.capabilities = frozenset(capabilities)  # type: ignore[attr-defined]
        return view

    return mark


class RoleMiddleware:
    """Let a person's role decide about each view, before it runs. A refusal is recorded."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: dict[str, Any]
    ) -> None:
        if not getattr(view, "login_required", True):
            return
        person = request.user
        if not isinstance(person, Person) or not person.role:
            _refuse(request, None)
        missing = _needed(view) - capabilities_of(person.role)
        if missing:
            _refuse(request, sorted(missing)[0])


def _needed(view: Callable[..., Any]) -> frozenset[Capability]:
    """Return what a view takes: all there is where it does not say, and nobody has all."""
    return getattr(view, "capabilities", frozenset({*Capability, "nothing said"}))


def _refuse(request: HttpRequest, missing: Capability | None) -> NoReturn:
    match = request.resolver_match
    page = match.view_name if match else ""
    try:
        noted(
            action="access.refused",
            outcome=Outcome.DENIED,
            actor=actor_of(request),
            subject=Subject(detail=f"{request.method} {page}: {missing or 'no role'}"),
        )
    except TrailUnavailable:
        # Nothing is shown or changed here, so there is nothing that may not go on.
        logger.error("a refusal could not be recorded")
    raise NotPermitted(missing)

"""What the views that write have in common."""

from accounts.http import actor_of
from secret_manager import SecretManagerError
from secrets_ui.http import DashboardRequest
from secrets_ui.outcomes import NotKnownYet, TakenOver
from secrets_ui.problems import Problem, explain
from secrets_ui.sending import Doing
from secrets_ui.subjects import recordable


def doing(request: DashboardRequest) -> Doing:
    """Return who does it, over which connection, for which form."""
    return Doing(
        connection=request.connection,
        actor=actor_of(request),
        intent=request.intent,
        reason=reason_of(request),
    )


def reason_of(request: DashboardRequest) -> str:
    """Return why somebody does something, where they say so, as one line of the trail."""
    return recordable(request.POST.get("reason", "").strip())


def problem_for_form(request: DashboardRequest, error: SecretManagerError) -> Problem:
    """Return what the form says about an error, where the form is what answers.

    htmx gets a note in the corner instead and leaves the form as it is, value and all. An outcome that
    is not known has a page of its own.
    """
    if request.htmx or isinstance(error, NotKnownYet | TakenOver):
        raise error
    return explain(error)


def form_status(request: DashboardRequest, problem: Problem | None) -> int:
    """Return the status of a form's page: 422 where what was typed has to be looked at again."""
    if problem:
        return problem.status
    return 422 if request.method == "POST" else 200

"""The pages for what went wrong. htmx gets the same words as a note in the corner."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django_htmx.http import push_url, reswap, retarget

from accounts.guard import NotPermitted, NotRecorded, NotVouchedFor
from accounts.roles import Capability, roles_with
from audit.trail import TrailUnavailable
from secret_manager import SecretManagerError
from secrets_ui.problems import Problem, explain


def api_error(request: HttpRequest, error: SecretManagerError) -> HttpResponse:
    return show_problem(request, explain(error))


def trail_unavailable(request: HttpRequest, error: TrailUnavailable) -> HttpResponse:
    done = _(
        "The Secret Manager had already acted, so look at the secret to see how it stands now."
        " Tell the people who run this dashboard."
    )
    not_done = _(
        "Nothing was shown and nothing was changed. Tell the people who run this dashboard."
    )
    return show_problem(
        request,
        Problem(
            title=_("This cannot be recorded in the audit trail"),
            advice=done if error.act_was_done else not_done,
            status=503,
        ),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return show_problem(
        request,
        Problem(
            title=_("The request could not be read"),
            advice=_("Go back, reload the page and try again."),
            status=400,
        ),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say why, and who could: a role that is missing, or a proxy that vouches for nobody."""
    match exception:
        case NotRecorded():
            return trail_unavailable(request, TrailUnavailable(act_was_done=False))
        case NotVouchedFor(passes=True):
            title = _("Your company’s sign-in cannot be checked just now")
            advice = _("Its keys cannot be read. Try again in a minute.")
            return show_problem(
                request, Problem(title=title, advice=advice, status=503, retry_after=60)
            )
        case NotVouchedFor():
            title = _("Your company’s sign-in does not say who you are")
            advice = _("Open the dashboard at its usual address and sign in there first.")
        case NotPermitted(missing=None):
            title = _("You have no role here")
            advice = _("Ask an administrator of this dashboard for one, then sign in again.")
        case NotPermitted(missing=Capability() as missing):
            title = _("Your role does not allow this")
            who = get_text_list([str(role.label) for role in roles_with(missing)], _("or"))
            advice = _("It takes the role %s. Ask an administrator of this dashboard.") % who
        case _:
            title = _("You may not do this")
            advice = _("Ask an administrator of this dashboard if you think you should.")
    return show_problem(request, Problem(title=title, advice=advice, status=403))


def quota_reached(request: HttpRequest) -> HttpResponse:
    advice = _("It is recorded, and nothing was shown. Wait an hour, or ask an administrator.")
    return show_problem(
        request,
        Problem(
            title=_("You have looked at too many values within an hour"),
            advice=advice,
            status=429,
            retry_after=3600,
        ),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return show_problem(
        request,
        Problem(
            title=_("The page was open too long"),
            advice=_("To keep you safe nothing was done. Reload the page and try again."),
            status=403,
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return show_problem(
        request,
        Problem(
            title=_("There is no such page"),
            advice=_("The address may be mistyped, or what it showed is gone."),
            status=404,
        ),
    )


def wrong_method(request: HttpRequest, *, allowed: str) -> HttpResponse:
    """Answer a visit to an address that only takes what a button sends, after signing in again say."""
    response = show_problem(
        request,
        Problem(
            title=_("There is nothing to see at this address"),
            advice=_("It only takes what a button on a page sends. Nothing was done."),
            status=405,
        ),
    )
    response.headers["Allow"] = allowed
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Served when our own code failed, so it leans on nothing: no session, no database."""
    return HttpResponse(render_to_string("500.html"), status=500)


def show_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    htmx = getattr(request, "htmx", False)
    template = "problem.html#problem-toast" if htmx else "problem.html"
    # An address that begins with two slashes would lead out of here.
    context = {"problem": problem, "here": f"/{request.get_full_path().lstrip('/')}"}
    response = render(request, template, context, status=problem.status)
    if htmx:
        # Also with a status that htmx would swap into its target (422): that stays, the address too.
        reswap(retarget(response, "#toasts"), "beforeend")
        push_url(response, False)
    if problem.retry_after:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response

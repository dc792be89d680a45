"""The pages for what went wrong between the dashboard and the provider."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts import oidc
from accounts.entry import NoRole
from accounts.oidc import refusals
from accounts.oidc.errors import (
    AnotherPerson,
    NotBelieved,
    NotFresh,
    ProviderSaidNo,
    ProviderUnavailable,
    SignInProblem,
    StateLost,
)
from accounts.oidc.http import one_page

RETRY_AFTER_SECONDS = 5

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What to tell somebody, in the language of their browser."""

    title: str
    advice: str
    status: int = 403
    # Somebody may want to come back as another one, and the provider would let them through as before.
    leads_out: bool = False


def explained(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Turn what goes wrong in a view into a page that says so and leads on."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            with one_page():
                return view(request, *args, **kwargs)
        except SignInProblem as problem:
            logger.warning("sign-in: %s", problem.reason)
            refusals.record(request, problem)
            return _show(request, _page_for(problem), _again(request, problem))
        except NoRole:
            return _show(request, _no_role(), oidc.begin_address("/"))

    return guarded


def _again(request: HttpRequest, problem: SignInProblem) -> str:
    if problem.again:
        return problem.again
    # Nothing was used up yet, so asking for the same once more is enough.
    is_passing = isinstance(problem, ProviderUnavailable)
    return request.get_full_path() if is_passing else oidc.begin_address("/")


def _show(request: HttpRequest, page: Page, again: str) -> HttpResponse:
    exit_address = oidc.sign_out_address(request) if page.leads_out else None
    context = {"page": page, "again": again, "provider_exit": exit_address}
    response = render(request, "accounts/oidc_problem.html", context, status=page.status)
    if page.status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _page_for(problem: SignInProblem) -> Page:
    match problem:
        case ProviderUnavailable():
            return Page(
                title=_("Your company’s sign-in does not answer"),
                advice=_("Nothing is wrong with your account. Try again in a moment."),
                status=503,
            )
        case ProviderSaidNo():
            return Page(
                title=_("Your company’s sign-in did not let you through"),
                advice=_("You may have pressed Cancel there, or may not use this dashboard."),
                leads_out=True,
            )
        case StateLost():
            return Page(
                title=_("This sign-in is over"),
                advice=_("It took too long, was used before, or began in another browser."),
                status=400,
            )
        case NotFresh():
            return Page(
                title=_("You were not asked to sign in again"),
                advice=_(
                    "What you were about to do needs a fresh sign-in, and your company’s sign-in gave"
                    " the one of before. Try again. If it stays so, tell the people who run this"
                    " dashboard."
                ),
            )
        case AnotherPerson():
            return Page(
                title=_("You came back as somebody else"),
                advice=_("To keep both of you safe, nobody is signed in now."),
                leads_out=True,
            )
        case NotBelieved():
            return Page(
                title=_("Your sign-in could not be verified"),
                advice=_("Try again. If it stays so, tell the people who run this dashboard."),
            )
    raise TypeError(type(problem))


def _no_role() -> Page:
    return Page(
        title=_("You have no role here"),
        advice=_(
            "Your company knows you, but nothing gives you a role in this dashboard, or you are not let"
            " in any more. You are signed out. Ask an administrator of this dashboard."
        ),
        leads_out=True,
    )

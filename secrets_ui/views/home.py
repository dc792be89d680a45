from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from secrets_ui import connection as connections
from secrets_ui.context import THEME_COOKIE, THEMES
from secrets_ui.http import local_address

YEAR = 365 * 24 * 60 * 60


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Go to where the work is: the first organization, or the page that connects one."""
    known = connections.summaries(request.session)
    if known:
        return redirect("secret-list", known[0].organization_id)
    return redirect("connect")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice of light or dark in a cookie; anything else follows the system."""
    response = HttpResponseRedirect(local_address(request, request.POST.get("next", "")))
    choice = request.POST.get("theme", "")
    if choice in THEMES:
        response.set_cookie(
            THEME_COOKIE, choice, max_age=YEAR, samesite="Lax", secure=settings.HTTPS, httponly=True
        )
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from accounts.guard import requires
from accounts.http import PersonRequest, local_address
from accounts.roles import Capability, capabilities_of
from secrets_ui import connection as connections
from secrets_ui.context import THEME_COOKIE, THEMES

YEAR = 365 * 24 * 60 * 60


@require_safe
@requires()
def home(request: PersonRequest) -> HttpResponse:
    """Go to where this person's work is: the trail, their first organization, or connecting one."""
    if Capability.READ not in capabilities_of(request.user.role):
        return redirect("trail")
    known = connections.summaries(request.session)
    if known:
        return redirect("secret-list", known[0].organization_id)
    return redirect("connect")


@require_POST
@requires()
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

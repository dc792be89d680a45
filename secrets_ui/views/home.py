from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from accounts.guard import requires
from accounts.http import local_address
from secrets_ui.context import THEME_COOKIE, THEMES

YEAR = 365 * 24 * 60 * 60


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

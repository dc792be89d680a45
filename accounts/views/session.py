"""How long the session lasts: what the warning on every page asks, and what its button does."""

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.guard import requires


@requires()
@require_http_methods(["GET", "POST"])
def session_state(request: HttpRequest) -> JsonResponse:
    """Return the seconds that are left, after renewing them where somebody presses the button.

    `GET …?auto` asks without renewing.
    """
    session = request.session
    if request.method == "POST":
        session.note()  # type: ignore[attr-defined]
    ends_in = session.ends_in()  # type: ignore[attr-defined]
    is_last = session.last_chance_in() <= ends_in  # type: ignore[attr-defined]
    words = (
        _("For your safety everybody signs in anew after some hours. Save what you are doing.")
        if is_last
        else _("Nobody seems to be there. Stay signed in, or what is on this page is cleared.")
    )
    return JsonResponse({"ends_in": ends_in, "can_stay": not is_last, "words": words})

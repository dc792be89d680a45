"""How much a request may carry. The REST API has a limit of its own and says so in its own words."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from dashboard.headers import API
from secrets_ui.problems import Problem
from secrets_ui.views.errors import show_problem


def body_limit(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 413 to a body above DATA_UPLOAD_MAX_MEMORY_SIZE before any of it is read.

    Django bounds forms only, and leaves what is uploaded with them alone. A body without a length is
    read as empty (WSGI).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length <= limit or request.path.startswith(API):
            return get_response(request)
        # The page that says so looks at the form; this one is not to be read.
        request.POST = QueryDict()
        return show_problem(
            request,
            Problem(
                title=_("This is too much at once"),
                advice=_("At most %(size)s can be sent at a time. Nothing was saved.")
                % {"size": filesizeformat(limit)},
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            ),
        )

    return middleware

"""Headers that every answer carries, whatever its status, and what browsers say about a request."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.translation import gettext as _

GetResponse = Callable[[HttpRequest], HttpResponse]

ON_EVERY_ANSWER = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(),"
        " clipboard-read=(), clipboard-write=(self)"
    ),
}
# The REST API takes no cookie: a browser that is sent there by another site adds nothing to it.
API = "/secret-manager/"
OURS = {"same-origin", "none"}
SERVED_FILE = {200, 206, 304}


def response_headers(get_response: GetResponse) -> GetResponse:
    """Nothing dynamic is kept by a browser or a proxy, and a page is no answer to an htmx request."""
    security = SecurityMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in ON_EVERY_ANSWER.items():
            response.headers.setdefault(name, value)
        # Once more around everything: the one inside has no say where it refuses a request itself.
        response = security.process_response(request, response)
        is_file = request.path.startswith(settings.STATIC_URL)
        if not is_file or response.status_code not in SERVED_FILE:
            add_never_cache_headers(response)
            patch_vary_headers(response, ["HX-Request"])
        return response

    return middleware


def resource_isolation(get_response: GetResponse) -> GetResponse:
    """Refuse what another site makes a browser ask for, except following a link to here.

    A sibling on the same domain is another site too. Whoever does not say where a request comes
    from is no browser of today, and is judged by what else guards the page.
    See https://www.w3.org/TR/fetch-metadata/.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        site = request.headers.get("Sec-Fetch-Site", "none")
        if site in OURS or request.path.startswith(API) or _follows_a_link(request):
            return get_response(request)
        text = _("This was asked for by another site, so it is refused. Open the page itself.")
        return HttpResponse(f"{text}\n", status=403, content_type="text/plain; charset=utf-8")

    return middleware


def _follows_a_link(request: HttpRequest) -> bool:
    return (
        request.method in {"GET", "HEAD"}
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )

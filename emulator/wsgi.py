"""The API as a plain WSGI application, for a caller in the same process.

No middleware and no signal of Django's: `request_started` and `request_finished` would close the
database connections that the caller is using.
"""

from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.urls import Resolver404, URLResolver, include, path
from django.urls.resolvers import RegexPattern

from emulator.errors import NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

_resolver = URLResolver(RegexPattern(r"^/"), [path("secret-manager/", include("emulator.urls"))])


def application(environ: dict[str, Any], start_response: "StartResponse") -> list[bytes]:
    """Answer one WSGI request (PEP 3333)."""
    response = _respond(WSGIRequest(environ))
    response["Content-Length"] = str(len(response.content))
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    # Not closed on purpose: HttpResponse.close() is what sends request_finished.
    return [response.content]


def _respond(request: WSGIRequest) -> HttpResponse:
    try:
        match = _resolver.resolve(request.path_info)
    except Resolver404:
        return NotFound().response()
    return match.func(request, *match.args, **match.kwargs)

"""What all addresses of the API share: a handler per method, who is calling, how errors look."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from emulator.auth import Caller, authenticate
from emulator.errors import ApiError, BadRequest, MethodNotAllowed, NotFound
from emulator.models import Secret

# What is understood here beyond the platform's API; clients use it only where it is announced.
EXTENSIONS = "idempotency-key, if-match"

logger = logging.getLogger("emulator")


@dataclass(frozen=True)
class Call:
    """One authenticated request: handlers reach stored data through it, so only their caller's."""

    request: HttpRequest
    caller: Caller

    def secrets(self) -> QuerySet[Secret]:
        return Secret.objects.filter(organization_id=self.caller.organization_id)

    def secret(self, secret_id: str, *, for_update: bool = False) -> Secret:
        """Return one of the caller's secrets, locked until the transaction ends if `for_update`."""
        secrets = self.secrets().select_for_update() if for_update else self.secrets()
        secret = secrets.filter(id=secret_id).first()
        if secret is None:
            raise NotFound
        return secret


Handler = Callable[..., JsonResponse]


def endpoint(**handlers: Handler) -> Callable[..., HttpResponse]:
    """Return the view of one address from its handlers, by method: `endpoint(GET=…, POST=…)`.

    A handler takes the `Call` and the ids in the address. The view is exempt from CSRF checks and
    from sign-in because it reads no cookie: the Authorization header is the only credential here,
    and a browser never adds it by itself (errors.Unauthorized never makes it ask for one).
    """

    @csrf_exempt  # no cookie is read, so nobody's browser can be made to act for them
    @login_not_required  # the Authorization header says who it is
    def view(request: HttpRequest, **ids: str) -> HttpResponse:
        try:
            response = _answer(handlers, request, ids)
        except ApiError as error:
            if error.status >= 500:
                _log(request, error)
            response = error.response()
        except (SuspiciousOperation, UnreadablePostError):
            response = BadRequest("The request is too large or was cut off.").response()
        except Exception as error:
            _log(request, error)
            response = ApiError("Something went wrong in the Secret Manager.").response()
        return _finish(response)

    return view


def _finish(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Secret-Manager-Extensions"] = EXTENSIONS
    return response


def _answer(handlers: dict[str, Handler], request: HttpRequest, ids: dict[str, str]) -> Any:
    handler = handlers.get(request.method or "")
    if handler is None:
        raise MethodNotAllowed(allow=", ".join(handlers))
    caller = authenticate(request.headers.get("Authorization", ""))
    if caller.organization_id != ids.pop("organization_id"):
        raise NotFound
    return handler(Call(request, caller), **ids)


def _log(request: HttpRequest, error: Exception) -> None:
    # An exception's own text may quote a value or a query: only its kind and its way are logged.
    frames = traceback.extract_tb(error.__traceback__)
    way = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    logger.error("%s %s failed: %s (%s)", request.method, request.path, type(error).__name__, way)


@csrf_exempt  # nothing is read and nothing is done
@login_not_required
def not_found(request: HttpRequest) -> HttpResponse:
    """Answer every address that the API does not have; exempt as `endpoint` is, and for its reason."""
    return _finish(NotFound().response())

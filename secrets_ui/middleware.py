"""What happens around every view: the person's time zone, and errors that no view handled."""

from collections.abc import Callable
from http import HTTPStatus
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.trail import TrailUnavailable
from secret_manager import InvalidArgument, SecretManagerError
from secrets_ui.services import QuotaReached
from secrets_ui.views import errors

TIME_ZONE_COOKIE = f"{settings.COOKIE_PREFIX}time_zone"
GetResponse = Callable[[HttpRequest], HttpResponse]


def person_time_zone(get_response: GetResponse) -> GetResponse:
    """Show times in the zone that the person's browser says it is in."""

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            timezone.activate(ZoneInfo(request.COOKIES[TIME_ZONE_COOKIE]))
        except (KeyError, ValueError, OSError, ZoneInfoNotFoundError):
            timezone.deactivate()
        try:
            return get_response(request)
        finally:
            timezone.deactivate()

    return middleware


class ApiErrorMiddleware:
    """Turn an error that no view handled into a page, or a note for htmx, in plain language."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content:
            return errors.wrong_method(request, allowed=response.headers["Allow"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match exception:
            case SecretManagerError():
                return errors.api_error(request, exception)
            case TrailUnavailable():
                return errors.trail_unavailable(request, exception)
            case QuotaReached():
                return errors.quota_reached(request)
            case InvalidArgument():
                return errors.not_found(request, exception)
        return None

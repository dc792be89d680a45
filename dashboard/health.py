"""Is the process alive, and can it do its work? Neither asks the API: its trouble is not ours."""

from django.apps import apps
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from audit import trail


@require_safe
@login_not_required
def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200, or 503 with one word: the first thing that is missing."""
    for word, check in CHECKS.items():
        try:
            check()
        except (DatabaseError, ImproperlyConfigured, trail.TrailUnavailable):
            return HttpResponse(f"{word}\n", status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def _database_answers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _keys_are_there() -> None:
    if not settings.CREDENTIAL_KEYS:
        raise ImproperlyConfigured("CREDENTIAL_KEYS holds no key.")


def _emulator_answers() -> None:
    if settings.SECRET_MANAGER_IS_EMBEDDED:
        apps.get_model("emulator", "Organization").objects.exists()


CHECKS = {
    "database": _database_answers,
    "trail": trail.check,
    "keys": _keys_are_there,
    "emulator": _emulator_answers,
}

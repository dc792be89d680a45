"""An error report holds nothing of the request and no variable, whoever asks for one."""

import logging
import secrets
import sys
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils.log import AdminEmailHandler
from django.views.debug import ExceptionReporter, technical_500_response

from dashboard import logs
from tests.secrets_ui.canary import Marker

pytestmark = pytest.mark.django_db

MARKERS = {
    name: Marker(name, f"canary{secrets.token_hex(16)}".encode())
    for name in ("POST", "file", "GET", "cookie", "header", "variable", "message", "cause", "note")
}
SETTINGS = [settings.SECRET_KEY, "django.contrib.auth", str(settings.DATABASES["default"]["NAME"])]


class Reports:
    """The two reports that Django makes of an error, and the lines that are logged about it."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}
        self.of_stock = ""

    @login_not_required
    def view(self, request: HttpRequest) -> HttpResponse:
        try:
            fail(request)
        except RuntimeError:
            for accepted in ("text/html", "text/plain"):
                request.META["HTTP_ACCEPT"] = accepted
                report = technical_500_response(request, *sys.exc_info())
                self.made[accepted] = report.content.decode()
            stock = ExceptionReporter(request, *sys.exc_info())
            self.of_stock = stock.get_traceback_html() + stock.get_traceback_text()
            raise
        raise AssertionError


def fail(request: HttpRequest) -> None:
    local_variable = MARKERS["variable"].raw.decode()
    assert request.POST["value"] != local_variable
    try:
        raise LookupError(MARKERS["cause"].raw.decode())
    except LookupError as error:
        wrong = RuntimeError(f"cannot save {MARKERS['message'].raw.decode()}")
        wrong.add_note(MARKERS["note"].raw.decode())
        raise wrong from error


@pytest.fixture
def reports(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> dict[str, str]:
    """Everything said about a request that failed, with a marked value in each part of it."""
    settings.ADMINS = [("Hanako", "hanako@example.test")]
    found, mailer = Reports(), AdminEmailHandler(include_html=True)
    urls = ModuleType("failing_urls")
    urls.urlpatterns = [path("failing/", found.view)]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    settings.ROOT_URLCONF = urls.__name__
    logging.getLogger("django.request").addHandler(mailer)
    client.raise_request_exception = False
    client.cookies["theme"] = MARKERS["cookie"].raw.decode()
    try:
        answer = client.post(
            f"/failing/?q={quote(MARKERS['GET'].raw)}",
            {
                "value": MARKERS["POST"].raw.decode(),
                "file": SimpleUploadedFile("a.env", MARKERS["file"].raw),
            },
            headers={"Authorization": f"Bearer {MARKERS['header'].raw.decode()}"},
        )
    finally:
        logging.getLogger("django.request").removeHandler(mailer)
    assert answer.status_code == 500
    (sent,) = mail.outbox
    assert len(sent.alternatives) == 1
    lines = [logs.formatter().format(record) for record in caplog.records]
    return {
        **found.made,
        "answer": answer.content.decode(),
        "mail": f"{sent.subject}\n{sent.body}",
        "mail as HTML": str(sent.alternatives[0][0]),
        "Django's own reporter": found.of_stock,
        "log": "\n".join(line for line in lines if "RuntimeError" in line),
    }


def test_a_report_says_where_it_failed_and_nothing_else(reports: dict[str, str]) -> None:
    for name in ("text/html", "text/plain", "mail", "mail as HTML", "log"):
        report = reports[name]
        assert "RuntimeError" in report, name
        assert "LookupError" in report, name
        assert "test_error_reports.py:" in report, name
    for name in set(reports) - {"Django's own reporter"}:
        report = reports[name]
        leaks = [marker.name for marker in MARKERS.values() if marker.found_in(report.encode())]
        assert leaks == [], name
        assert not any(text in report for text in SETTINGS), name


def test_a_library_that_brings_djangos_own_reporter_gets_no_data_either(
    reports: dict[str, str],
) -> None:
    report = reports["Django's own reporter"]
    assert "RuntimeError" in report
    for name in ("POST", "cookie", "header", "variable"):
        assert not MARKERS[name].found_in(report.encode()), name
    assert not any(text in report for text in SETTINGS)


@pytest.mark.parametrize("debug", [True, False])
def test_it_is_the_same_whatever_debug_says(
    settings: Any, request: pytest.FixtureRequest, debug: bool
) -> None:
    settings.DEBUG = debug
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    test_a_report_says_where_it_failed_and_nothing_else(request.getfixturevalue("reports"))


def test_no_report_is_mailed_to_anybody() -> None:
    assert settings.ADMINS == settings.MANAGERS == []
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    handlers = [handler for logger in [logging.root, *loggers] for handler in logger.handlers]
    assert not any(isinstance(handler, AdminEmailHandler) for handler in handlers)

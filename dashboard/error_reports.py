"""Django's error reports (mails, debug pages), should anybody ever turn one on: without any data.

Django leaves out what decorators mark as sensitive and shows the rest: form fields, local variables,
cookies, messages of exceptions. Here any of those may be a value, so nothing of the request is shown
but its method and the view, and of an exception what tracebacks.py tells.
"""

from collections.abc import ItemsView
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter, get_caller

from dashboard.tracebacks import wordless


class WithoutData(SafeExceptionReporterFilter):
    """DEFAULT_EXCEPTION_REPORTER_FILTER: lets nothing through, whatever DEBUG says."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_safe_settings(self) -> dict[str, Any]:
        return {}

    def get_safe_request_meta(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}

    def get_cleansed_multivaluedict(self, request: HttpRequest, multivaluedict: Any) -> QueryDict:
        return QueryDict()

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return dict[str, Any]().items()


class WithoutWords(ExceptionReporter):
    """DEFAULT_EXCEPTION_REPORTER: which view failed, and the types and frames of what was raised."""

    html_template_path = Path(settings.BASE_DIR, "templates/error_reports/report.html")
    text_template_path = Path(settings.BASE_DIR, "templates/error_reports/report.txt")

    def get_traceback_data(self) -> dict[str, Any]:
        error = self.exc_value
        return {
            "method": getattr(self.request, "method", ""),
            "view": get_caller(self.request) if self.request else "",
            # Without an exception Django hands over the message of the log line instead.
            "exceptions": wordless(error) if isinstance(error, BaseException) else [],
        }

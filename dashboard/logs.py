"""What the process says about itself: one JSON object a line, on stderr.

The application and gunicorn write through the same formatter, so both are held to the same rules:
no value and no credential (redaction.py), no exception's own words (tracebacks.py), and no line
that somebody else made up, because JSON escapes line breaks and control characters.

Modules log with the standard `logging`; fields of their own go into `extra`.
"""

import logging
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.typing import EventDict, WrappedLogger

from dashboard.redaction import redacted, without_secrets
from dashboard.tracebacks import type_name, without_words_of, wordless

# Says where the audit trail ends: numbers and MACs of our own, written whatever LOG_LEVEL says.
ANCHOR = "audit.anchor"
REQUEST_ID = "X-Request-Id"
# What every record has, and the request that Django adds: the request id says which one it was.
_NO_FIELDS = {*vars(logging.makeLogRecord({})), "message", "asctime", "request"}
LEVELS = {"INFO": "each event", "WARNING": "trouble only", "ERROR": "failures only"}


def configuration(level: str) -> dict[str, Any]:
    """Return what `logging.config.dictConfig` takes, for Django (LOGGING) and for gunicorn."""
    by_gunicorn = {"handlers": ["stderr"], "propagate": False, "level": level}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "dashboard.logs.formatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers go, and with them the mails that hold a request and its variables.
            "django": {"handlers": [], "propagate": True, "level": level},
            "django.server": {"handlers": [], "propagate": True, "level": level},
            # Below warnings it writes addresses with their queries.
            "urllib3": {"level": "WARNING" if level == "INFO" else level},
            "gunicorn.error": by_gunicorn,
            "gunicorn.access": by_gunicorn,
            ANCHOR: {"level": "INFO"},
        },
    }


def formatter() -> logging.Formatter:
    """Return the formatter of every line."""
    return structlog.stdlib.ProcessorFormatter(
        # Put together below: the library would put an exception's words into the message.
        use_get_message=False,
        pass_foreign_args=True,
        processors=[_tell, structlog.processors.JSONRenderer()],
    )


def request_id(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give each answer an id that every line about it carries too, until `forget_request`."""

    def middleware(request: HttpRequest) -> HttpResponse:
        made = uuid.uuid4().hex
        # Not bound for the call only: Django and gunicorn write about an answer once it is made.
        structlog.contextvars.bind_contextvars(request_id=made)
        response = get_response(request)
        response.headers[REQUEST_ID] = made
        return response

    return middleware


def forget_request() -> None:
    """Let the next lines of this thread be about no request, or another one."""
    structlog.contextvars.clear_contextvars()


def catch_the_rest() -> None:
    """Write what Python itself would print by the same rules: its own way shows messages."""
    logger = logging.getLogger(__name__)

    def excepthook(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        logger.critical("Nobody caught this.", exc_info=(kind, error, trace))

    def in_thread(caught: threading.ExceptHookArgs) -> None:
        logger.error("Nobody caught this in a thread.", exc_info=caught.exc_value)

    def unraisable(caught: Any) -> None:
        logger.error("This could not be raised.", exc_info=caught.exc_value)

    sys.excepthook = excepthook
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable
    logging.captureWarnings(True)
    # A line that cannot be written would be shown with its arguments.
    logging.raiseExceptions = False


def _tell(_: WrappedLogger, __: str, given: EventDict) -> EventDict:
    """Begin with when, how bad, who and what; no field of a line can take the place of these."""
    record: logging.LogRecord = given["_record"]
    message = _message(given["event"], given["positional_args"])
    fields = _fields_of(record)
    error = given["exc_info"][1] if "exc_info" in given else None
    if error:
        message = without_words_of(error, message)
    if record.name != ANCHOR:
        message, fields = redacted(message), without_secrets(fields)
    first = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": message,
    }
    line = first | structlog.contextvars.get_contextvars() | fields | first
    if error:
        line["exception"] = wordless(error)
    return line


def _fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what was given as `extra`."""
    return {name: each for name, each in vars(record).items() if name not in _NO_FIELDS}


def _message(text: str, arguments: Any) -> str:
    if isinstance(arguments, Mapping):
        arguments = {name: _wordless(each) for name, each in arguments.items()}
    else:
        arguments = tuple(_wordless(each) for each in arguments)
    try:
        return text % arguments if arguments else text
    except Exception:
        return text  # arguments that do not fit, or that cannot say what they are


def _wordless(argument: Any) -> Any:
    return type_name(argument) if isinstance(argument, BaseException) else argument

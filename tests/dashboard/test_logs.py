"""What is written about a request can be read by a program, and holds no value and no credential."""

import base64
import json
import logging
import random
import re
import subprocess
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from dashboard import logs
from dashboard.redaction import GONE, MAX_CHARACTERS, is_sensitive, redacted
from tests.product_settings import settings_with
from tests.services.dashboard import PROJECT, environment_for

PLANTED = "Tr0ub4dor"
FORMATTER = logs.formatter()


def line(message: object, *arguments: object, **named: Any) -> str:
    """Return the line that a module's `logger.warning(message, …)` becomes."""
    record = logging.getLogger("a.module").makeRecord(
        named.pop("name", "a.module"),
        logging.WARNING,
        "file.py",
        1,
        message,
        arguments,
        named.pop("exc_info", None),
        extra=named,
    )
    return FORMATTER.format(record)


def told(message: object, *arguments: object, **named: Any) -> dict[str, Any]:
    return json.loads(line(message, *arguments, **named))


@pytest.fixture(autouse=True)
def no_request() -> None:
    """No request of an earlier test is what these lines are about."""
    logs.forget_request()


# One line, one object


def test_a_line_says_when_how_bad_who_and_what() -> None:
    fields = told("%s is back after %d s", "The API", 5, organization_id="141")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", fields.pop("time"))
    assert fields == {
        "level": "warning",
        "logger": "a.module",
        "event": "The API is back after 5 s",
        "organization_id": "141",
    }


@given(st.text(), st.text())
def test_no_text_makes_a_second_line_or_a_control_character(message: str, more: str) -> None:
    written = line("%s", message, note=more)
    assert written.isascii()
    assert written.isprintable()
    assert json.loads(written)["logger"] == "a.module"


def test_what_is_logged_cannot_take_the_place_of_who_logs_it() -> None:
    fields = told("seen", time="never", level="info", logger="audit.anchor", event="other")
    assert fields["logger"] == "a.module"
    assert fields["level"] == "warning"
    assert fields["event"] == "seen"
    assert fields["time"] != "never"


def test_a_message_that_does_not_fit_its_arguments_is_written_without_them() -> None:
    assert told("%d of %d", PLANTED)["event"] == "%d of %d"


def test_a_long_text_is_cut() -> None:
    assert len(told("a b " * 10_000)["event"]) == MAX_CHARACTERS + 1


# What is taken out


@pytest.mark.parametrize(
    "name",
    [
        "value",
        "secret_value",
        "password",
        "new-password",
        "personal_access_token",
        "csrfmiddlewaretoken",
        "X-CSRFToken",
        "Authorization",
        "Set-Cookie",
        "sessionid",
        "client_secret",
        "api-key",
        "APIKEY",
        "private_key",
        "client_assertion",
        "id_token",
        "code_verifier",
    ],
)
def test_a_field_named_like_a_credential_is_emptied(name: str) -> None:
    assert told("seen", **{name: PLANTED})[name] == GONE
    assert told("seen", detail={"inner": [{name: PLANTED}]})["detail"] == {"inner": [{name: GONE}]}
    for text in (f"{name}={PLANTED}", f"{name}: '{PLANTED} 2'", f'{{"{name}": "{PLANTED} 2"}}'):
        assert PLANTED not in line(text)
        assert PLANTED not in line("sent %s", text)


@pytest.mark.parametrize("name", ["secret_id", "secret_name", "organization_id", "status", "path"])
def test_a_field_that_says_what_it_was_about_stays(name: str) -> None:
    assert told("seen", **{name: "crm-webhook"})[name] == "crm-webhook"
    assert told(f"{name}=crm-webhook")["event"] == f"{name}=crm-webhook"
    assert not is_sensitive(name)


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {PLANTED}",
        f"sent with bearer {PLANTED}",
        f"Basic {PLANTED}",
        f"postgresql://owner:{PLANTED}@db/name is gone",
        f"redis://:{PLANTED}@cache",
        f"GET /accounts/sign-in/?next={PLANTED}",
        f"https://api.example.test/a?{PLANTED}",
        f"-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY----- was sent",
        f"-----BEGIN RSA PRIVATE KEY----- {PLANTED} and the rest was cut off",
        f"eyJhbGciOiJub25lIn0.{PLANTED}.{PLANTED}",
        f"eyJhbGciOiJub25lIn0.{PLANTED}.",
    ],
)
def test_a_text_that_looks_like_a_credential_is_taken_out(text: str) -> None:
    assert PLANTED not in redacted(text)
    assert GONE in redacted(text)


def test_encoded_values_are_taken_out_wherever_they_stand() -> None:
    chance = random.Random(4)
    for _ in range(300):
        raw = chance.randbytes(chance.randint(16, 60))
        for encoded in (
            base64.b64encode(raw).decode(),
            base64.urlsafe_b64encode(raw).decode().rstrip("="),
            base64.b32encode(raw).decode().rstrip("="),
            raw.hex(),
            raw.hex().upper(),
        ):
            for text in (encoded, f"got {encoded}.", f"'{encoded}'", f"x={encoded}&y=1"):
                assert encoded not in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "GET /organizations/1410000000000/secrets/1234567890123/versions/1234567890123/ 200",
        "/static/django_htmx/htmx-2.min.6b99da76b7f7.js",
        f"act {uuid.UUID(int=2**127 + 12345)}",
        "Connection pool is full: api.example.test:443",
        "accounts.middleware.SessionMiddleware",
        "Worker (pid:16892) exited with code 1.",
        "2026-11-21T23:06:38.560+00:00",
    ],
)
def test_what_log_lines_are_made_of_stays(text: str) -> None:
    assert redacted(text) == text


def test_only_plain_data_is_written() -> None:
    class Talkative:
        def __repr__(self) -> str:
            return PLANTED

    assert PLANTED not in line("seen", thing=Talkative(), things=[Talkative()])


@pytest.mark.parametrize(
    "piece",
    ["/", "a-", "eyJ.a", "-----BEGIN A", "://", "?a", "a=", "'a' : ", "token ", "a" * 60 + " "],
)
def test_no_text_takes_long_to_look_at(piece: str) -> None:
    started = time.process_time()
    redacted(piece * 10_000)
    assert time.process_time() - started < 0.2  # seconds; it takes about two thousandths


# Exceptions


def failing() -> BaseException:
    """Return an exception with a cause, a context and a group, each of which quotes a value."""

    def inner(typed: str) -> None:
        try:
            try:
                raise KeyError(typed)
            except KeyError:
                raise LookupError(f"no {typed}") from None
        except LookupError as error:
            raise RuntimeError(f"cannot save {typed}") from error

    try:
        try:
            inner(PLANTED)
        finally:
            raise ExceptionGroup(
                f"two {PLANTED}", [ValueError(PLANTED), TypeError(f"é\n{PLANTED}")]
            )
    except ExceptionGroup as error:
        error.add_note(PLANTED)
        return error


def test_an_exception_is_told_by_its_type_and_its_way() -> None:
    written = line("Saving failed.", exc_info=(type(failing()), error := failing(), None))
    assert PLANTED not in written
    found = json.loads(written)["exception"]
    assert [each["type"] for each in found] == [
        "ExceptionGroup",
        "RuntimeError",
        "ValueError",
        "TypeError",
        "LookupError",
    ]
    this = re.escape(__file__)
    assert all(re.fullmatch(rf"{this}:\d+ (failing|inner)", way) for way in found[1]["frames"])
    assert len(found[1]["frames"]) == 2
    assert error.__notes__ == [PLANTED]


def test_an_exceptions_words_are_gone_from_the_message_too() -> None:
    error = LookupError(f"{PLANTED}\né")
    exc_info = (type(error), error, None)
    for message, arguments in (
        ("%s: /path", (str(error),)),
        ("%s: /path", (str(error).encode("unicode_escape").decode(),)),
        ("%s: /path", (error,)),
        (f"{error}: /path", ()),
    ):
        assert told(message, *arguments, exc_info=exc_info)["event"] == "LookupError: /path"
    assert told("%(why)s", {"why": error})["event"] == "LookupError"


def test_exceptions_that_go_in_circles_end() -> None:
    first, second = ValueError(PLANTED), TypeError(PLANTED)
    first.__cause__, second.__cause__ = second, first
    found = told("seen", exc_info=(ValueError, first, None))["exception"]
    assert [each["type"] for each in found] == ["ValueError", "TypeError"]


# What Python itself would print


@pytest.fixture
def hooked(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    before = sys.excepthook, threading.excepthook, sys.unraisablehook, logging.raiseExceptions
    logs.catch_the_rest()
    yield caplog
    sys.excepthook, threading.excepthook, sys.unraisablehook, logging.raiseExceptions = before
    logging.captureWarnings(False)


def test_what_nobody_catches_is_a_line_like_any_other(hooked: pytest.LogCaptureFixture) -> None:
    error = failing()
    sys.excepthook(type(error), error, None)
    thread = mock.Mock(exc_type=type(error), exc_value=error, exc_traceback=None)
    threading.excepthook(thread)
    sys.unraisablehook(thread)
    assert [record.levelname for record in hooked.records] == ["CRITICAL", "ERROR", "ERROR"]
    for record in hooked.records:
        written = FORMATTER.format(record)
        assert PLANTED not in written
        assert json.loads(written)["exception"][0]["type"] == "ExceptionGroup"


def test_a_warning_is_a_line_like_any_other(hooked: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.catch_the_rest()  # pytest has put its own way back since the fixture
        warnings.warn(f"password={PLANTED}", stacklevel=1)
    (record,) = hooked.records
    assert record.name == "py.warnings"
    assert PLANTED not in FORMATTER.format(record)


@pytest.mark.usefixtures("hooked")
def test_a_line_that_cannot_be_written_is_not_shown_instead(
    capsys: pytest.CaptureFixture[str],
) -> None:
    handler = logging.StreamHandler(mock.Mock(write=mock.Mock(side_effect=OSError)))
    handler.handle(logging.makeLogRecord({"msg": "%s", "args": (PLANTED,)}))
    assert capsys.readouterr() == ("", "")


# Who writes what


@pytest.mark.parametrize("level", logs.LEVELS)
def test_the_head_of_the_trail_is_written_at_every_level(level: str, tmp_path: Path) -> None:
    loggers = settings_with(tmp_path, LOG_LEVEL=level)["LOGGING"]["loggers"]
    assert loggers["audit.anchor"] == {"level": "INFO"}


def test_failures_only_and_the_head_of_the_trail_all_the_same(tmp_path: Path) -> None:
    script = (
        "import django, logging; django.setup();"
        "logging.getLogger('audit.anchor').info('audit.head', extra={'sequence': 7});"
        "logging.getLogger('secrets_ui').warning('trouble');"
        "logging.getLogger('django.request').error('failure')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env=environment_for(
            tmp_path, LOG_LEVEL="ERROR", DJANGO_SETTINGS_MODULE="dashboard.settings"
        ),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == ""
    lines = [json.loads(each) for each in done.stderr.splitlines()]
    assert [each["event"] for each in lines] == ["audit.head", "failure"]
    assert lines[0]["sequence"] == 7


def test_the_head_of_the_trail_is_written_as_it_is() -> None:
    mac = "5f" * 32
    assert told("audit.head", name="audit.anchor", sequence=7, mac=mac)["mac"] == mac
    assert told("audit.head", name="audit.other", sequence=7, mac=mac)["mac"] == GONE


@pytest.mark.parametrize("level", logs.LEVELS)
def test_http_libraries_never_tell_addresses_or_headers(level: str, tmp_path: Path) -> None:
    configured = settings_with(tmp_path, LOG_LEVEL=level)["LOGGING"]
    urllib3 = logging.getLevelName(configured["loggers"]["urllib3"]["level"])
    assert urllib3 >= max(logging.WARNING, logging.getLevelName(level))
    assert logging.getLevelName(configured["root"]["level"]) >= logging.INFO


def test_modules_log_through_the_standard_library() -> None:
    """A logger of structlog's own would write past the formatter, to stdout."""
    packages = ("dashboard", "secret_manager", "secrets_ui", "accounts", "audit", "emulator")
    files = [path for package in packages for path in (PROJECT / package).rglob("*.py")]
    naming = [path.name for path in files if "structlog" in path.read_text()]
    assert naming == ["logs.py"]


# Requests


@pytest.mark.django_db
def test_an_answer_and_the_lines_about_it_carry_one_id(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    ids, lines = [], []
    with mock.patch.object(
        caplog.handler, "emit", lambda record: lines.append(FORMATTER.format(record))
    ):
        for _ in range(2):
            ids.append(
                client.put("/livez", headers={"X-Request-Id": PLANTED}).headers["X-Request-Id"]
            )
    logs.forget_request()
    named = [json.loads(each)["request_id"] for each in lines if "livez" in each]
    assert list(dict.fromkeys(named)) == ids
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert "request_id" not in told("between two requests")

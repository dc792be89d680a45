"""Reading what a caller sent. Everything that does not fit is a BadRequest; nothing is guessed.

Unknown keys are ignored. A key that is absent and a key that is `null` are different things: the
first leaves a field alone, the second clears it.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.http import HttpRequest, QueryDict

from emulator.errors import BadRequest
from emulator.models import SecretVersion

MAX_BODY_BYTES = 1_000_000
MAX_VALUE_BYTES = 65_536
MAX_NAME_LENGTH = 255
MAX_DESCRIPTION_LENGTH = 4_096
MAX_INTEGRATION_IDS = 100
MAX_VERSIONS = 1_000
MAX_LIMIT = 100
DEFAULT_LIMIT = 50
MAX_OFFSET = 2**31 - 1

NAME = re.compile(r"[a-zA-Z0-9_-]+")
# The platform keeps values in AWS Secrets Manager, which ends its own ARNs like this.
ARN_SUFFIX = re.compile(r".*-.{6}")
NUMBER = re.compile(r"[0-9]{1,10}")
INTEGRATION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
INTEGRATION_TYPE = "abeja-platform-labs"
# The part of ISO 8601 that RFC 3339 allows: a moment without an offset is nobody's moment.
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})"
)
FLAGS = {"": False, "false": False, "0": False, "true": True, "1": True}


@dataclass(frozen=True)
class Page:
    offset: int
    limit: int


def read_page(query: QueryDict) -> Page:
    return Page(
        offset=_read_number(query, "offset", default=0, lowest=0, highest=MAX_OFFSET),
        limit=_read_number(query, "limit", default=DEFAULT_LIMIT, lowest=1, highest=MAX_LIMIT),
    )


def wants_values(query: QueryDict) -> bool:
    """Tell whether the query asks for values; the official clients write `True`."""
    flag = FLAGS.get(query.get("return_secret_value", "").lower())
    if flag is None:
        _refuse("return_secret_value", "must be true or false")
    return flag


def read_body(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in the body."""
    if request.content_type != "application/json":
        raise BadRequest("The body must be sent as application/json.")
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
            raise BadRequest(f"The body may have at most {MAX_BODY_BYTES} bytes.")
        body = json.loads(request.body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    return body


def read_name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name:
        _refuse("name", "is necessary and must be text")
    if not NAME.fullmatch(name):
        _refuse("name", "may contain ASCII letters, digits, _ and - only")
    if ARN_SUFFIX.fullmatch(name):
        _refuse("name", "must not end with a hyphen followed by six characters")
    if len(name) > MAX_NAME_LENGTH:
        _refuse("name", f"may have at most {MAX_NAME_LENGTH} characters")
    return name


def read_value(body: dict[str, Any]) -> bytes:
    """Return the value's bytes; any bytes are allowed, only their base64 has to be exact."""
    text = body.get("value")
    if not isinstance(text, str) or not text:
        _refuse("value", "is necessary and must be text")
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    # One value has one encoding (RFC 4648, 3.5): no stray bits behind the last byte.
    if base64.b64encode(value) != text.encode(errors="replace"):
        _refuse("value", "must be base64")
    if len(value) > MAX_VALUE_BYTES:
        _refuse("value", f"may have at most {MAX_VALUE_BYTES} bytes")
    return value


def read_status(body: dict[str, Any]) -> str:
    status = body.get("status")
    if not isinstance(status, str) or status not in SecretVersion.Status.values:
        _refuse("status", "must be active or inactive")
    return status


def read_metadata(body: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a secret that the body sets or clears, ready for the model."""
    return {field: read(body[field]) for field, read in METADATA.items() if field in body}


def refuse_fixed(body: dict[str, Any]) -> None:
    """Refuse a change that would otherwise be ignored without a word."""
    if "name" in body:
        _refuse("name", "cannot be changed")
    if "value" in body:
        _refuse("value", "cannot be changed: add a version instead")


def _read_description(text: object) -> str | None:
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > MAX_DESCRIPTION_LENGTH:
        _refuse("description", f"must be text of at most {MAX_DESCRIPTION_LENGTH} characters")
    # PostgreSQL stores neither NUL nor half of a surrogate pair.
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        _refuse("description", "contains a character that is not text")
    return text


def _read_expired_at(text: object) -> datetime | None:
    if text is None:
        return None
    if not isinstance(text, str) or not MOMENT.fullmatch(text):
        _refuse("expired_at", "must be ISO 8601 with an offset, like 2030-12-31T23:59:59+09:00")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        _refuse("expired_at", "is not a moment in time")


def _read_integration_type(text: object) -> str:
    if text is None:
        return ""
    if text != INTEGRATION_TYPE:
        _refuse("integration_service_type", f"must be {INTEGRATION_TYPE}")
    return INTEGRATION_TYPE


def _read_integration_ids(given: object) -> list[str]:
    if given is None:
        return []
    if isinstance(given, str):  # abejacli sends an update's ids as one text
        given = [part.strip() for part in given.split(",") if part.strip()]
    if not isinstance(given, list) or len(given) > MAX_INTEGRATION_IDS:
        _refuse("integration_service_ids", f"must be a list of at most {MAX_INTEGRATION_IDS} ids")
    for item in given:
        if not isinstance(item, str) or not INTEGRATION_ID.fullmatch(item):
            _refuse("integration_service_ids", "contains something that is not an id")
    return list(dict.fromkeys(given))


METADATA: dict[str, Callable[[object], Any]] = {
    "description": _read_description,
    "expired_at": _read_expired_at,
    "integration_service_type": _read_integration_type,
    "integration_service_ids": _read_integration_ids,
}


def _read_number(query: QueryDict, name: str, *, default: int, lowest: int, highest: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not NUMBER.fullmatch(text) or not lowest <= int(text) <= highest:
        _refuse(name, f"must be a number between {lowest} and {highest}")
    return int(text)


def _refuse(field: str, reason: str) -> NoReturn:
    raise BadRequest(f'"{field}" {reason}.', detail=field)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON (RFC 8259, 6)")

"""What our emulator can do beyond the API document. Asked for only where the server announces it.

A server names what it knows in `Secret-Manager-Extensions`, on every answer. Each name is also the
name of the request header that uses it:

- `idempotency-key`: a POST sent again with the same key gives the first one's object.
- `if-match`: a PATCH is refused with 412 unless the secret still has this ETag (RFC 9110 §13.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .rules import InvalidArgument

IDEMPOTENCY_KEY = "idempotency-key"
IF_MATCH = "if-match"

_KNOWN = frozenset({IDEMPOTENCY_KEY, IF_MATCH})
_ANNOUNCEMENT = "secret-manager-extensions"
_ETAG = re.compile(r"[\x21-\x7e]{1,200}")


def announced(headers: Mapping[str, str]) -> frozenset[str]:
    """The extensions an answer announces, of those known here. headers: names in lower case."""
    offered = headers.get(_ANNOUNCEMENT, "").lower().split(",")
    return _KNOWN.intersection(name.strip() for name in offered)


def etag(headers: Mapping[str, str]) -> str | None:
    """The answer's ETag, or None where there is none that a header could carry back."""
    offered = headers.get("etag", "")
    return offered if _ETAG.fullmatch(offered) else None


def check_etag(given: str) -> str:
    """Return the ETag; raise InvalidArgument unless it is 1 to 200 visible ASCII characters."""
    if not isinstance(given, str) or _ETAG.fullmatch(given) is None:
        raise InvalidArgument("This is not a valid ETag.", "if_match")
    return given

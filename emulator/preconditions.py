"""`ETag` and `If-Match`, an extension of ours: change a secret only if it is still the one you saw.

An entity tag stands for what PATCH can change. Versions have their own life: one that was added or
turned off meanwhile takes nothing away from a change of the description, so it is no conflict.
"""

import hashlib
import json
import re

from django.http import HttpRequest

from emulator.errors import BadRequest, PreconditionFailed
from emulator.models import Secret
from emulator.payloads import secret_payload

# RFC 9110, 8.8.3 and 5.6.1.2: recipients pass over empty elements of a list.
ETAG = re.compile(r'(?:W/)?"[!#-~\x80-\xff]*"')
ETAGS = re.compile(rf"[ \t,]*(?:{ETAG.pattern}[ \t]*(?:,[ \t,]*|\Z))+")


def etag_of(secret: Secret) -> str:
    """Return the strong entity tag of a secret's own fields, `updated_at` included."""
    fields = secret_payload(secret, versions=[], with_values=False)
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
    return f'"{digest[:32]}"'


def require_match(request: HttpRequest, secret: Secret) -> None:
    """Refuse to go on unless `If-Match` is absent or names `secret`, whose row must be locked.

    The comparison is strong (RFC 9110, 13.1.1): a weak entity tag never matches.

    Raises:
        BadRequest: neither `*` nor a list of entity tags.
        PreconditionFailed: the secret is another than those listed.
    """
    expected = request.headers.get("If-Match")
    if expected is None or expected.strip() == "*":
        return
    if not ETAGS.fullmatch(expected):
        raise BadRequest("If-Match must be * or a list of entity tags.", detail="If-Match")
    if etag_of(secret) not in ETAG.findall(expected):
        raise PreconditionFailed(
            "The secret was changed since it was read, and was left as it is.", detail="If-Match"
        )

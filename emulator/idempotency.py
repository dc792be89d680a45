"""`Idempotency-Key`, an extension of ours: a POST that is sent again makes nothing again.

What a key made is written down in the transaction that makes it, so neither is ever there without
the other, and only successes are remembered. The answer itself is not kept, because it may hold a
value: a repeat is answered from the object as it is now.
"""

import hmac
import re
from datetime import timedelta
from typing import TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from emulator import crypto
from emulator.endpoint import Call
from emulator.errors import BadRequest, KeyReused, KeySpent
from emulator.models import IdempotentRequest, Secret, SecretVersion

HEADER = "Idempotency-Key"
KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
KEPT = timedelta(hours=24)
# Each request forgets more than the one it adds, and none of them ever pays for a whole day.
FORGOTTEN_AT_ONCE = 50

Made = TypeVar("Made", Secret, SecretVersion)


def claim(call: Call, new_id: str, *, among: QuerySet[Made]) -> Made | None:
    """Return what this request made when it came before, or None for the caller to make `new_id`.

    It comes first in the transaction that makes the object: a repeat that arrives meanwhile waits
    here for its end. `among` is where an earlier object may be found.

    Raises:
        BadRequest: a key of another form.
        KeyReused: the key came with another request.
        KeySpent: what the key made was deleted.
        KeyMissing: the key of EMULATOR_KEYS that could compare the two requests was taken out, so
            nobody can tell: better no answer than a second object or a wrong conflict.
    """
    key = call.request.headers.get(HEADER)
    if key is None:
        return None
    if not KEY.fullmatch(key):
        raise BadRequest(f"{HEADER} must be 1 to 64 of A-Z, a-z, 0-9, _ and -.", detail=HEADER)
    _forget_old_requests()
    key_id = crypto.current_key_id()
    first, is_new = IdempotentRequest.objects.get_or_create(
        organization_id=call.caller.organization_id,
        idempotency_key=key,
        defaults={
            "fingerprint": _fingerprint(call.request, key_id),
            "key_id": key_id,
            "object_id": new_id,
        },
    )
    if is_new:
        return None
    # Under the key of then, whichever is the newest now: the keys may have been rotated.
    if not hmac.compare_digest(first.fingerprint, _fingerprint(call.request, first.key_id)):
        raise KeyReused(f"This {HEADER} came with another request before.", detail=HEADER)
    made = among.filter(pk=first.object_id).first()
    if made is None:
        raise KeySpent(f"What this {HEADER} made was deleted since.", detail=HEADER)
    return made


def _fingerprint(request: HttpRequest, key_id: str) -> str:
    parts = (str(request.method).encode(), request.path_info.encode(), request.body)
    # Neither a method nor an address of this API contains a line break, so this is unambiguous.
    return crypto.fingerprint(b"\n".join(parts), key_id=key_id)


def _forget_old_requests() -> None:
    old = IdempotentRequest.objects.filter(created_at__lt=timezone.now() - KEPT)
    # Rows that another request is forgetting right now are left to it, not waited for.
    unlocked = old.order_by("created_at").select_for_update(skip_locked=True)
    ids = list(unlocked.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    IdempotentRequest.objects.filter(pk__in=ids).delete()

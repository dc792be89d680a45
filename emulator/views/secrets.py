"""The five operations on secrets. Lists are newest first, so are the versions inside a secret."""

from django.db import IntegrityError, transaction
from django.http import JsonResponse
from django.utils import timezone

from emulator import idempotency, parameters
from emulator.db_router import DATABASE
from emulator.endpoint import Call
from emulator.errors import Conflict
from emulator.models import Secret, SecretVersion
from emulator.payloads import secret_payload
from emulator.preconditions import etag_of, require_match
from emulator.queries import versions_of


def list_secrets(call: Call) -> JsonResponse:
    """GET …/secrets"""
    page = parameters.read_page(call.request.GET)
    with_values = parameters.wants_values(call.request.GET)
    # The id makes the order total where two secrets were created in the same microsecond.
    ordered = call.secrets().order_by("-created_at", "-id")
    found = list(ordered[page.offset : page.offset + page.limit + 1])
    secrets, has_next = found[: page.limit], len(found) > page.limit
    versions = versions_of(secrets, with_values=with_values)
    return JsonResponse(
        {
            "organization_id": call.caller.organization_id,
            "secrets": [
                secret_payload(secret, versions[secret.id], with_values=with_values)
                for secret in secrets
            ],
            "offset": page.offset,
            "limit": page.limit,
            "has_next": has_next,
        }
    )


def create_secret(call: Call) -> JsonResponse:
    """POST …/secrets. The answer holds the value, as the platform's does, without being asked."""
    body = parameters.read_body(call.request)
    now = timezone.now()
    secret = Secret(
        organization_id=call.caller.organization_id,
        user_id=call.caller.user_id,
        name=parameters.read_name(body),
        last_version=1,
        created_at=now,
        updated_at=now,
        **parameters.read_metadata(body),
    )
    version = SecretVersion.build(
        secret=secret, number=1, value=parameters.read_value(body), created_at=now
    )
    try:
        with transaction.atomic(using=DATABASE):
            earlier = idempotency.claim(call, secret.id, among=call.secrets())
            if earlier is None:
                secret.save(force_insert=True)
                version.save(force_insert=True)
    except IntegrityError:
        if not call.secrets().filter(name=secret.name).exists():
            raise
        raise Conflict("A secret with this name already exists.", detail="name") from None
    # Of a secret made earlier, too, only the value that this request brought is shown.
    made, versions = (
        (secret, [version]) if earlier is None else (earlier, earlier.versions.filter(number=1))
    )
    return JsonResponse(secret_payload(made, versions, with_values=True), status=201)


def get_secret(call: Call, *, secret_id: str) -> JsonResponse:
    """GET …/secrets/{secret_id}"""
    with_values = parameters.wants_values(call.request.GET)
    return _one(call.secret(secret_id), with_values=with_values)


def update_secret(call: Call, *, secret_id: str) -> JsonResponse:
    """PATCH …/secrets/{secret_id}. Only what the body names changes; `null` clears."""
    body = parameters.read_body(call.request)
    parameters.refuse_fixed(body)
    given = parameters.read_metadata(body)
    with_values = parameters.wants_values(call.request.GET)
    with transaction.atomic(using=DATABASE):
        secret = call.secret(secret_id, for_update=True)
        require_match(call.request, secret)
        changed = {field: new for field, new in given.items() if getattr(secret, field) != new}
        if changed:
            for field, new in changed.items():
                setattr(secret, field, new)
            secret.updated_at = timezone.now()
            secret.save(update_fields=[*changed, "updated_at"])
    return _one(secret, with_values=with_values)


def delete_secret(call: Call, *, secret_id: str) -> JsonResponse:
    """DELETE …/secrets/{secret_id}. Its versions go with it."""
    with transaction.atomic(using=DATABASE):
        call.secret(secret_id, for_update=True).delete()
    return JsonResponse({"message": f"secret_id {secret_id} successfully deleted"})


def _one(secret: Secret, *, with_values: bool) -> JsonResponse:
    versions = versions_of([secret], with_values=with_values)[secret.id]
    payload = secret_payload(secret, versions, with_values=with_values)
    return JsonResponse(payload, headers={"ETag": etag_of(secret)})

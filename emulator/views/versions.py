"""The five operations on the versions of a secret."""

from django.db import transaction
from django.http import JsonResponse
from django.utils import timezone

from emulator import idempotency, parameters
from emulator.db_router import DATABASE
from emulator.endpoint import Call
from emulator.errors import BadRequest, NotFound
from emulator.models import Secret, SecretVersion, new_id
from emulator.payloads import version_payload
from emulator.queries import by_number, without_values


def list_versions(call: Call, *, secret_id: str) -> JsonResponse:
    """GET …/versions, newest first."""
    page = parameters.read_page(call.request.GET)
    with_values = parameters.wants_values(call.request.GET)
    versions = by_number(call.secret(secret_id).versions.all())
    count = versions.count()
    shown = versions if with_values else without_values(versions)
    found = list(shown[page.offset : page.offset + page.limit + 1])
    return JsonResponse(
        {
            "versions": [
                version_payload(version, with_value=with_values) for version in found[: page.limit]
            ],
            "pagination": {
                "count": count,
                "has_next": len(found) > page.limit,
                "limit": page.limit,
                "offset": page.offset,
            },
        }
    )


def create_version(call: Call, *, secret_id: str) -> JsonResponse:
    """POST …/versions. The answer holds the value only where the query asks for it."""
    value = parameters.read_value(parameters.read_body(call.request))
    with_value = parameters.wants_values(call.request.GET)
    version_id = new_id()
    ours = SecretVersion.objects.filter(secret__in=call.secrets()).select_related("secret")
    with transaction.atomic(using=DATABASE):
        version = idempotency.claim(call, version_id, among=ours)
        if version is None:
            # The lock on the secret makes its counter safe: two callers never get one number.
            secret = call.secret(secret_id, for_update=True)
            version = _add_version(secret, version_id=version_id, value=value)
    return JsonResponse(version_payload(version, with_value=with_value), status=201)


def get_version(call: Call, *, secret_id: str, version_id: str) -> JsonResponse:
    """GET …/versions/{version_id}"""
    with_value = parameters.wants_values(call.request.GET)
    version = _version(call.secret(secret_id), version_id)
    return JsonResponse(version_payload(version, with_value=with_value))


def update_version(call: Call, *, secret_id: str, version_id: str) -> JsonResponse:
    """PATCH …/versions/{version_id}. Turns a version on or off; others keep their status."""
    status = parameters.read_status(parameters.read_body(call.request))
    with_value = parameters.wants_values(call.request.GET)
    with transaction.atomic(using=DATABASE):
        version = _version(call.secret(secret_id, for_update=True), version_id)
        if version.status != status:
            version.status = status
            version.updated_at = timezone.now()
            version.save(update_fields=["status", "updated_at"])
    return JsonResponse(version_payload(version, with_value=with_value))


def delete_version(call: Call, *, secret_id: str, version_id: str) -> JsonResponse:
    """DELETE …/versions/{version_id}"""
    with transaction.atomic(using=DATABASE):
        _version(call.secret(secret_id, for_update=True), version_id).delete()
    return JsonResponse({"message": f"secret_version_id {version_id} successfully deleted"})


def _add_version(secret: Secret, *, version_id: str, value: bytes) -> SecretVersion:
    if secret.versions.count() >= parameters.MAX_VERSIONS:
        raise BadRequest(
            f"A secret may have at most {parameters.MAX_VERSIONS} versions: delete one first."
        )
    secret.last_version += 1
    secret.save(update_fields=["last_version"])
    version = SecretVersion.build(
        id=version_id,
        secret=secret,
        number=secret.last_version,
        value=value,
        created_at=timezone.now(),
    )
    version.save(force_insert=True)
    return version


def _version(secret: Secret, version_id: str) -> SecretVersion:
    version = secret.versions.filter(id=version_id).first()
    if version is None:
        raise NotFound
    return version

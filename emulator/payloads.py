"""What the API answers, key by key as the platform does."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from emulator.models import Secret, SecretVersion

PROVIDER = "aws-secret-manager"


def secret_payload(
    secret: Secret, versions: Iterable[SecretVersion], *, with_values: bool
) -> dict[str, Any]:
    return {
        "id": secret.id,
        "organization_id": secret.organization_id,
        "user_id": secret.user_id,
        "name": secret.name,
        "description": secret.description,
        "properties": None,
        "provider": PROVIDER,
        "rotation": False,
        "integration_service_type": secret.integration_service_type or None,
        "integration_service_ids": secret.integration_service_ids,
        "expired_at": _moment(secret.expired_at, timespec="auto") if secret.expired_at else None,
        "created_at": _moment(secret.created_at),
        "updated_at": _moment(secret.updated_at),
        "versions": [version_payload(version, with_value=with_values) for version in versions],
    }


def version_payload(version: SecretVersion, *, with_value: bool) -> dict[str, Any]:
    """`value` is always a key: base64 where it was asked for, null otherwise."""
    return {
        "id": version.id,
        "organization_id": version.secret.organization_id,
        "secret_id": version.secret_id,
        "value": base64.b64encode(version.value()).decode() if with_value else None,
        "version": version.number,
        "status": version.status,
        "provider": PROVIDER,
        "created_at": _moment(version.created_at),
        "updated_at": _moment(version.updated_at),
    }


def _moment(moment: datetime, *, timespec: str = "microseconds") -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"

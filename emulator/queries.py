"""Which versions an answer shows, and what of them is read for it."""

from django.db.models import QuerySet

from emulator.models import Secret, SecretVersion


def by_number(versions: QuerySet[SecretVersion]) -> QuerySet[SecretVersion]:
    return versions.order_by("-number")


def without_values(versions: QuerySet[SecretVersion]) -> QuerySet[SecretVersion]:
    """Leave the encrypted values in the database where the answer has no use for them."""
    return versions.defer("ciphertext", "nonce", "key_id")


def versions_of(secrets: list[Secret], *, with_values: bool) -> dict[str, list[SecretVersion]]:
    """Return the versions of each secret, newest first, from one query."""
    versions = by_number(SecretVersion.objects.filter(secret__in=secrets))
    found: dict[str, list[SecretVersion]] = {secret.id: [] for secret in secrets}
    by_id = {secret.id: secret for secret in secrets}
    for version in versions if with_values else without_values(versions):
        version.secret = by_id[version.secret_id]
        found[version.secret_id].append(version)
    return found

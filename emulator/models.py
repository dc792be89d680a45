"""What the emulator stores: values only as `crypto` seals them, tokens only as hashes."""

import secrets
from datetime import datetime

from django.db import models
from django.utils import timezone

from emulator import crypto


def new_id() -> str:
    """Return a random id of thirteen digits, as the platform's are."""
    return str(10**12 + secrets.randbelow(9 * 10**12))


class Organization(models.Model):
    id = models.CharField(max_length=20, primary_key=True, default=new_id)
    name = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


class Token(models.Model):
    """One credential of one person or datasource; it reaches exactly one organization."""

    class Kind(models.TextChoices):
        BEARER = "bearer"
        PERSONAL = "personal"
        DATASOURCE = "datasource"

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=10, choices=Kind)
    principal = models.CharField(max_length=80)
    # What the caller shows openly and the row is looked up by: see `auth._public_part`.
    public_id = models.CharField(max_length=80, db_index=True)
    token_hash = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} token {self.pk} of {self.principal}"


class Secret(models.Model):
    id = models.CharField(max_length=20, primary_key=True, default=new_id)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="secrets")
    user_id = models.CharField(max_length=80)
    name = models.CharField(max_length=255)
    # The API tells a description that is empty from one that was never given.
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    expired_at = models.DateTimeField(null=True, blank=True)
    integration_service_type = models.CharField(max_length=64, blank=True)
    integration_service_ids = models.JSONField(default=list, blank=True)
    # A counter, not a maximum: the number of a deleted version is never given again.
    last_version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="unique_secret_name"),
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="secret_list_order"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


class SecretVersion(models.Model):
    class Status(models.TextChoices):
        ACTIVE = "active"
        INACTIVE = "inactive"

    id = models.CharField(max_length=20, primary_key=True, default=new_id)
    secret = models.ForeignKey(Secret, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    ciphertext = models.BinaryField()
    nonce = models.BinaryField()
    key_id = models.CharField(max_length=16, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["secret", "number"], name="unique_version_number"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} ({self.id})"

    @classmethod
    def build(
        cls,
        *,
        secret: Secret,
        number: int,
        value: bytes,
        created_at: datetime,
        status: str = Status.ACTIVE,
        id: str | None = None,
    ) -> "SecretVersion":
        """Return a version, not saved yet, that holds `value` encrypted."""
        version = cls(
            id=id or new_id(),
            secret=secret,
            number=number,
            status=status,
            created_at=created_at,
            updated_at=created_at,
        )
        version.put(crypto.seal(value, place=version.place))
        return version

    @property
    def place(self) -> crypto.Place:
        return crypto.Place(self.secret.organization_id, self.secret_id, self.id)

    @property
    def sealed(self) -> crypto.Sealed:
        # PostgreSQL's driver hands bytes out as a memoryview.
        return crypto.Sealed(bytes(self.ciphertext), bytes(self.nonce), self.key_id)

    def put(self, sealed: crypto.Sealed) -> None:
        self.ciphertext, self.nonce, self.key_id = sealed.ciphertext, sealed.nonce, sealed.key_id

    def value(self) -> bytes:
        """Return the value in clear; raises what `crypto.unseal` raises."""
        return crypto.unseal(self.sealed, place=self.place)


class IdempotentRequest(models.Model):
    """A POST that carried an Idempotency-Key and succeeded: see `idempotency`."""

    organization = models.ForeignKey(Organization, models.CASCADE)
    idempotency_key = models.CharField(max_length=64)
    # Of the whole request, so of a value too: never a hash that can be made without a key.
    fingerprint = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)
    # No foreign key: were the row to go with what was made, a repeat would make it again.
    object_id = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "idempotency_key"], name="unique_idempotency_key"
            ),
        ]

    def __str__(self) -> str:
        return f"request that made {self.object_id}"

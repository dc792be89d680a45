import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Intent(models.Model):
    """A write that somebody asked for, kept until it is known how it ended. It never holds a value.

    One form is one intent (`nonce`), so a form that arrives twice is acted on once. `sent_at` is kept as
    long as what was sent may still have happened, also while the form is worked on anew.
    """

    class State(models.TextChoices):
        CLAIMED = "claimed"  # being worked on, and nothing has been sent yet
        SENT = "sent"  # being worked on, or left behind by a process that died
        UNKNOWN = "unknown"  # looked up, and still not known
        SAVED = "saved"
        NOT_SAVED = "not_saved"
        TAKEN = "taken"  # somebody else has a secret of this name
        UNSURE = "unsure"  # something is there, and only a person can tell whose it is

    nonce = models.CharField(max_length=64)
    person_id = models.BigIntegerField()
    organization_id = models.CharField(max_length=64)
    # Not the nonce: that stands in addresses, and two people may have the same one.
    idempotency_key = models.UUIDField(default=uuid.uuid4)
    state = models.CharField(max_length=10, choices=State, default=State.CLAIMED)
    claimed_at = models.DateTimeField(auto_now_add=True)  # the first time
    working_since = models.DateTimeField(default=timezone.now)  # the last time
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    action = models.CharField(max_length=40, blank=True)
    secret_id = models.CharField(max_length=64, blank=True)
    secret_name = models.CharField(max_length=255, blank=True)
    version_id = models.CharField(max_length=64, blank=True)
    known_version_ids = models.JSONField(default=list)
    before = models.JSONField(default=dict)
    wanted = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person_id", "organization_id", "nonce"],
                name="secrets_ui_one_intent_per_form",
            )
        ]
        indexes = [models.Index(fields=["person_id", "organization_id", "state"])]

    def __str__(self) -> str:
        return f"{self.action or 'intent'} {self.secret_name} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in {self.State.SENT, self.State.UNKNOWN}


class Lease(models.Model):
    """Who edits a secret right now, so that edits of one secret go one after the other.

    A row instead of a held transaction: on SQLite that would stop every other writer for as long as
    the API takes, the audit trail included.
    """

    organization_id = models.CharField(max_length=64)
    secret_id = models.CharField(max_length=64)
    owner = models.UUIDField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "secret_id"], name="secrets_ui_one_lease_per_secret"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization_id}/{self.secret_id} until {self.until}"


class Note(models.Model):
    """What the dashboard knows of a secret and the platform does not: ours, and shown as ours.

    The name stands beside the id, so that a secret created again under its name can take the note over.
    """

    organization_id = models.CharField(max_length=64)
    secret_id = models.CharField(max_length=64)
    secret_name = models.CharField(max_length=255)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    labels = models.JSONField(default=list, blank=True)
    how_to_renew = models.TextField(blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "secret_id"], name="secrets_ui_one_note_per_secret"
            )
        ]
        indexes = [models.Index(fields=["organization_id", "secret_name"])]

    def __str__(self) -> str:
        return f"{self.organization_id}/{self.secret_name}"


class Favourite(models.Model):
    """A secret that one person wants at hand."""

    person_id = models.BigIntegerField()
    organization_id = models.CharField(max_length=64)
    secret_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person_id", "organization_id", "secret_id"],
                name="secrets_ui_one_favourite_per_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.organization_id}/{self.secret_id}"


class SavedView(models.Model):
    """A list address that one person gave a name: `query` is what stands behind its question mark."""

    person_id = models.BigIntegerField()
    organization_id = models.CharField(max_length=64)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["person_id", "organization_id", "name"],
                name="secrets_ui_one_view_per_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Visit(models.Model):
    """What one person last saw of an organization: packed metadata, never a value.

    `latest` is what they see now. It becomes `baseline` when they come back after a while, and that is
    what "since your last visit" compares with.
    """

    person_id = models.BigIntegerField()
    organization_id = models.CharField(max_length=64)
    latest_at = models.DateTimeField()
    latest = models.BinaryField()
    baseline_at = models.DateTimeField(null=True)
    baseline = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person_id", "organization_id"], name="secrets_ui_one_visit_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.organization_id} {self.latest_at}"


class Notice(models.Model):
    """One reminder of one expiry, at one threshold, over one channel. `sent_at` is set once it was taken.

    days: how many days before the expiry it is due. channel: `email:` and an address, or `webhook`.
    """

    organization_id = models.CharField(max_length=64)
    secret_id = models.CharField(max_length=64)
    expired_at = models.DateTimeField()
    days = models.IntegerField()
    channel = models.CharField(max_length=330)
    digest = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "secret_id", "expired_at", "days", "channel"],
                name="secrets_ui_one_notice_per_threshold",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization_id}/{self.secret_id} {self.days} {self.channel}"

import uuid

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

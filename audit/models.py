from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    """How an act ended, as far as is known."""

    ATTEMPTED = "attempted"
    OK = "ok"
    DENIED = "denied"
    FAILED = "failed"
    UNKNOWN = "unknown"


def validate_printable(text: str) -> None:
    """Refuse what can break a line or turn its direction; the wide space of Japanese is neither."""
    if not text.replace("\u3000", " ").isprintable():
        raise ValidationError(_("This holds characters that cannot be printed."))


class EventQuerySet(models.QuerySet["Event"]):
    """Reads, and takes in one line at a time: `chain.append` makes it follow on the one before."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is append-only: an event cannot be changed.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is append-only: an event cannot be changed.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit trail is append-only: an event cannot be deleted.")

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is a chain: events are added one by one.")


class Event(models.Model):
    """One line of the audit trail: facts and names, never a value or a credential.

    An act has two lines with the same `act`: `attempted`, committed before anything is asked of the
    API, and its outcome, committed before the person sees a result. What is over when it is known
    (a refusal, somebody signing out) has one line.
    """

    # Gapless from 1. `previous`, `mac` and `key_id` are explained in `audit.chain`.
    sequence = models.BigIntegerField(primary_key=True)
    act = models.UUIDField()
    at = models.DateTimeField(db_index=True)
    action = models.CharField(max_length=40)
    outcome = models.CharField(max_length=10, choices=Outcome)
    actor = models.CharField(max_length=150, validators=[validate_printable])
    actor_address = models.GenericIPAddressField(null=True, blank=True)
    # No foreign key: the line stays when the account goes.
    person_id = models.BigIntegerField(null=True, blank=True)
    organization_id = models.CharField(max_length=64, blank=True)
    api_identity = models.CharField(max_length=80, blank=True, validators=[validate_printable])
    secret_id = models.CharField(max_length=64, blank=True)
    secret_name = models.CharField(max_length=255, blank=True, validators=[validate_printable])
    version_id = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=255, blank=True, validators=[validate_printable])
    reason = models.CharField(max_length=255, blank=True, validators=[validate_printable])
    previous = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)

    objects = EventQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["organization_id", "secret_id", "at"]),
            models.Index(fields=["person_id", "at"]),
            models.Index(fields=["action", "at"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["act", "outcome"], name="audit_one_line_per_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.action} {self.outcome}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The audit trail is append-only: an event cannot be changed.")
        # SQLite keeps texts of any length; a fact that is longer than any fact can be is none.
        self.clean_fields()
        # Otherwise a number that is taken would mean its line is written over.
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is append-only: an event cannot be deleted.")


class Head(models.Model):
    """The end of the chain: one row, locked while a line is added. `migrate` makes it, once."""

    ONLY = 1

    sequence = models.BigIntegerField()
    mac = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence} {self.mac}"


class Checkpoint(models.Model):
    """Where the chain begins once its oldest lines went into an archive: the last line removed.

    At most one row. Its own code, made with an audit key, shows that the removal was ours.
    """

    ONLY = 1

    sequence = models.BigIntegerField()
    mac = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)
    signature = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence} {self.mac}"

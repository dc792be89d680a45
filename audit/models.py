from typing import Any, NoReturn

from django.db import models


class Outcome(models.TextChoices):
    """How an act ended, as far as is known."""

    ATTEMPTED = "attempted"
    OK = "ok"
    DENIED = "denied"
    FAILED = "failed"
    UNKNOWN = "unknown"


class EventQuerySet(models.QuerySet["Event"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is append-only: an event cannot be changed.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit trail is append-only: an event cannot be deleted.")


class Event(models.Model):
    """One line of the audit trail: facts and names, never a value or a credential.

    An act has two lines with the same `act`: `attempted`, committed before anything is asked of the
    API, and its outcome, committed before the person sees a result.
    """

    act = models.UUIDField()
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    action = models.CharField(max_length=40)
    outcome = models.CharField(max_length=10, choices=Outcome)
    actor = models.CharField(max_length=150)
    actor_address = models.GenericIPAddressField(null=True)
    organization_id = models.CharField(max_length=64)
    api_identity = models.CharField(max_length=80, blank=True)
    secret_id = models.CharField(max_length=64, blank=True)
    secret_name = models.CharField(max_length=255, blank=True)
    version_id = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=255, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization_id", "secret_id", "at"])]
        constraints = [
            models.UniqueConstraint(fields=["act", "outcome"], name="audit_one_line_per_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.action} {self.outcome}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The audit trail is append-only: an event cannot be changed.")
        # SQLite keeps texts of any length; a fact that is longer than any fact can be is none.
        self.clean_fields(exclude={"actor_address"})
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is append-only: an event cannot be deleted.")

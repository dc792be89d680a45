from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.crypto import salted_hmac

from accounts.roles import Role


class PersonManager(UserManager["Person"]):
    def create_superuser(self, *args: Any, **fields: Any) -> "Person":
        """Make the first account of a new dashboard: it may do everything."""
        return super().create_superuser(*args, **{"role": Role.ADMINISTRATOR, **fields})


class Person(AbstractUser):
    """Somebody who signs in. What they may do at the API is up to their credential as well.

    Whoever comes through single sign-on is known by `issuer` and `subject`, and their `username` is a
    hash of both. An account that is kept here has neither.
    """

    name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=20, choices=Role, blank=True)
    issuer = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    last_seen_at = models.DateTimeField(null=True)
    # What they read pages in, for what is sent to them; blank for the dashboard's own language.
    language = models.CharField(max_length=10, blank=True)
    # Counted up to end every session of this person at once.
    epoch = models.PositiveIntegerField(default=0)

    # Set on a person that was read from the cache, which holds no password hash.
    cached_session_auth_hash: str | None = None

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"],
                condition=~models.Q(issuer=""),
                name="accounts_one_person_per_identity",
            )
        ]

    @property
    def display_name(self) -> str:
        """What the pages and the audit trail call this person."""
        return self.name or self.username

    @property
    def is_kept_here(self) -> bool:
        """Tell whether this account has a password here, instead of coming from single sign-on."""
        return not self.issuer

    def get_session_auth_hash(self) -> str:
        """Sessions end when this changes: with the password, and with `epoch`."""
        return self.cached_session_auth_hash or self._session_hash(super().get_session_auth_hash())

    def _session_hash(self, of_password: str) -> str:
        return salted_hmac(
            "accounts.person.epoch", f"{of_password}.{self.epoch}", algorithm="sha256"
        ).hexdigest()

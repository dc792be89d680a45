from django.contrib.auth.models import AbstractUser


class Person(AbstractUser):
    """Somebody who signs in to the dashboard. What they may do at the API is up to their credential."""

    # Set on a person that was read from the cache, which holds no password hash.
    cached_session_auth_hash: str | None = None

    def get_session_auth_hash(self) -> str:
        return self.cached_session_auth_hash or super().get_session_auth_hash()

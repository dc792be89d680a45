from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Person
from accounts.roles import Role


@pytest.fixture
def client_with(db: None) -> Callable[[str], Client]:
    """Call it with a role, and get the browser of somebody who has just signed in with it."""

    def sign_in(role: str) -> Client:
        client = Client()
        client.force_login(Person.objects.create_user(f"the-{role}", role=role))
        return client

    return sign_in


@pytest.fixture
def auditor(client_with: Callable[[str], Client]) -> Client:
    """Somebody who sees the trail and nothing else."""
    return client_with(Role.AUDITOR)


@pytest.fixture
def administrator(client_with: Callable[[str], Client]) -> Client:
    """Somebody who sees the trail, and the secrets that it names."""
    return client_with(Role.ADMINISTRATOR)

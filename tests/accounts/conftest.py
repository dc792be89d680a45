from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Person
from accounts.roles import Role
from tests.product_settings import settings_with
from tests.services.processes import free_port

PASSWORD = "hanako's password"


@pytest.fixture
def person(db: None) -> Person:
    return Person.objects.create_user("hanako", password=PASSWORD, role=Role.ADMINISTRATOR)


@pytest.fixture
def signed_in(person: Person) -> Client:
    """A browser in which the person has signed in, through the page."""
    client = Client()
    answer = client.post("/accounts/sign-in/", {"username": "hanako", "password": PASSWORD})
    assert answer.status_code == 302
    return client


@pytest.fixture
def lose_redis(settings: Settings, tmp_path: Path):
    """Go on with the product's Redis settings, and with no Redis there."""

    def lose() -> None:
        address = f"redis://127.0.0.1:{free_port()}/0"
        settings.CACHES = settings_with(tmp_path, CACHE_URL=address)["CACHES"]

    return lose

"""What the environment names is what the tests run on."""

import os

import pytest
from django.core.cache import cache
from django.db import connections

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]


@pytest.mark.parametrize(
    ("database", "variable"), [("default", "DATABASE_URL"), ("emulator", "EMULATOR_DATABASE_URL")]
)
def test_the_database_is_the_one_that_is_set(database: str, variable: str) -> None:
    scheme = os.environ.get(variable, "sqlite:").partition(":")[0]
    with connections[database].cursor() as cursor:
        cursor.execute("SELECT 1")
    assert connections[database].vendor == scheme


def test_the_cache_is_the_one_that_is_set() -> None:
    cache.set("which", "this one")
    assert cache.get("which") == "this one"
    assert hasattr(cache, "client") == ("CACHE_URL" in os.environ)

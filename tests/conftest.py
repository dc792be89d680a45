import os
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db.models.signals import post_migrate
from django.urls import get_resolver
from hypothesis import settings

from secrets_ui.catalog import background, memory, refreshing

BEGIN = refreshing.begin

# A busy machine makes no test fail, and a run that failed can be repeated as it was.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

# Playwright runs an event loop in the test's thread, where Django would refuse the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


# What takes minutes begins first, so that no processor waits for the other one at the end.
LONGEST = (
    *("tests/services/test_postgresql_and_redis.py", "tests/dashboard/test_serving.py"),
    *("tests/browser/", "tests/sso/", "tests/contract/"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def give_the_trail_its_head(using: str, **kwargs: object) -> None:
    """After a test that commits, every table is emptied, of what a migration made in it as well."""
    if using == "default":
        apps.get_model("audit", "Head").objects.get_or_create(
            id=1, defaults={"sequence": 0, "mac": "0" * 64}
        )


post_migrate.connect(give_the_trail_its_head)


@pytest.fixture(scope="session", autouse=True)
def addresses() -> None:
    """Addresses depend on AUTH_MODE when they are first read: read them before any test changes it."""
    assert get_resolver().url_patterns


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """People, sessions and catalogs of one test are never remembered in the next."""
    cache.clear()
    memory.forget_all()
    yield
    cache.clear()
    memory.forget_all()


@pytest.fixture(autouse=True)
def no_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalogs are not read beside what a test looks at; `catalog` reads them."""
    monkeypatch.setattr(refreshing, "begin", lambda shelf, connection, expected: False)


@pytest.fixture
def catalog(no_catalog: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalogs are read at once, by whoever asks first, on the test's own connection to the database."""
    monkeypatch.setattr(refreshing, "begin", BEGIN)
    monkeypatch.setattr(background, "start", lambda work: work())

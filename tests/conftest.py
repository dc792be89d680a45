import os
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from hypothesis import settings

# A busy machine makes no test fail, and a run that failed can be repeated as it was.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

# Playwright runs an event loop in the test's thread, where Django would refuse the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """People and sessions of one test are never remembered in the next."""
    cache.clear()
    yield
    cache.clear()

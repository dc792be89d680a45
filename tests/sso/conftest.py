"""A real Chromium in front of servers that run outside the test. What it may not say: tests/browser."""

from typing import Any

import pytest

from tests.browser.conftest import browser_type_launch_args, new_context

__all__ = ["browser_type_launch_args", "new_context"]


@pytest.fixture(scope="session")
def base_url() -> str:
    """None of pytest's: each test says where its server is."""
    return ""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-GB"}

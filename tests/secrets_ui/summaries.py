"""Secrets as the catalog holds them, for tests that count and compare."""

from itertools import count
from typing import Any

from secret_manager import Summary

_ids = count(1)


def a_secret(**fields: Any) -> Summary:
    """Return a secret with one version that is on, as different from that as `fields` say."""
    secret_id = f"{next(_ids):06}"
    usual: dict[str, Any] = {
        "id": secret_id,
        "name": f"secret_{secret_id}",
        "description": "",
        "user_id": "",
        "app_ids": (),
        "expired_at": None,
        "created_at": 1_700_000_000,
        "updated_at": 1_700_000_000,
        "on": 1,
        "versions": 1,
        "current_id": f"9{secret_id}",
        "current_number": 1,
        "value_at": 1_700_000_000,
    }
    return Summary(**{**usual, **fields})

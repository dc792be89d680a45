"""The settings as another environment would give them, without starting another process."""

import runpy
from pathlib import Path
from typing import Any
from unittest import mock

from tests.services.dashboard import PROJECT, environment_for


def settings_with(state_dir: Path, **variables: str) -> dict[str, Any]:
    """Run `dashboard/settings.py` with only these variables set, and return what it defines."""
    environment = environment_for(state_dir, **variables)
    with mock.patch.dict("os.environ", environment, clear=True):
        return runpy.run_path(str(PROJECT / "dashboard" / "settings.py"))

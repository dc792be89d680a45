"""The tests of what is stored, once more on the servers that a deployment uses."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.faults import SOAK
from tests.services.dashboard import PROJECT
from tests.services.storage import running_postgresql, running_redis

# How many tests are marked `storage` at the least; fewer means that the marker got lost somewhere.
AT_LEAST = 1000
MARKED = "storage" if SOAK else "storage and not soak"


def test_everything_stored_works_on_postgresql_and_redis(tmp_path: Path) -> None:
    with running_postgresql("dashboard", "emulator") as databases, running_redis() as cache_url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-m", MARKED, "-p", "no:cacheprovider", *_files()],
            cwd=PROJECT,
            env={
                **{name: text for name, text in os.environ.items() if "PYTEST" not in name},
                "DATABASE_URL": databases["dashboard"],
                "EMULATOR_DATABASE_URL": databases["emulator"],
                "CACHE_URL": cache_url,
            },
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) >= AT_LEAST
    assert "skipped" not in done.stdout


def _files() -> list[Path]:
    """Return the files that name the marker: to read all the others takes as long as many tests."""
    files = (PROJECT / "tests").rglob("test_*.py")
    return sorted(
        file for file in files if "storage" in file.read_text() and file != Path(__file__)
    )

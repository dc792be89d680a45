"""Imports go one way: the contracts in pyproject.toml hold, and would notice if they did not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.dashboard import PROJECT

PACKAGES = ("dashboard", "secret_manager", "secrets_ui", "accounts", "audit", "emulator")
WRONG_IMPORTS = [
    ("secret_manager/client.py", "import django.conf", "The client knows no Django"),
    ("secret_manager/values.py", "import audit.models", "Imports go one way, down"),
    ("audit/trail.py", "import secrets_ui.connection", "Imports go one way, down"),
    ("accounts/backends.py", "import secrets_ui.services", "Imports go one way, down"),
    ("secrets_ui/connection.py", "import secrets_ui.services", "Imports go one way, down"),
    ("secrets_ui/services.py", "import secrets_ui.forms", "Imports go one way, down"),
    ("secrets_ui/settlement.py", "import secrets_ui.decorators", "Imports go one way, down"),
    ("secrets_ui/journal.py", "import secrets_ui.writes", "Imports go one way, down"),
    ("secrets_ui/services.py", "import secrets_ui.writes", "Imports go one way, down"),
    ("secrets_ui/forms/fields.py", "import secrets_ui.views.home", "Imports go one way, down"),
    ("secrets_ui/views/home.py", "import requests", "Views never touch requests"),
    ("secrets_ui/services.py", "import emulator.models", "The emulator stands alone"),
    ("accounts/models.py", "import emulator.models", "nothing of ours uses it"),
    ("audit/models.py", "import dashboard.env", "nothing of ours uses it"),
    ("emulator/models.py", "import secret_manager", "The emulator knows no other package of ours"),
    ("emulator/views/secrets.py", "import dashboard.env", "knows no other package of ours"),
]


def check_contracts(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages in which a wrong import hurts nobody."""
    folder = tmp_path_factory.mktemp("architecture")
    for package in PACKAGES:
        shutil.copytree(
            PROJECT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(PROJECT / "pyproject.toml", folder)
    return folder


def test_every_import_goes_the_way_it_should() -> None:
    done = check_contracts(PROJECT)
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


def test_every_package_of_ours_is_under_contract() -> None:
    ours = {path.parent.name for path in PROJECT.glob("*/apps.py")} | {"dashboard"}
    assert ours <= set(PACKAGES)


@pytest.mark.parametrize(
    ("file", "wrong_import", "contract"), WRONG_IMPORTS, ids=lambda text: text.split(" ")[-1]
)
def test_a_wrong_import_is_caught(
    file: str, wrong_import: str, contract: str, scratch: Path
) -> None:
    module = scratch / file
    good = module.read_text()
    module.write_text(f"{good}\n{wrong_import}\n")
    try:
        done = check_contracts(scratch)
    finally:
        module.write_text(good)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(contract in line for line in broken), done.stdout

"""Django's own checks for a deployment find nothing in what a deployment sets."""

import base64
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.dashboard import PROJECT, environment_for

IN_EARNEST = {
    "HTTPS": "on",
    "ALLOWED_HOSTS": "secrets.example.com",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "CREDENTIAL_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
}


def check(state_dir: Path, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=PROJECT,
        env=environment_for(state_dir, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "changed", [{}, {"SECRET_MANAGER_URL": "embedded"}], ids=["platform", "embedded"]
)
def test_a_deployment_is_checked_and_nothing_is_found(
    changed: dict[str, str], tmp_path: Path
) -> None:
    done = check(tmp_path, **{**IN_EARNEST, **changed})
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_what_is_for_ones_own_machine_would_be_found(tmp_path: Path) -> None:
    done = check(tmp_path, HTTPS="off")
    assert done.returncode == 1
    for missing in ("security.W004", "security.W008", "security.W016"):
        assert missing in done.stderr

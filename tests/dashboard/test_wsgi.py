"""gunicorn takes exit status 3 for "will never start", and stops instead of trying again."""

import base64
import subprocess
import sys
from pathlib import Path

from tests.services.dashboard import PROJECT, collect_static_files, environment_for, manage


def start(state_dir: Path, **variables: str) -> subprocess.CompletedProcess:
    collect_static_files()  # or whitenoise says that they are missing
    return subprocess.run(
        [sys.executable, "-c", "import dashboard.wsgi"],
        cwd=PROJECT,
        env=environment_for(state_dir, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


def assert_refused(done: subprocess.CompletedProcess, *, because: str) -> None:
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("Not started: ")
    assert because in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_bad_setting_is_one_sentence(tmp_path: Path) -> None:
    done = start(tmp_path, TIME_ZONE="Mars/Base")
    assert_refused(done, because="TIME_ZONE")
    assert "Mars" not in done.stderr


def test_a_wrong_emulator_key_is_one_sentence(tmp_path: Path) -> None:
    environment = environment_for(tmp_path)
    manage("migrate", "--database", "emulator", "--verbosity", "0", environment=environment)
    manage("emulator_seed", environment={**environment, "DEMO": "on"})
    assert start(tmp_path).returncode == 0
    wrong = base64.b64encode(b"w" * 32).decode()
    done = start(tmp_path, EMULATOR_KEYS=wrong)
    assert_refused(done, because="EMULATOR_KEYS")
    assert wrong not in done.stderr

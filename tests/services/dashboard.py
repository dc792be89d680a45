"""The dashboard as it is served in earnest: gunicorn, its own state, a free loopback port."""

import atexit
import fcntl
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.services.processes import free_port, running

PROJECT = Path(__file__).resolve().parents[2]
# What a program needs from the machine; the settings' own variables are left out on purpose.
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True)
class RunningDashboard:
    url: str
    state_dir: Path
    log: Path
    environment: Mapping[str, str]
    pid: int

    def manage(self, *arguments: str) -> str:
        """Run a management command against this dashboard's state and return what it printed."""
        return manage(*arguments, environment=self.environment)


def environment_for(state_dir: Path, **settings: str) -> dict[str, str]:
    """Return an environment with no setting but STATE_DIR, HTTPS=off and those given."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**kept, "STATE_DIR": str(state_dir), "HTTPS": "off", **settings}


def manage(*arguments: str, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {arguments[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def running_dashboard(
    folder: Path, *, env: Mapping[str, str] | None = None
) -> Iterator[RunningDashboard]:
    """Serve a dashboard whose state and log are in `folder`; a database that is missing is made."""
    port = free_port()
    state_dir, log = folder / "state", folder / "gunicorn.log"
    environment = environment_for(state_dir, PORT=str(port), **(env or {}))
    collect_static_files()
    is_embedded = environment.get("SECRET_MANAGER_URL", "embedded") == "embedded"
    assert "DATABASE_URL" not in environment, "Only databases in files are made here."
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("dashboard.sqlite3", "emulator.sqlite3")[: 1 + is_embedded]:
        if not (state_dir / name).exists():
            shutil.copy(_migrated() / name, state_dir)
    url = f"http://127.0.0.1:{port}"
    with running(
        [sys.executable, "-m", "gunicorn", "dashboard.wsgi"],
        log=log,
        is_ready=lambda: _is_alive(url),
        environment=environment,
        folder=PROJECT,
    ) as process:
        yield RunningDashboard(url, state_dir, log, environment, process.pid)


@functools.cache
def _migrated() -> Path:
    """Migrate both databases once in a process, which takes seconds; return the folder to copy from."""
    folder = Path(tempfile.mkdtemp(prefix="migrated-"))
    atexit.register(shutil.rmtree, folder)
    environment = environment_for(folder)
    manage("migrate", "--verbosity", "0", environment=environment)
    manage("migrate", "--database", "emulator", "--verbosity", "0", environment=environment)
    return folder


@functools.cache
def collect_static_files() -> None:
    """Fill `staticfiles/` once; test processes side by side take turns."""
    with tempfile.TemporaryDirectory() as state_dir, (PROJECT / "manage.py").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        manage("collectstatic", "--noinput", environment=environment_for(Path(state_dir)))


def _is_alive(url: str) -> bool:
    try:
        return requests.get(f"{url}/livez", timeout=5).ok
    except requests.RequestException:
        return False

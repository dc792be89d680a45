"""The dashboard as it is served in earnest: gunicorn, its own state, a free loopback port."""

import fcntl
import functools
import os
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
    """Migrate and serve a dashboard whose state and log are in `folder`."""
    port = free_port()
    state_dir, log = folder / "state", folder / "gunicorn.log"
    environment = environment_for(state_dir, PORT=str(port), **(env or {}))
    collect_static_files()
    manage("migrate", "--verbosity", "0", environment=environment)
    if environment.get("SECRET_MANAGER_URL", "embedded") == "embedded":
        manage("migrate", "--database", "emulator", "--verbosity", "0", environment=environment)
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

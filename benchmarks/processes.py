"""The programs that are measured, each a process of its own on a loopback port, ended by its own id."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from tests.services.dashboard import KEPT_VARIABLES, PROJECT, RunningDashboard, running_dashboard
from tests.services.processes import accepts_connections, free_port, running

THREADS = "32"


@dataclass(frozen=True)
class Reader:
    """A program that answers each line on its stdin with a line of JSON."""

    process: subprocess.Popen[str]

    def ask(self, order: object) -> dict[str, Any]:
        orders = cast(IO[str], self.process.stdin)
        orders.write(f"{order}\n")
        orders.flush()
        return self.hear()

    def hear(self) -> dict[str, Any]:
        """Return what it says next."""
        line = cast(IO[str], self.process.stdout).readline()
        if not line:
            raise RuntimeError("The program ended; what it said is above.")
        return json.loads(line)


@contextmanager
def running_reader(command: Sequence[str | Path], **env: str) -> Iterator[Reader]:
    """Start a program of this kind with these settings alone; the end of its stdin ends it."""
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**_machine(), **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Reader(process)
            cast(IO[str], process.stdin).close()
            process.wait(15)
        finally:
            process.kill()


@dataclass(frozen=True)
class Stub:
    """The Secret Manager of stub.py."""

    url: str
    reader: Reader

    def set_latency(self, milliseconds: float) -> None:
        """Answer so late from now on."""
        self.reader.ask(milliseconds)

    def requests(self) -> int:
        """Return how many requests have come."""
        return self.reader.ask("")["requests"]


@contextmanager
def running_stub(sizes: Sequence[int]) -> Iterator[Stub]:
    """Serve organizations of these sizes, at first without any latency."""
    command = [sys.executable, "-m", "benchmarks.stub", "--sizes", *map(str, sizes)]
    with running_reader(command) as reader:
        port = reader.hear()["port"]
        yield Stub(f"http://127.0.0.1:{port}", reader)


@contextmanager
def running_catalog_reader(url: str, state_dir: Path, *, width: int) -> Iterator[Reader]:
    with running_reader(
        [sys.executable, "-m", "benchmarks.catalog_reader"],
        STATE_DIR=str(state_dir),
        HTTPS="off",
        SECRET_MANAGER_URL=url,
        CATALOG_WIDTH=str(width),
    ) as reader:
        yield reader


@contextmanager
def running_sdk_reader(url: str) -> Iterator[Reader]:
    python = PROJECT / ".venv-sdk/bin/python"
    with running_reader([python, "benchmarks/sdk_reader.py"], ABEJA_API_URL=url) as reader:
        yield reader


@contextmanager
def dashboard_of(url: str, folder: Path) -> Iterator[RunningDashboard]:
    """Serve the dashboard as it is, with room for all the organizations that are asked for in turn."""
    folder.mkdir()
    env = {"SECRET_MANAGER_URL": url, "THREADS": THREADS, "CATALOG_IN_MEMORY": "200000"}
    with running_dashboard(folder, env=env) as dashboard:
        yield dashboard


@dataclass(frozen=True)
class RunningAdmin:
    url: str
    session_cookie: str
    pid: int


@contextmanager
def running_admin(size: int, folder: Path) -> Iterator[RunningAdmin]:
    """Serve Django's admin over so many secrets, with the same server and threads."""
    folder.mkdir()
    port = free_port()
    env = {**_machine(), "ADMIN_FOLDER": str(folder), "ADMIN_KEY": secrets.token_hex(32)}
    filled = subprocess.run(
        [sys.executable, "-m", "benchmarks.admin.fill", str(size)],
        cwd=PROJECT,
        env=env,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    command = [
        *(sys.executable, "-m", "gunicorn", "benchmarks.admin.wsgi"),
        *("--config", "/dev/null", "--no-control-socket", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--threads", THREADS, "--keep-alive", "75"),
    ]
    with running(
        command,
        log=folder / "gunicorn.log",
        is_ready=lambda: accepts_connections(port),
        environment=env,
        folder=PROJECT,
    ) as process:
        yield RunningAdmin(f"http://127.0.0.1:{port}", filled.stdout.strip(), process.pid)


def _machine() -> Mapping[str, str]:
    return {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}

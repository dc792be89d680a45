"""A real PostgreSQL and a real Redis that keep nothing and share nothing with the machine's own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.services.processes import accepts_connections, free_port, running


@contextmanager
def running_postgresql(*databases: str) -> Iterator[dict[str, str]]:
    """Yield the address of each of `databases`, empty, on a server of its own."""
    programs = _postgresql_programs()
    port = free_port()
    # Not pytest's tmp_path: no other user may enter that, and PostgreSQL refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    data = folder / "data"
    initdb = [programs / "initdb", "-D", data, "-A", "trust", "-U", "owner", "--no-sync"]
    server = [
        *as_user,
        programs / "postgres",
        *("-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"),
    ]
    try:
        subprocess.run(
            [*as_user, *initdb, "--encoding=UTF8", "--locale=C.UTF-8"],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        with running(
            server,
            log=folder / "log",
            is_ready=lambda: _answers(_address(port, "postgres")),
            stop_signal=signal.SIGINT,  # "fast": does not wait for whoever is still connected
        ):
            with psycopg.connect(_address(port, "postgres"), autocommit=True) as connection:
                for name in databases:
                    connection.execute(f'CREATE DATABASE "{name}"')
            yield {name: _address(port, name) for name in databases}
    finally:
        shutil.rmtree(folder)


@contextmanager
def running_redis() -> Iterator[str]:
    """Yield the address of an empty Redis that writes nothing to disk."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", folder]
        with running(command, log=Path(folder) / "log", is_ready=lambda: accepts_connections(port)):
            yield f"redis://127.0.0.1:{port}/0"


def _postgresql_programs() -> Path:
    """Return the folder of PostgreSQL's programs, which Debian keeps out of PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        raise RuntimeError("No PostgreSQL here: scripts/install-system-packages installs it.")
    return folders[-1]


def _address(port: int, database: str) -> str:
    return f"postgresql://owner@127.0.0.1:{port}/{database}"


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True

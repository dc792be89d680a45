"""Starting a program, waiting until it is ready, and stopping it by its own process id."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 15


def free_port() -> int:
    """Return a loopback port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts_connections(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    is_ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    stop_signal: int = signal.SIGTERM,
) -> Iterator[subprocess.Popen]:
    """Run `command` until the block ends; the block begins when `is_ready()` says so.

    Raises:
        RuntimeError: the program ended, or was not ready in time; with the end of its log.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, cwd=folder
        )
    try:
        _wait(process, is_ready, log)
        yield process
    finally:
        _stop(process, stop_signal)


def _wait(process: subprocess.Popen, is_ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            end_of_log = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{process.args!r} did not get ready.\n{end_of_log}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen, stop_signal: int) -> None:
    process.send_signal(stop_signal)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

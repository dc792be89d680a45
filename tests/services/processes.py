"""Starting a program, waiting until it is ready, and stopping it by its own process id."""

import os
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


def wait_until(is_so: Callable[[], bool], *, seconds: float = START_SECONDS) -> None:
    """Return as soon as `is_so()`; raise TimeoutError where that takes too long."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Still not so after {seconds} seconds.")
        time.sleep(0.05)


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    is_ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    stop_signal: int = signal.SIGTERM,
    new_group: bool = False,
) -> Iterator[subprocess.Popen]:
    """Run `command` until the block ends; the block begins when `is_ready()` says so.

    Args:
        new_group: the program gets a process group of its own, all of which is told to stop, as a
            terminal does at Ctrl-C.

    Raises:
        RuntimeError: the program ended, or was not ready in time; with the end of its log.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=folder,
            start_new_session=new_group,
        )
    try:
        _wait(process, is_ready, log)
        yield process
    finally:
        _stop(process, stop_signal, everyone=new_group)


def _wait(process: subprocess.Popen, is_ready: Callable[[], bool], log: Path) -> None:
    try:
        wait_until(lambda: process.poll() is not None or is_ready())
    except TimeoutError:
        pass
    else:
        if process.poll() is None:
            return
    end_of_log = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"{process.args!r} did not get ready.\n{end_of_log}")


def _stop(process: subprocess.Popen, stop_signal: int, *, everyone: bool) -> None:
    if everyone and process.poll() is None:
        os.killpg(process.pid, stop_signal)
    else:
        process.send_signal(stop_signal)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

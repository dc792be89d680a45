"""Starting and stopping the stub, from the process that measures."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RunningStub:
    url: str
    process: subprocess.Popen[str]
    orders: IO[str]
    answers: IO[str]

    def set_latency(self, milliseconds: float) -> dict[str, Any]:
        """Answer so late from now on; return what the stub says of itself until now."""
        self.orders.write(f"{milliseconds}\n")
        self.orders.flush()
        return json.loads(self.answers.readline())


@contextmanager
def running_stub(sizes: Sequence[int]) -> Iterator[RunningStub]:
    """Serve organizations of these sizes on a loopback port, at first without any latency."""
    command = [sys.executable, "-m", "benchmarks.stub", "--sizes", *map(str, sizes)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        orders, answers = cast(IO[str], process.stdin), cast(IO[str], process.stdout)
        try:
            port = json.loads(answers.readline())["port"]
            yield RunningStub(f"http://127.0.0.1:{port}", process, orders, answers)
            orders.close()  # which ends it
            process.wait(10)
        finally:
            process.kill()

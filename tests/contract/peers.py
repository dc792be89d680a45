"""The official clients, each run in the environment that `make test` installs it in."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.services.dashboard import KEPT_VARIABLES, PROJECT

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class SdkError(Exception):
    """What the SDK raised, with its own fields in `details`."""

    def __init__(self, details: dict[str, Any]) -> None:
        super().__init__(details["raised"])
        self.name = details["raised"]
        self.details = details


@dataclass(frozen=True)
class Sdk:
    """The SDK's two `APIClient`s, living in another process."""

    process: subprocess.Popen

    def secret(self, method: str, **arguments: Any) -> Any:
        return self._call("secret", method, arguments)

    def secret_version(self, method: str, **arguments: Any) -> Any:
        return self._call("secret_version", method, arguments)

    def _call(self, client: str, method: str, arguments: dict[str, Any]) -> Any:
        self.process.stdin.write(json.dumps([client, method, arguments]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "raised" in answer:
            raise SdkError(answer)
        return answer["returned"]


@contextmanager
def running_sdk(
    url: str,
    *,
    credential: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Sdk]:
    """Start the SDK with a `credential` handed over, or with one in its environment."""
    with subprocess.Popen(
        [
            _program("sdk", "python"),
            PROJECT / "tests/contract/sdk_calls.py",
            json.dumps(credential),
        ],
        env={**_machine(), "ABEJA_API_URL": url, **(env or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Sdk(process)


@dataclass(frozen=True)
class Cli:
    """`abeja`, with a home folder of its own and the options it needs every time."""

    environment: Mapping[str, str]
    organization_id: str

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [_program("cli", "abeja"), *arguments, "--organization-id", self.organization_id],
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )
        done.stdout = COLOURS.sub("", done.stdout)
        return done

    def json(self, *arguments: str, typed: str = "") -> Any:
        """Return the JSON that a command prints; a sentence before it is passed over."""
        done = self.run(*arguments, typed=typed)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout[done.stdout.index("{") :])


def cli_for(
    url: str, *, organization_id: str, home: Path, user: str = "", token: str = "", bearer: str = ""
) -> Cli:
    """Return the CLI configured as its `config init` would do it, or with a bearer token."""
    configuration = {
        "abeja-platform-user": user,
        "personal-access-token": token,
        "organization-name": organization_id,
        "abeja-api-url": url,
    }
    folder = home / ".abeja"
    folder.mkdir()
    (folder / "config").write_text(json.dumps(configuration))
    # Click refuses to start where the locale is plain ASCII.
    env = {**_machine(), "HOME": str(home), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return Cli({**env, "PLATFORM_AUTH_TOKEN": bearer} if bearer else env, organization_id)


def _program(peer: str, name: str) -> Path:
    program = PROJECT / f".venv-{peer}" / "bin" / name
    if not program.exists():
        pytest.fail(f"The official {peer.upper()} is not here: `make test` installs it.")
    return program


def _machine() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}

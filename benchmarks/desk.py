"""A signed-in person at a dashboard that serves in earnest."""

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.services.dashboard import PROJECT, RunningDashboard

from benchmarks.processes import Stub
from benchmarks.stub import organization_of
from benchmarks.visitor import Visitor


@dataclass(frozen=True)
class Desk:
    """A signed-in person and the pages in front of them."""

    visitor: Visitor

    def list_path(self, size: int) -> str:
        return f"/organizations/{organization_of(size)}/secrets/"

    def connect(self, size: int) -> None:
        """Connect with a credential that nobody has used: no catalog is there for it."""
        self.visitor.connect(organization_of(size), secrets.token_hex(16))

    def open_warm(self, sizes: Sequence[int], stub: Stub) -> None:
        """Connect to each, and return when their catalogs are read."""
        for size in sizes:
            self.connect(size)
            self.visitor.get(self.list_path(size))
            wait_until_quiet(stub)
            self.visitor.get(self.list_path(size))


@contextmanager
def desk_at(dashboard: RunningDashboard) -> Iterator[Desk]:
    """Make a person at this dashboard, and sign them in."""
    password = secrets.token_urlsafe(16)
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--noinput"],
        cwd=PROJECT,
        env={
            **dashboard.environment,
            "DJANGO_SUPERUSER_USERNAME": "hanako",
            "DJANGO_SUPERUSER_EMAIL": "hanako@example.com",
            "DJANGO_SUPERUSER_PASSWORD": password,
        },
        check=True,
        capture_output=True,
    )
    visitor = Visitor(dashboard.url)
    try:
        visitor.sign_in("hanako", password)
        yield Desk(visitor)
    finally:
        visitor.close()


def wait_until_quiet(stub: Stub) -> None:
    """Return when the API has not been asked anything for a while: no reading is under way."""
    before = -1
    deadline = time.monotonic() + 60
    while (asked := stub.requests()) != before:
        if time.monotonic() > deadline:
            raise TimeoutError("A catalog is still being read.")
        before = asked
        time.sleep(0.4)

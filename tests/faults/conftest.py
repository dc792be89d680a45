"""Databases as servers share them, small time limits, and everything that is logged."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secrets_ui import connection as ui_connection
from secrets_ui import decorators, settlement
from tests.faults import place
from tests.faults.cells import Cell
from tests.faults.certificates import Authority
from tests.faults.report import table
from tests.services.files import in_files

MEMORY = Path("/dev") / "shm"


@pytest.fixture(scope="package", autouse=True)
def shared_databases(django_db_blocker: Any) -> Iterator[None]:
    """Databases that many threads use at once, in files where a commit waits for no disk.

    Each place has rows of its own, so nothing is rolled back; all of it goes away at the end.
    """
    folder = Path(tempfile.mkdtemp(prefix="faults-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        with django_db_blocker.unblock(), in_files(folder, "default", "emulator"):
            yield
    finally:
        shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def own_transports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place has its own way to the API, instead of one for the process."""
    monkeypatch.setattr(ui_connection, "shared_transport", place.transport_of_this_thread)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The product's times, shortened, so that a thousand silent servers can be waited for."""
    monkeypatch.setattr(decorators, "Deadline", place.PacedDeadline)
    monkeypatch.setattr(settlement, "PAUSE_SECONDS", 0.05)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


class Heard(logging.Handler):
    """Keeps every line that is logged, with the traceback where there is one."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter("%(name)s %(message)s").format(record))


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Everything that any logger says, at its most talkative."""
    handler, root = Heard(), logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(level)
    root.handlers[:] = handlers


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the matrix and the measurements where `make faults` and `make soak` ask for them."""
    if os.environ.get("FAULTS_TABLE") != "on":
        return
    noted = [
        (name, fields)
        for reports in terminalreporter.stats.values()
        for each in reports
        if getattr(each, "when", "") == "call"
        for name, fields in each.user_properties
    ]
    cells = [Cell(**fields) for name, fields in noted if name == "cell"]
    if cells:
        terminalreporter.write_line(table(cells))
    for name, fields in noted:
        if name != "cell":
            terminalreporter.write_line(f"{name}: {fields}")

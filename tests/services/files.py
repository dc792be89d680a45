"""SQLite databases in files, as several servers or threads share them."""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connections


@contextmanager
def in_files(folder: Path, *aliases: str) -> Iterator[None]:
    """Let these databases be migrated and empty, in files of `folder`, while the block runs.

    A database that is no SQLite stays what it is.
    """
    with ExitStack() as stack:
        for alias in aliases:
            if connections[alias].vendor == "sqlite":
                file = folder / f"{alias}.sqlite3"
                shutil.copy(_migrated(alias), file)
                stack.enter_context(_moved(alias, file))
        yield


@functools.cache
def _migrated(alias: str) -> Path:
    """Migrate once in a process, which takes half a second, and return the file to copy."""
    folder = Path(tempfile.mkdtemp(prefix="migrated-"))
    atexit.register(shutil.rmtree, folder)
    file = folder / f"{alias}.sqlite3"
    with _moved(alias, file):
        call_command("migrate", database=alias, verbosity=0)
    return file


@contextmanager
def _moved(alias: str, file: Path) -> Iterator[None]:
    connection = connections[alias]
    name = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = str(file)
    del connections[alias]
    try:
        yield
    finally:
        connections[alias].close()
        connection.settings_dict["NAME"] = name
        connections[alias] = connection

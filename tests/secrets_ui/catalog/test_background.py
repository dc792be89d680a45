"""Work that nobody waits for, on threads that leave nothing open."""

import threading

import pytest
from django.db import connections

from secrets_ui.catalog import background

PATIENCE = 10.0


def test_who_starts_it_does_not_wait() -> None:
    go_on, done = threading.Event(), threading.Event()
    background.start(lambda: done.set() if go_on.wait(PATIENCE) else None)
    assert not done.is_set()
    go_on.set()
    assert done.wait(PATIENCE)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_databases_are_given_back(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    closed_by: list[threading.Thread] = []
    given_back = threading.Event()

    def close_all() -> None:
        closed_by.append(threading.current_thread())
        given_back.set()

    def work() -> None:
        if fails:
            raise RuntimeError("a mistake")

    monkeypatch.setattr(type(connections), "close_all", lambda self: close_all())
    background.start(work)
    assert given_back.wait(PATIENCE)
    closed_by[0].join(PATIENCE)
    assert closed_by[0] is not threading.current_thread()
    assert closed_by[0].daemon

"""The product, broken on purpose: one rule taken out, for the tests of the tests."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from secret_manager import answers, requestor, timeouts, transport
from secrets_ui import conflicts, journal, leases, settlement
from secrets_ui.models import Intent
from secrets_ui.settlement import Finding


def post_retried(patch: pytest.MonkeyPatch) -> None:
    """Every failed attempt is repeated, as the official clients do it."""
    decide = requestor.decide

    def decide_as_for_a_read(method: str, *args: Any, **kwargs: Any) -> Any:
        return decide("GET", *args, **kwargs)

    patch.setattr(requestor, "decide", decide_as_for_a_read)


def look_up_skipped(patch: pytest.MonkeyPatch, says: Intent.State) -> None:
    """A lost answer is taken for one and the same thing, without looking."""
    finding = Finding(state=says, secret_id="1")
    patch.setattr(settlement, "look_up_twice", lambda *args, **kwargs: finding)


def nonce_ignored(patch: pytest.MonkeyPatch) -> None:
    """Every arrival of a form counts as a new one."""
    patch.setattr(journal, "nonce_of", lambda text: uuid.uuid4().hex)


def conflicts_ignored(patch: pytest.MonkeyPatch) -> None:
    """Whoever saves last wins."""
    patch.setattr(conflicts, "found", lambda form, current: [])


def leases_ignored(patch: pytest.MonkeyPatch) -> None:
    """Edits of one secret overlap."""

    @contextmanager
    def held(**key: str) -> Iterator[None]:
        yield

    patch.setattr(leases, "held", held)


def deadline_off(patch: pytest.MonkeyPatch) -> None:
    """Only silence ends an attempt; a server that drips is listened to for as long as it likes."""
    patch.setattr(timeouts.Deadline, "left", lambda self: 60.0)


def scrubbing_off(patch: pytest.MonkeyPatch) -> None:
    """The API's words are shown whatever they repeat."""
    patch.setattr(answers, "repeats", lambda text, private: False)


def redirects_followed(patch: pytest.MonkeyPatch) -> None:
    """A redirect is followed, with all that was sent."""
    send = transport._Session.send

    def following(self: Any, request: Any, **kwargs: Any) -> Any:
        self.mount("http://", self.get_adapter(request.url))
        return send(self, request, **{**kwargs, "allow_redirects": True})

    patch.setattr(transport._Session, "send", following)
    patch.delattr(transport._Session, "get_redirect_target")

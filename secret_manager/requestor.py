"""One operation, from its path to its result: credential, attempts, answer, log line."""

from __future__ import annotations

import json
import logging
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote

from .answers import Unreadable, error_for, read_document, unreadable
from .credentials import Credential
from .errors import SecretManagerError
from .extensions import IDEMPOTENCY_KEY
from .retries import Again, End, decide, what_happened
from .timeouts import Deadline
from .transport import Answer, Transport

logger = logging.getLogger("secret_manager")

Result = TypeVar("Result")
Read = Callable[[Any, Mapping[str, str]], Result]
"""Makes a result of an answer's document and its headers; raises Unreadable."""
Parse = Callable[[bytes], Any]
"""Makes a document of an answer's body; raises Unreadable."""

_chance = random.SystemRandom().random


@dataclass(frozen=True, slots=True)
class Operation:
    """What to do.

    name: for the log. path: its steps; each becomes exactly one step of the address.
    private: what was submitted and must not come back in an error's message.
    gives_value: the answer may hold a value, so not even the words of an error are shown.
    may_be_empty: a 2xx without a body is an answer too, read as None.
    extensions: headers by their names in `extensions`, each sent only where it is announced.
    """

    name: str
    method: str
    path: tuple[str, ...]
    query: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    private: tuple[bytes, ...] = field(default=(), repr=False)
    gives_value: bool = False
    may_be_empty: bool = False
    extensions: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The quoted path: no step can add a slash, a query or anything else to it."""
        return "".join(f"/{quote(step, safe='')}" for step in self.path)


class Requestor:
    """Carries operations out for one person over the shared transport.

    total: seconds for one operation with its retries.
    deadline: the end of all operations together.
    """

    def __init__(
        self,
        transport: Transport,
        credential: Credential | None,
        *,
        total: float,
        max_retries: int,
        deadline: Deadline | None = None,
    ) -> None:
        self._transport = transport
        self._credential = credential
        self._total = total
        self._max_retries = max_retries
        self._deadline = deadline

    @property
    def clock_offset(self) -> timedelta:
        return self._transport.clock_offset

    def perform(
        self, operation: Operation, read: Read[Result], *, parse: Parse = read_document
    ) -> Result:
        """Return the answer as `parse` and then `read` make it. Raises SecretManagerError."""
        deadline = Deadline(self._seconds(), self._transport.clock)
        request_id = uuid.uuid4().hex
        retries_done = 0
        self._transport.budget.deposit()
        while True:
            outcome = self._attempt(operation, read, parse, deadline, request_id)
            if not isinstance(outcome, SecretManagerError):
                return outcome
            decision = decide(
                operation.method,
                what_happened(outcome),
                retries_done=retries_done,
                max_retries=self._max_retries,
                time_left=deadline.left(),
                chance=_chance(),
                retry_after=outcome.retry_after,
            )
            outcome.write_may_have_happened = decision is End.READ_BACK
            if not isinstance(decision, Again) or not self._transport.budget.withdraw():
                # Raised outside of any `except`: what was caught there holds requests and bodies.
                raise outcome
            self._transport.sleep(decision.after)
            retries_done += 1

    def _seconds(self) -> float:
        return self._total if self._deadline is None else min(self._total, self._deadline.left())

    def _attempt(
        self,
        operation: Operation,
        read: Read[Result],
        parse: Parse,
        deadline: Deadline,
        request_id: str,
    ) -> Result | SecretManagerError:
        started = self._transport.clock()
        extras = self._extras(operation)
        outcome: Result | SecretManagerError
        try:
            answer = self._send(operation, deadline, request_id, extras)
        except SecretManagerError as failure:
            failure.request_id = request_id
            outcome, ended = failure, failure.code
        else:
            outcome = self._read(operation, read, parse, answer, request_id)
            ended = str(answer.status)
        if isinstance(outcome, SecretManagerError):
            outcome.idempotency_key_sent = IDEMPOTENCY_KEY in extras
        milliseconds = (self._transport.clock() - started) * 1000
        logger.debug(
            "%s %s: %s after %.0f ms, request %s",
            operation.method,
            operation.name,
            ended,
            milliseconds,
            request_id,
        )
        return outcome

    def _extras(self, operation: Operation) -> dict[str, str]:
        known = self._transport.extensions
        return {name: value for name, value in operation.extensions.items() if name in known}

    def _send(
        self, operation: Operation, deadline: Deadline, request_id: str, extras: Mapping[str, str]
    ) -> Answer:
        headers = {"X-Request-Id": request_id, **extras}
        if self._credential is not None:
            headers["Authorization"] = self._credential.authorization
        body = None
        if operation.body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(operation.body).encode()
        return self._transport.send(
            operation.method,
            operation.address,
            deadline=deadline,
            headers=headers,
            query=operation.query,
            body=body,
        )

    def _read(
        self,
        operation: Operation,
        read: Read[Result],
        parse: Parse,
        answer: Answer,
        request_id: str,
    ) -> Result | SecretManagerError:
        if not 200 <= answer.status < 300:
            return error_for(
                answer,
                request_id=request_id,
                private=(*operation.private, *self._credential_parts()),
                quiet=operation.gives_value,
            )
        try:
            if operation.may_be_empty and not answer.body.strip():
                return read(None, answer.headers)
            return read(parse(answer.body), answer.headers)
        except Unreadable:
            return unreadable(answer, request_id=request_id)

    def _credential_parts(self) -> tuple[bytes, ...]:
        if self._credential is None:
            return ()
        token = self._credential.authorization.partition(" ")[2]
        return self._credential.secret.encode(), token.encode("latin-1")

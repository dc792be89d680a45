"""Carries one request to the API and one answer back, for everybody in this process."""

from __future__ import annotations

import http.cookiejar
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import requests

from . import extensions
from .breaker import Breaker, Health
from .budget import RetryBudget
from .bulkhead import Bulkhead
from .connections import Attempt, PooledAdapter, current_attempt
from .dates import clock_offset, utc_now
from .errors import ConnectFailed, NotReached, SecretManagerError, UpstreamFailed
from .foreign import FOREIGN, broken_off, translated
from .timeouts import Clock, Deadline, Timeouts

DEFAULT_BASE_URL = "https://api.abeja.io"
DEFAULT_TIMEOUTS = Timeouts(connect=2.0, read=5.0, total=10.0)
DEFAULT_USER_AGENT = "secrets-dashboard/0.1.0"
MAX_ANSWER_BYTES = 5 * 1024 * 1024
_CHUNK_BYTES = 128 * 1024
# Seconds between two probes of an API that fails: short, so that people are served again at once.
_REST = 2.0
_FAIR_TIME = 1.0  # seconds; an API that had less and did not answer is not to blame


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. The body may hold a value, so it is never shown."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Transport:
    """The way to one Secret Manager. Make one per process and share it between people and threads.

    Connections are kept and reused. Nothing of one call stays for the next: no credential, no
    cookie, nothing from `.netrc` or the environment. TLS certificates are always verified.
    What is learned about the API is kept: whether it answers, what it announced, what time it has.

    base_url: where the API is; http or https, without credentials, query or fragment (ValueError).
    adapter: carries the requests in place of sockets, for example to an emulator in this process.
    timeouts: seconds; a client may set another total.
    pool_size: connections kept open.
    max_concurrent: calls at once; have more worker threads than that. max_wait: seconds that a
        further call waits for its turn.
    breaker, budget: others than the usual ones.
    clock, sleep, now: for tests.

    extensions: what the API has announced, as far as the module `extensions` knows it; a later
        success without an announcement withdraws it.
    clock_offset: how far the API's clock is ahead of ours, by the Date of the last success that had
        one; zero before that.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_BASE_URL,
        *,
        adapter: requests.adapters.BaseAdapter | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        pool_size: int = 32,
        user_agent: str = DEFAULT_USER_AGENT,
        max_concurrent: int = 24,
        max_wait: float = 1.0,
        breaker: Breaker | None = None,
        budget: RetryBudget | None = None,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.base_url = _checked(base_url)
        self.timeouts = timeouts
        self.clock = clock
        self.sleep = sleep
        self.extensions: frozenset[str] = frozenset()
        self.clock_offset = timedelta(0)
        self._now = now
        self.breaker = breaker or Breaker(pause=_REST, clock=clock)
        self.budget = budget or RetryBudget()
        # By the time a silent call is given up, a place is free.
        self.bulkhead = Bulkhead(
            max_concurrent, max_wait=max_wait, retry_in=timeouts.read, clock=clock
        )
        self.session = _session(self.base_url, adapter or PooledAdapter(pool_size), user_agent)

    def __repr__(self) -> str:
        return f"<Transport: {self.base_url}>"

    def close(self) -> None:
        """Close the connections that are kept open."""
        self.session.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        deadline: Deadline,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send once and read the whole answer.

        path is already quoted and starts with a slash. Raises ConnectFailed if nothing was sent
        (its code says why), OutcomeUnknown if the answer is missing or broke off, UpstreamFailed
        if it is too large.
        """
        with self.breaker.call() as call, self.bulkhead.place(deadline.left()):
            time_given = deadline.left()
            if time_given <= 0:
                raise ConnectFailed(
                    "The time for this was used up, so nothing was sent.", code="deadline"
                )
            attempt = Attempt(deadline, is_read=method == "GET")
            token = current_attempt.set(attempt)
            sent = self._now()
            try:
                outcome = self._exchange(attempt, method, path, headers, query, body)
            finally:
                current_attempt.reset(token)
            # A call we cut short ourselves says nothing about the API.
            was_fair = time_given >= min(_FAIR_TIME, self.timeouts.read) or deadline.left() > 0
            call.health = _health(outcome) if was_fair else Health.NOTHING
        # Raised here and not where it was caught: the caught one holds the request, body and all.
        if isinstance(outcome, SecretManagerError):
            raise outcome
        self._learn(outcome, sent)
        return outcome

    def _learn(self, answer: Answer, sent: datetime) -> None:
        is_success = 200 <= answer.status < 300
        announced = extensions.announced(answer.headers)
        # An error without an announcement may come from a proxy, which cannot know.
        if announced or is_success:
            self.extensions = announced
        offset = clock_offset(answer.headers, sent=sent, received=self._now())
        if is_success and offset is not None:
            self.clock_offset = offset

    def _exchange(
        self,
        attempt: Attempt,
        method: str,
        path: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        body: bytes | None,
    ) -> Answer | SecretManagerError:
        # Above 0, which sockets take for "do not wait at all".
        left = max(attempt.deadline.left(), 0.001)
        url = self.base_url + path
        try:
            request = requests.Request(
                method, url, headers={**self.session.headers, **headers}, params=query, data=body
            ).prepare()
            response = self.session.send(
                request,
                stream=True,
                allow_redirects=False,
                verify=True,
                timeout=(min(self.timeouts.connect, left), min(self.timeouts.read, left)),
            )
        except FOREIGN as failure:
            return translated(failure, attempt)
        try:
            return _read(response, attempt)
        finally:
            response.close()


def _health(outcome: Answer | SecretManagerError) -> Health:
    """What an exchange says about the API. That it refuses something (4xx) is no failure of it."""
    if isinstance(outcome, ConnectFailed):
        return Health.UNREACHABLE
    if isinstance(outcome, NotReached) or (outcome.status is not None and outcome.status >= 500):
        return Health.FAILS
    return Health.WORKS


class _TooLarge(Exception):
    pass


def _read(response: requests.Response, attempt: Attempt) -> Answer | SecretManagerError:
    status = response.status_code
    headers = dict(response.headers.lower_items())
    try:
        return Answer(status, headers, _read_body(response, attempt))
    except (*FOREIGN, _TooLarge) as failure:
        if status >= 400:
            # The status alone says what happened; only the explanation is lost.
            return Answer(status, headers, b"")
        if isinstance(failure, _TooLarge):
            return UpstreamFailed(
                "The Secret Manager's answer is too large.", status=status, code="too_large"
            )
        return broken_off(failure, status)


def _read_body(response: requests.Response, attempt: Attempt) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise _TooLarge
        # The connection watches the clock as well; this is for adapters without one.
        if attempt.deadline.left() <= 0:
            raise TimeoutError
    return bytes(body)


class _Session(requests.Session):
    """Looks at no redirect: even when not following, requests reads a redirect's whole body."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def _session(
    base_url: str, adapter: requests.adapters.BaseAdapter, user_agent: str
) -> requests.Session:
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    # `identity`: a compressed answer could be a thousand times as large as what arrives.
    session.headers.clear()
    session.headers.update(
        {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "identity"}
    )
    # Only this one place can be reached.
    session.adapters.clear()
    session.mount(f"{base_url}/", adapter)
    return session


def _checked(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("The Secret Manager's address is http:// or https:// and a host.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("The Secret Manager's address has no user, query or fragment.")
    return base_url.rstrip("/")

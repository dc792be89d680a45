"""How the provider is asked: over TLS, within a time, and so that it can hold no thread for long."""

import http.cookiejar
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests

from accounts.oidc.config import is_safe
from accounts.oidc.errors import ProviderUnavailable
from secret_manager.bulkhead import Bulkhead
from secret_manager.connections import Attempt, PooledAdapter, current_attempt
from secret_manager.errors import ConnectFailed
from secret_manager.foreign import FOREIGN
from secret_manager.timeouts import Deadline

# For one connection, for the longest silence, and for all that one page asks.
CONNECT_SECONDS, SILENCE_SECONDS, PAGE_SECONDS = 2.0, 5.0, 10.0
MAX_ANSWER_BYTES = 512 * 1024
_CHUNK_BYTES = 16 * 1024
# What a token endpoint may say (RFC 6749, section 5.2); anything else is not repeated in the log.
OAUTH_ERRORS = {
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),
    *("unsupported_grant_type", "invalid_scope", "invalid_token"),
}

# Four threads never wait for the API (docs/configuration.md, THREADS). One of them stays for the rest.
_places = Bulkhead(3, max_wait=1.0, retry_in=SILENCE_SECONDS)
_page_deadline: ContextVar[Deadline | None] = ContextVar("page_deadline", default=None)

logger = logging.getLogger(__name__)


@contextmanager
def one_page() -> Iterator[None]:
    """Let everything that is asked in this block share PAGE_SECONDS."""
    token = _page_deadline.set(Deadline.after(PAGE_SECONDS))
    try:
        yield
    finally:
        _page_deadline.reset(token)


class ProviderSession(requests.Session):
    """What allauth asks the provider with. Every answer it returns holds a JSON object.

    Nothing comes from the environment or `.netrc`, no cookie is kept, no redirect followed, and
    whatever goes wrong is a ProviderUnavailable, which holds nothing of what was sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        # `identity`: a compressed answer could be a thousand times as large as what arrives.
        self.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
        self.mount("https://", PooledAdapter(1))
        self.mount("http://", PooledAdapter(1))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect. Told not to follow, requests would still read the whole body of one."""
        return None

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        """Ask for one JSON object. `options` are those of requests; time and size are set here.

        Raises:
            ProviderUnavailable: there is none.
        """
        if not is_safe(url):
            raise ProviderUnavailable("an address of the provider is not https")
        deadline = _page_deadline.get() or Deadline.after(PAGE_SECONDS)
        try:
            with _places.place(deadline.left()):
                response = self._ask(method, url, options, deadline)
        except ConnectFailed:
            raise ProviderUnavailable("too many are waiting for the provider") from None
        if response is None:
            raise ProviderUnavailable("the provider does not answer")
        _insist_on_object(response)
        return response

    def _ask(
        self, method: str, url: str, options: dict[str, Any], deadline: Deadline
    ) -> requests.Response | None:
        """Return the whole answer; None where there is none.

        None is no exception: one raised here would drag along the caught one, which holds the request,
        and that holds the client's secret.
        """
        left = deadline.left()
        if left <= 0:
            return None
        how = {
            "stream": True,
            "timeout": (min(CONNECT_SECONDS, left), min(SILENCE_SECONDS, left)),
        }
        token = current_attempt.set(Attempt(deadline))
        try:
            response = super().request(method, url, **{**options, **how})
            try:
                # What requests itself reads a body into, here with an eye on its size.
                response._content = _body_of(response)
            finally:
                response.close()
        except FOREIGN:
            return None
        finally:
            current_attempt.reset(token)
        return response


def _body_of(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ProviderUnavailable("an answer of the provider is too large")
    return bytes(body)


def _insist_on_object(response: requests.Response) -> None:
    status = response.status_code
    if status >= 500 or status < 200 or 300 <= status < 400 or status in {408, 429}:
        raise ProviderUnavailable(f"the provider answers with status {status}")
    try:
        answer = json.loads(response.content.decode())
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise ProviderUnavailable("an answer of the provider cannot be read")
    if status >= 400:
        error = answer.get("error")
        known = error if isinstance(error, str) and error in OAUTH_ERRORS else "an error"
        logger.warning("the provider answers with status %s and %s", status, known)
    # It is read once more later on: as what it is, whatever it calls itself.
    response.encoding = "utf-8"
    response.headers["Content-Type"] = "application/json"

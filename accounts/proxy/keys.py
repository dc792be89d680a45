"""The keys of an issuer: read from its address, kept, and asked for again sparingly."""

import functools
import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from accounts.proxy.errors import KeysUnavailable, NotProven
from accounts.proxy.jwks import Key, keys_of_pem, keys_of_set
from secret_manager.errors import SecretManagerError
from secret_manager.timeouts import Deadline, Timeouts
from secret_manager.transport import Transport

# Seconds. Keys are asked for again after FRESH, so that one that was withdrawn is soon refused. Where
# the issuer does not answer, they are good for KEPT and no longer.
FRESH = 10 * 60
KEPT = 24 * 60 * 60
# However many unknown keys are named, the issuer is asked once in PAUSE, or in SHORT_PAUSE while there
# is nothing to go by at all.
PAUSE = 60
SHORT_PAUSE = 5
# What reading may take, and how long others wait for who reads: an issuer that hangs holds one thread.
TIMEOUTS = Timeouts(connect=2.0, read=2.0, total=4.0)
PATIENCE = 1.0
MAX_BYTES = 256 * 1024

# With one address for each key, several are asked for in a PAUSE, and as many are kept.
PER_KEY = "{kid}"
MAX_FILES = 10

_KEY_ID = re.compile(r"[!-~]{1,128}")
_KEY_ID_IN_ADDRESS = re.compile(r"[A-Za-z0-9_-]{1,128}")

logger = logging.getLogger(__name__)


@functools.cache
def source_of(url: str) -> "KeySource":
    """Return what this process knows of the keys at an address."""
    return KeySource(url)


def fetch(url: str) -> bytes | None:
    """Return what is at an address; None where it cannot be had in TIMEOUTS and MAX_BYTES.

    The transport of the API's client is as careful as this needs: no redirect, no proxy or password
    from the environment, nothing compressed, an end to a body that drips.
    """
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    transport = Transport(f"{parts.scheme}://{parts.netloc}", timeouts=TIMEOUTS)
    try:
        answer = transport.send("GET", path, deadline=Deadline.after(TIMEOUTS.total), headers={})
    except SecretManagerError:
        return None
    finally:
        transport.close()
    return answer.body if answer.status == 200 and len(answer.body) <= MAX_BYTES else None


@dataclass(frozen=True)
class _Held:
    keys: tuple[Key, ...]
    read_at: float


class KeySource:
    """The keys at one address, shared by all threads. One of them asks; nobody else waits for it who
    knows the key already.

    Args:
        url: of a JSON Web Key Set; with PER_KEY in it, of one PEM file for each key.
        read: returns what is at an address, or None.
        clock: seconds, for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        read: Callable[[str], bytes | None] = fetch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._read = read
        self._clock = clock
        self._is_per_key = PER_KEY in url
        # By the key's id where each has an address, otherwise all under one name. Replaced, not changed.
        self._held: dict[str, _Held] = {}
        self._asked: deque[float] = deque()
        self._asking = threading.Lock()

    def find(self, key_id: object, algorithm: str) -> Any:
        """Return the public key that a token names.

        Args:
            key_id: the token's `kid`; None is enough where there is only one key.

        Raises:
            NotProven: there is no such key, or it makes no such signatures.
            KeysUnavailable: the issuer does not answer, and without it nothing can be told.
        """
        name = self._name(key_id)
        held = self._usable(name)
        found = _matching(held, key_id, algorithm)
        if found is None or self._clock() - held.read_at >= FRESH:
            self._ask_again(name, is_needed=found is None)
            held = self._usable(name)
            found = _matching(held, key_id, algorithm)
        if not held.keys and not (self._is_per_key and self._held):
            raise KeysUnavailable("the issuer's keys cannot be read")
        if found is None:
            raise NotProven("the token is signed with a key that the issuer does not have")
        return found.public

    def _name(self, key_id: object) -> str:
        pattern = _KEY_ID_IN_ADDRESS if self._is_per_key else _KEY_ID
        if key_id is None and not self._is_per_key:
            return ""
        if not isinstance(key_id, str) or not pattern.fullmatch(key_id):
            raise NotProven("the token does not name a key as it should")
        return key_id if self._is_per_key else ""

    def _usable(self, name: str) -> _Held:
        held = self._held.get(name)
        if held is None or self._clock() - held.read_at >= KEPT:
            return _Held((), 0)
        return held

    def _ask_again(self, name: str, *, is_needed: bool) -> None:
        """Read keys again, unless that was just done. Whoever has a key does not wait for it."""
        before = self._held.get(name)
        if not self._asking.acquire(timeout=PATIENCE if is_needed else 0):
            if is_needed:
                raise KeysUnavailable("the issuer's keys are still being read")
            return
        try:
            if self._held.get(name) is before and self._may_ask():
                self._asked.append(self._clock())
                self._keep(name)
        finally:
            self._asking.release()

    def _may_ask(self) -> bool:
        pause = PAUSE if self._held else SHORT_PAUSE
        while self._asked and self._clock() - self._asked[0] >= pause:
            self._asked.popleft()
        return len(self._asked) < (MAX_FILES if self._is_per_key else 1)

    def _keep(self, name: str) -> None:
        body = self._read(self._url.replace(PER_KEY, name))
        keys = () if body is None else keys_of_pem(body, name) if name else keys_of_set(body)
        if not keys:
            logger.warning("The keys of the single sign-on proxy's issuer could not be read.")
            return
        others = [(key, held) for key, held in self._held.items() if key != name]
        self._held = dict([*others[1 - MAX_FILES :], (name, _Held(keys, self._clock()))])


def _matching(held: _Held, key_id: object, algorithm: str) -> Key | None:
    """Return the only key that fits; two of one name would leave open which is meant."""
    if key_id is None and len(held.keys) != 1:
        return None
    found = [key for key in held.keys if key_id in {None, key.id} and key.fits(algorithm)]
    return found[0] if len(found) == 1 else None

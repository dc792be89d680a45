"""An issuer changes its keys while people work, and nobody notices."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.proxy import tokens
from accounts.proxy.config import TokenConfig
from accounts.proxy.keys import PAUSE, KeySource
from tests.accounts.proxy.issuer import KeyServer, key_set, private_key, public_jwk, token

ROTATIONS, THREADS, TOKENS_EACH = 6, 4, 10


@pytest.fixture
def later(token_config: TokenConfig, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Moves the clock of the keys on by a PAUSE."""
    now = [0.0]
    source = KeySource(token_config.keys_url, clock=lambda: now[0])
    monkeypatch.setattr("accounts.proxy.tokens.source_of", lambda url: source)

    def move_on() -> None:
        now[0] += PAUSE

    return move_on


def test_no_honest_token_is_refused_while_keys_change(
    token_config: TokenConfig, key_server: KeyServer, later: Callable[[], None]
) -> None:
    def identify(sent: str) -> str:
        return tokens.identity_of({"HTTP_X_PROXY_TOKEN": sent}, token_config).subject

    key_server.asked.clear()
    with ThreadPoolExecutor(THREADS) as threads:
        for number in range(ROTATIONS):
            names = [f"rotated-{max(number - 1, 0)}", f"rotated-{number}"]
            keys = {name: private_key(name) for name in names}
            jwks = [public_jwk(key, key_id=name) for name, key in keys.items()]
            key_server.publish("/keys", key_set(*jwks))
            later()
            # Everybody at once: whoever comes first asks for the new key, and the others wait.
            sent = [
                token(key=key, header={"kid": name})
                for name, key in keys.items()
                for _ in range(THREADS * TOKENS_EACH)
            ]
            assert set(threads.map(identify, sent[::-1])) == {"hanako"}
    assert len(key_server.asked) == ROTATIONS

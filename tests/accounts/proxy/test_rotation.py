"""An issuer changes its keys or is away while people work, and nobody notices."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from accounts.proxy import NotProven, tokens
from accounts.proxy.config import TokenConfig
from accounts.proxy.keys import FRESH, KeySource
from tests.accounts.proxy.issuer import (
    KeyServer,
    key_set,
    private_key,
    public_jwk,
    segment,
    token,
)

ROTATIONS, THREADS, TOKENS_EACH = 6, 4, 10


@pytest.fixture
def later(token_config: TokenConfig, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Moves the clock of the keys on, until they are read again."""
    monkeypatch.setattr("accounts.proxy.keys.PATIENCE", 30)
    now = [0.0]
    source = KeySource(token_config.keys_url, clock=lambda: now[0])
    monkeypatch.setattr("accounts.proxy.tokens.source_of", lambda url: source)

    def move_on() -> None:
        now[0] += FRESH

    return move_on


def test_no_honest_token_is_refused_while_keys_change(
    token_config: TokenConfig, key_server: KeyServer, later: Callable[[], None]
) -> None:
    config = replace(token_config, algorithms=("ES256",))

    def identify(sent: str) -> str:
        return tokens.identity_of({"HTTP_X_PROXY_TOKEN": sent}, config).subject

    with ThreadPoolExecutor(THREADS) as threads:
        for number in range(ROTATIONS):
            names = [f"rotated-{max(number - 1, 0)}", f"rotated-{number}"]
            keys = {name: private_key(name, "ES256") for name in names}
            jwks = [public_jwk(key, key_id=name, algorithm="ES256") for name, key in keys.items()]
            key_server.publish("/keys", key_set(*jwks))
            later()
            # Everybody at once: whoever comes first asks for the new key, and the others wait.
            sent = [
                token(key=key, algorithm="ES256", header={"kid": name})
                for name, key in keys.items()
                for _ in range(THREADS * TOKENS_EACH)
            ]
            assert set(threads.map(identify, sent[::-1])) == {"hanako"}
    assert len(key_server.asked) == ROTATIONS


def test_known_keys_serve_while_the_issuer_is_away(
    token_config: TokenConfig, key_server: KeyServer, later: Callable[[], None]
) -> None:
    meta = {"HTTP_X_PROXY_TOKEN": token()}
    tokens.identity_of(meta, token_config)
    key_server.publish("/keys", b"Out of order", status=503)
    for _ in range(3):
        later()
        assert tokens.identity_of(meta, token_config).subject == "hanako"
    assert len(key_server.asked) == 4


def test_a_flood_of_made_up_keys_is_one_question(
    token_config: TokenConfig, key_server: KeyServer
) -> None:
    _head, body, signature = token().split(".")
    for number in range(1000):
        head = segment({"typ": "JWT", "alg": "RS256", "kid": f"made-up-{number}"}).decode()
        with pytest.raises(NotProven):
            tokens.identity_of({"HTTP_X_PROXY_TOKEN": f"{head}.{body}.{signature}"}, token_config)
    assert key_server.asked == ["/keys"]
    assert tokens.identity_of({"HTTP_X_PROXY_TOKEN": token()}, token_config).subject == "hanako"

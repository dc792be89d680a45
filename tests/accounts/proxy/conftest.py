from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from accounts import proxy
from accounts.identity import Identity
from accounts.proxy import keys
from accounts.proxy.config import TokenConfig
from tests.accounts.proxy.issuer import (
    AUDIENCE,
    ISSUER,
    KeyServer,
    key_set,
    private_key,
    public_jwk,
    running_key_server,
)

Identify = Callable[..., Identity]


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    """No key that one test came to know is there in the next."""
    keys.source_of.cache_clear()
    yield
    keys.source_of.cache_clear()


@pytest.fixture(scope="session")
def _server() -> Iterator[KeyServer]:
    with running_key_server() as server:
        yield server


@pytest.fixture
def key_server(_server: KeyServer) -> KeyServer:
    """The issuer's key server, with the key that signs honest tokens."""
    _server.asked.clear()
    _server.answers.clear()
    _server.publish("/keys", key_set(public_jwk(private_key("the issuer's"))))
    return _server


@pytest.fixture
def token_config(key_server: KeyServer) -> TokenConfig:
    return TokenConfig(
        header="X-Proxy-Token",
        issuer=ISSUER,
        audiences=(AUDIENCE,),
        algorithms=("RS256",),
        keys_url=f"{key_server.url}/keys",
    )


@pytest.fixture
def identify(settings: Settings) -> Identify:
    """Ask who sent a request with these entries of META, in a configuration."""

    def identify(config: Any, **meta: str) -> Identity:
        settings.PROXY = config
        return proxy.identity_of(RequestFactory().get("/", **meta))

    return identify

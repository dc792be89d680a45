from collections.abc import Callable, Iterator

import pytest
import responses

from secret_manager import Credential, SecretManagerClient, Transport

from .helpers import ROOT, Pauses
from .loopback import Loopback, Script


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    """The platform, answering what a test puts there; anything else is a refused connection."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def client(pauses: Pauses) -> SecretManagerClient:
    transport = Transport(ROOT, clock=pauses.clock, sleep=pauses.sleep)
    return SecretManagerClient(Credential.personal("1", "token-of-person-1"), transport=transport)


@pytest.fixture
def serve() -> Iterator[Callable[[Script], Loopback]]:
    """Start small servers on loopback that do what their script says."""
    started: list[Loopback] = []

    def start(script: Script, **options: object) -> Loopback:
        server = Loopback(script, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()

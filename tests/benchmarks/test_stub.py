import base64
from collections.abc import Iterator

import pytest
import requests

from benchmarks.processes import Stub, running_stub
from benchmarks.stub import organization_of
from secret_manager import Credential, NotFound, SecretManagerClient, Transport

SIZES = (3, 230)


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with running_stub(SIZES) as stub:
        yield stub


@pytest.fixture
def client(stub: Stub) -> Iterator[SecretManagerClient]:
    transport = Transport(stub.url)
    yield SecretManagerClient(Credential.personal("1", "a token"), transport=transport)
    transport.close()


@pytest.mark.parametrize("size", SIZES)
def test_our_client_reads_all_of_an_organization(client: SecretManagerClient, size: int) -> None:
    listing = client.list_secrets(organization_of(size))
    assert listing.complete
    assert len({secret.id for secret in listing}) == size


def test_an_organization_that_is_not_served_is_not_found(client: SecretManagerClient) -> None:
    with pytest.raises(NotFound):
        client.get_secrets("1")


@pytest.mark.parametrize("asked", ["", "&return_secret_value=false"])
def test_values_are_left_out_unless_they_are_asked_for(stub: Stub, asked: str) -> None:
    assert all(version["value"] is None for version in versions(stub, asked))


@pytest.mark.parametrize("asked", ["&return_secret_value=True", "&return_secret_value=true"])
def test_values_are_sent_as_the_official_clients_ask(stub: Stub, asked: str) -> None:
    assert all(base64.b64decode(version["value"]) for version in versions(stub, asked))


def test_the_latency_is_set_while_it_runs(stub: Stub) -> None:
    stub.set_latency(1.5)
    assert stub.reader.ask("")["latency_ms"] == 1.5
    stub.set_latency(0)
    assert stub.reader.ask("")["latency_ms"] == 0


def test_it_counts_what_it_is_asked(stub: Stub) -> None:
    before = stub.requests()
    versions(stub, "")
    assert stub.requests() == before + 1


def test_it_ends_with_whoever_started_it() -> None:
    with running_stub([1]) as stub:
        pass
    assert stub.reader.process.returncode == 0


def versions(stub: Stub, asked: str) -> list[dict]:
    address = f"{stub.url}/secret-manager/organizations/{organization_of(3)}/secrets?limit=2{asked}"
    secrets = requests.get(address, timeout=10).json()["secrets"]
    assert len(secrets) == 2
    return [version for secret in secrets for version in secret["versions"]]

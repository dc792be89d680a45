from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.auth import issue_token
from emulator.models import Organization, Token
from tests.emulator.api import Api, bearer
from tests.services.files import in_files

USER = "user-1410000000001"


def token_for(organization: Organization, kind: str = Token.Kind.BEARER, who: str = USER) -> str:
    return issue_token(organization=organization, kind=kind, principal=who)[1]


@pytest.fixture
def organization(db: None) -> Organization:
    return Organization.objects.create(id="1410000000000", name="Ours")


@pytest.fixture
def other_organization(db: None) -> Organization:
    return Organization.objects.create(id="1420000000000", name="Theirs")


@pytest.fixture
def api(organization: Organization) -> Api:
    return Api(organization.id, bearer(token_for(organization)))


@pytest.fixture
def stranger(other_organization: Organization) -> Api:
    """A caller with a valid credential of another organization."""
    return Api(other_organization.id, bearer(token_for(other_organization)))


@pytest.fixture
def served_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """The emulator's database as several servers share it: in a file where it is SQLite."""
    with in_files(tmp_path, "emulator"):
        yield

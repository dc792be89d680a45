from collections.abc import Iterator

import pytest
import responses
from django.test import Client, override_settings
from pytest_django import Settings

from tests.accounts.oidc.provider import CLIENT_ID, CLIENT_SECRET, ISSUER, FakeProvider
from tests.product_settings import settings_with

ROLE_MAP = "managers=manager; operators=operator; auditors=auditor"
OF_THIS_MODE = (
    *("AUTH_MODE", "ROLE_MAP", "OIDC", "MIDDLEWARE"),
    *("SOCIALACCOUNT_ADAPTER", "SOCIALACCOUNT_ONLY", "ACCOUNT_EMAIL_VERIFICATION"),
)


@pytest.fixture(scope="module", autouse=True)
def oidc_mode(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The product as AUTH_MODE=oidc configures it.

    The test database was made without it, so it has none of allauth's tables: whoever touches one fails.
    """
    product = settings_with(
        tmp_path_factory.mktemp("state"),
        AUTH_MODE="oidc",
        ROLE_MAP=ROLE_MAP,
        OIDC_ISSUER=ISSUER,
        OIDC_CLIENT_ID=CLIENT_ID,
        OIDC_CLIENT_SECRET=CLIENT_SECRET,
    )
    ours = {name: product[name] for name in OF_THIS_MODE}
    apps = product["INSTALLED_APPS"]
    with (
        override_settings(**ours, ROOT_URLCONF="tests.accounts.oidc.urls"),
        override_settings(INSTALLED_APPS=apps),
    ):
        yield


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield FakeProvider(mock)


@pytest.fixture
def visitor(db: None) -> Client:
    return Client()


@pytest.fixture
def product(settings: Settings) -> Settings:
    """The product's settings, to be changed for one test."""
    return settings

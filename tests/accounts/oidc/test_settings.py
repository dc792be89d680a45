"""A configuration that cannot work stops the start, in one sentence that shows no value."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.product_settings import settings_with
from tests.services.dashboard import environment_for, manage

RIGHT = {
    "AUTH_MODE": "oidc",
    "ROLE_MAP": "operators=operator",
    "OIDC_ISSUER": "https://sso.example.com/realms/main",
    "OIDC_CLIENT_ID": "secrets-dashboard",
    "OIDC_CLIENT_SECRET": "canary-secret",
}


def test_a_right_one_is_taken(tmp_path: Path) -> None:
    config = settings_with(
        tmp_path,
        **RIGHT,
        OIDC_SCOPES="openid  groups",
        OIDC_GROUPS_CLAIM="https://example.com/groups",
        OIDC_NAME_CLAIM="display_name",
        OIDC_CLIENT_AUTH="client_secret_basic",
        OIDC_SIGN_OUT="off",
    )["OIDC"]
    assert config.issuer == "https://sso.example.com/realms/main"
    assert config.scopes == ("openid", "groups")
    assert config.groups_claim == "https://example.com/groups"
    assert config.client_auth == "client_secret_basic"
    assert config.sign_out is False
    assert "canary" not in repr(config)


@pytest.mark.parametrize("issuer", ["https://sso.example.com", "https://sso.example.com/"])
def test_discovery_is_below_the_issuer(tmp_path: Path, issuer: str) -> None:
    config = settings_with(tmp_path, **{**RIGHT, "OIDC_ISSUER": issuer})["OIDC"]
    assert config.issuer == issuer
    address = "https://sso.example.com/.well-known/openid-configuration"
    assert config.discovery_address == address


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "") for name in ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")),
        ("OIDC_CLIENT_SECRET", "   "),
        ("OIDC_ISSUER", "sso.example.com/canary"),
        ("OIDC_ISSUER", "http://sso.example.com/canary"),
        ("OIDC_ISSUER", "https://user:canary@sso.example.com"),
        ("OIDC_ISSUER", "https://sso.example.com/?canary"),
        ("OIDC_ISSUER", "https://sso.example.com/#canary"),
        ("OIDC_ISSUER", "https://sso.example.com:canary/"),
        ("OIDC_ISSUER", "https://sso.example.com/canary/.well-known/openid-configuration"),
        ("OIDC_ISSUER", f"https://sso.example.com/canary{'x' * 255}"),
        ("OIDC_SCOPES", "canary email"),
        ("OIDC_CLIENT_AUTH", "canary"),
        ("OIDC_SIGN_OUT", "canary"),
    ],
)
def test_a_wrong_one_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=name) as refusal:
        settings_with(tmp_path, **{**RIGHT, name: value})
    sentence = str(refusal.value)
    assert "canary" not in sentence
    assert sentence.endswith(".")


def test_other_modes_know_nothing_of_it(tmp_path: Path) -> None:
    product = settings_with(tmp_path, **{**RIGHT, "AUTH_MODE": "local", "ROLE_MAP": ""})
    assert product["OIDC"] is None
    assert not [name for name in product["INSTALLED_APPS"] if "allauth" in name]
    assert not [name for name in product["MIDDLEWARE"] if "allauth" in name]


def test_the_system_checks_of_this_mode_are_clean(tmp_path: Path) -> None:
    assert "no issues" in manage("check", environment=environment_for(tmp_path, **RIGHT))

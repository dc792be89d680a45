"""What of a proxy's configuration stops the start, and what is worth a warning."""

from dataclasses import replace

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from accounts.proxy.config import TokenConfig
from accounts.proxy.parsing import parse_peers
from tests.accounts.proxy.test_headers import CONFIG


@pytest.fixture
def found(settings: Settings):
    """Return which of our checks complain about a configuration."""

    def found(config: object, role_map: str = "*=viewer", mode: str = "proxy") -> set[str]:
        settings.AUTH_MODE, settings.PROXY, settings.ROLE_MAP = mode, config, role_map
        return {check.id for check in run_checks() if check.id and check.id[-3:-1] == "02"}

    return found


def test_a_configuration_that_fits(found, token_config: TokenConfig) -> None:
    everything = "staff=viewer; email:a@b.c=viewer; subject:x=viewer; *=viewer"
    for config in (CONFIG, token_config):
        assert found(config, everything) == set()
    assert found(None, "", mode="local") == set()


def test_without_a_way_to_prove_it_nothing_starts(found, token_config: TokenConfig) -> None:
    assert found(None) == {"accounts.E020"}
    assert found({"user_header": "X-Remote-User"}) == {"accounts.E020"}
    assert found(token_config, mode="oidc") == {"accounts.E020"}


def test_groups_that_nobody_tells_decide_nothing(found, token_config: TokenConfig) -> None:
    for config in (replace(CONFIG, groups_header=""), replace(token_config, groups_claim="")):
        assert found(config, "contractors=viewer; *=operator") == {"accounts.E021"}
        assert found(config, "email:a@b.c=viewer; subject:x=viewer; *=operator") == set()


def test_nor_do_addresses(found, token_config: TokenConfig) -> None:
    for config in (replace(CONFIG, email_header=""), replace(token_config, email_claim="")):
        assert found(config, "email:a@b.c=viewer; *=operator") == {"accounts.E022"}
        assert found(config, "staff=viewer; *=operator") == set()


@pytest.mark.parametrize("peers", ["10.0.0.0/15", "10.0.0.5,172.16.0.0/12", "2001:db8::/63"])
def test_a_wide_network_is_worth_a_warning(peers: str, found) -> None:
    assert found(replace(CONFIG, peers=parse_peers(peers))) == {"accounts.W020"}


@pytest.mark.parametrize("peers", ["10.0.0.5", "10.0.0.0/16", "2001:db8::/64"])
def test_a_network_of_proxies_is_not(peers: str, found) -> None:
    assert found(replace(CONFIG, peers=parse_peers(peers))) == set()

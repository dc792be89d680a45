"""What of a proxy's configuration fits together badly. Each variable alone is read in dashboard/."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from accounts.proxy.config import HeaderConfig, TokenConfig
from accounts.roles import EMAIL, EVERYBODY, SUBJECT, RoleRule, parse_role_map

# Bits of the prefix. A wider network holds whoever else is in the building.
WIDE = {4: 16, 6: 64}


@register()
def a_proxy_is_configured(**kwargs: Any) -> list[CheckMessage]:
    """With AUTH_MODE=proxy there is exactly one way to prove who somebody is; otherwise none."""
    is_configured = isinstance(settings.PROXY, TokenConfig | HeaderConfig)
    if (settings.AUTH_MODE == "proxy") != is_configured:
        return [Error("AUTH_MODE=proxy needs settings.PROXY, and only it.", id="accounts.E020")]
    return []


@register()
def the_proxy_tells_what_roles_need(**kwargs: Any) -> list[CheckMessage]:
    """An entry of ROLE_MAP that can never fit leaves people to a later one, which may give more."""
    config = settings.PROXY
    if isinstance(config, TokenConfig):
        groups, email = config.groups_claim, config.email_claim
        names = "PROXY_JWT_GROUPS_CLAIM", "PROXY_JWT_EMAIL_CLAIM"
    elif isinstance(config, HeaderConfig):
        groups, email = config.groups_header, config.email_header
        names = "PROXY_GROUPS_HEADER", "PROXY_EMAIL_HEADER"
    else:
        return []
    rules = _rules()
    problems: list[CheckMessage] = []
    if not groups and any(_names_a_group(rule) for rule in rules):
        problems.append(Error(f"ROLE_MAP names groups: set {names[0]}.", id="accounts.E021"))
    if not email and any(rule.who.startswith(EMAIL) for rule in rules):
        problems.append(Error(f"ROLE_MAP names addresses: set {names[1]}.", id="accounts.E022"))
    return problems


@register()
def the_proxy_is_few_machines(**kwargs: Any) -> list[CheckMessage]:
    """A secret that leaks is worth little where only the proxy's own address may show it."""
    config = settings.PROXY
    if isinstance(config, HeaderConfig) and any(
        network.prefixlen < WIDE[network.version] for network in config.peers
    ):
        return [
            Warning("PROXY_PEERS is a wide network: name the proxy itself.", id="accounts.W020")
        ]
    return []


def _rules() -> tuple[RoleRule, ...]:
    try:
        return parse_role_map(settings.ROLE_MAP)
    except ValueError:
        return ()  # another check says so


def _names_a_group(rule: RoleRule) -> bool:
    return rule.who != EVERYBODY and not rule.who.startswith((EMAIL, SUBJECT))

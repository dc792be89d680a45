"""Plain headers of a proxy, which proves with each request that it is the proxy."""

import hmac
import ipaddress
from collections.abc import Mapping
from typing import Any

from accounts.identity import Identity
from accounts.proxy import texts
from accounts.proxy.config import HeaderConfig, Network, meta_name
from accounts.proxy.errors import NotProven
from accounts.repeated_headers import REPEATED

Meta = Mapping[str, Any]


def identity_of(meta: Meta, config: HeaderConfig) -> Identity:
    """Return whom the proxy names. Headers that are not configured are never looked at."""
    if not _is_among(config.peers, str(meta.get("REMOTE_ADDR", ""))):
        raise NotProven("it does not come from an address in PROXY_PEERS")
    _insist_on_single_headers(meta, config)
    if not _is_one_of(config.secrets, _header(meta, config.secret_header)):
        raise NotProven(f"{config.secret_header} does not hold the proxy's secret")
    subject = texts.identifier(_single(meta, config.user_header), config.user_header)
    email = _single(meta, config.email_header)
    if email:
        email = texts.email_address(email, config.email_header)
    name = texts.display_name(_text(meta, config.name_header))
    return Identity(
        issuer=config.issuer,
        subject=subject,
        name=name or email or subject,
        email=email,
        groups=_groups(meta, config.groups_header),
    )


def _is_among(peers: tuple[Network, ...], peer: str) -> bool:
    """Tell whether the connection itself comes from there, whatever X-Forwarded-For says."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        # Networks do not compare scopes, and a link-local address is another machine in each of them.
        if address.scope_id is not None:
            return False
        address = address.ipv4_mapped or address
    return any(address in network for network in peers)


def _insist_on_single_headers(meta: Meta, config: HeaderConfig) -> None:
    repeated = meta.get(REPEATED)
    if repeated is None:
        raise NotProven("the server does not tell which headers came twice")
    for header in config.headers:
        if header.upper() in repeated.split(","):
            raise NotProven(f"{header} came more than once")


def _is_one_of(secrets: tuple[str, ...], value: str) -> bool:
    given = value.encode("utf-8", "backslashreplace")
    # A list, not a generator: how long this takes does not tell which one it was.
    return any([hmac.compare_digest(given, secret.encode()) for secret in secrets])


def _header(meta: Meta, header: str) -> str:
    """Return what a configured header holds; empty for `-`, which proxies send that cannot send nothing.

    It has to be there. A browser's `Connection: X-Remote-Groups` makes some proxies leave that header
    out, and with a group less ROLE_MAP may give a role that may do more.
    """
    if not header:
        return ""
    value = meta.get(meta_name(header))
    if value is None:
        raise NotProven(f"{header} is missing")
    return "" if value == "-" else str(value)


def _single(meta: Meta, header: str) -> str:
    value = _header(meta, header)
    if "," in value:
        raise NotProven(f"{header} holds a comma, as several values would")
    return value


def _text(meta: Meta, header: str) -> str:
    """Return a header in any script: its bytes, which WSGI hands over as Latin-1, are UTF-8."""
    try:
        return _header(meta, header).encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise NotProven(f"{header} is not UTF-8") from None


def _groups(meta: Meta, header: str) -> tuple[str, ...]:
    listed = _text(meta, header)
    if not listed:
        return ()
    return tuple(texts.group(each.strip(" "), header) for each in listed.split(","))

"""Reading what somebody writes into a PROXY_… variable.

Each function raises ValueError; its message goes on after the name of the variable.
"""

import ipaddress
import re
from urllib.parse import urlsplit

from accounts.proxy.config import Network
from accounts.proxy.jwks import ALGORITHMS
from accounts.proxy.keys import PER_KEY

LEAST_SECRET = 32  # characters
# A proxy is not a tenth of the internet: a network that wide is a slip.
WIDEST = {4: 8, 6: 16}  # bits of the prefix

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_SECRET = re.compile(r"[!-~]+")
_LOAD_BALANCER = re.compile(
    r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:loadbalancer/app/[A-Za-z0-9/-]+"
)
_IPV4_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def parse_needed(text: str) -> str:
    """Return a text that has to be there."""
    if not text:
        raise ValueError("must be set.")
    return text


def parse_needed_list(text: str) -> tuple[str, ...]:
    """Return what is separated by commas, one at least."""
    return parse_list(parse_needed(text.strip(", ")))


def parse_list(text: str) -> tuple[str, ...]:
    """Return what is separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def parse_header(text: str) -> str:
    """Return the name of a header, as its proxy sends it."""
    if not _HEADER.fullmatch(text):
        raise ValueError("must be the name of a header: letters, digits and hyphens.")
    return text


def parse_header_or_none(text: str) -> str:
    """Return the name of a header, or an empty text where there is none."""
    return parse_header(text) if text else ""


def parse_secrets(text: str) -> tuple[str, ...]:
    """Return the secrets of which the proxy shows one."""
    secrets = parse_list(text)
    if not secrets:
        raise ValueError("must hold a secret that only the proxy and the dashboard know.")
    if any(len(secret) < LEAST_SECRET or not _SECRET.fullmatch(secret) for secret in secrets):
        raise ValueError(f"must have at least {LEAST_SECRET} characters, ASCII without blanks.")
    return secrets


def parse_peers(text: str) -> tuple[Network, ...]:
    """Return the addresses and networks from which the proxy connects."""
    networks = tuple(_network(part) for part in parse_list(text))
    if not networks:
        raise ValueError("must name the addresses from which the proxy connects.")
    return networks


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("must hold addresses or networks such as 10.0.0.5, 10.0.1.0/24.") from None
    if "%" in text:
        raise ValueError("must hold no address with a scope (%).")
    if isinstance(network, ipaddress.IPv6Network) and network.overlaps(_IPV4_MAPPED):
        raise ValueError("must hold IPv4 addresses in their own form.")
    if network.prefixlen < WIDEST[network.version]:
        raise ValueError("must hold the proxy's own addresses, not half the internet.")
    return network


def parse_algorithms(text: str) -> tuple[str, ...]:
    """Return the signatures that are accepted: asymmetric ones only."""
    algorithms = parse_list(text)
    if not algorithms or not set(algorithms) <= ALGORITHMS.keys():
        raise ValueError(f"must hold some of: {', '.join(ALGORITHMS)}.")
    return algorithms


def parse_signers(text: str) -> tuple[str, ...]:
    """Return the load balancers whose tokens are accepted, by their ARN; all in one region."""
    signers = parse_list(text)
    if not all(_LOAD_BALANCER.fullmatch(signer) for signer in signers):
        raise ValueError(
            "must hold ARNs of application load balancers (arn:aws:…:loadbalancer/app/…)."
        )
    if len({signer.split(":")[3] for signer in signers}) > 1:
        raise ValueError("must hold load balancers of one region.")
    return signers


def region_of(signers: tuple[str, ...]) -> str:
    """Return the region of load balancers; empty where there are none, or not in AWS's main partition,
    outside of which the addresses of keys are others."""
    parts = signers[0].split(":") if signers else []
    return parts[3] if parts and parts[1] == "aws" else ""


def parse_keys_url(text: str) -> str:
    """Return the address of the issuer's keys: HTTPS, or HTTP on this machine."""
    try:
        parts = urlsplit(text)
        is_readable = parts.port != 0 and not any(each.isspace() for each in text)
    except ValueError:
        is_readable = False
    if not is_readable or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise ValueError("must be a plain https:// address: no user, no fragment.")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("must be an https:// address.")
    if "{" in text.replace(PER_KEY, "") or text.count(PER_KEY) > 1 or PER_KEY in parts.netloc:
        raise ValueError(f"may hold {PER_KEY} once, in its path.")
    return text

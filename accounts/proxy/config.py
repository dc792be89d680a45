"""What is believed of the proxy in front. Made once, at the start, from PROXY_… variables."""

import ipaddress
from dataclasses import dataclass, field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, kw_only=True)
class TokenConfig:
    """The proxy adds a signed token (PROXY_IDENTITY=jwt).

    Args:
        header: the header that holds it.
        issuer: its `iss`, exactly.
        audiences: every one of its `aud` must be among these. With `signers`: its `client`, where
            any are given.
        algorithms: the signatures that are accepted; asymmetric ones only.
        keys_url: a JSON Web Key Set; with `{kid}` in it, one PEM file for each key.
        signers: AWS load balancers, by their ARN. Their tokens name the `signer` in place of an
            audience, say no `iat`, and are padded.
        subject_claim, name_claim, email_claim, groups_claim: where in the token things stand; a dot
            leads into an object. Only the subject has to be there.
        email_is_verified: the issuer knows only verified addresses and does not say so in each token.
    """

    header: str
    issuer: str
    audiences: tuple[str, ...]
    algorithms: tuple[str, ...]
    keys_url: str
    signers: tuple[str, ...] = ()
    subject_claim: str = "sub"
    name_claim: str = "name"
    email_claim: str = "email"
    groups_claim: str = "groups"
    email_is_verified: bool = False


@dataclass(frozen=True, kw_only=True)
class HeaderConfig:
    """The proxy adds plain headers, and proves by a secret and its address that it is the proxy.

    Args:
        user_header: the header with the subject. email_header, name_header, groups_header: likewise,
            empty where the proxy adds none. What it says of an email address counts as verified.
        secret_header: the header in which the proxy proves itself.
        secrets: what may stand there; several while one replaces another.
        peers: where the proxy's connections come from.
        issuer: together with the subject, what accounts are known by.
    """

    user_header: str
    secret_header: str
    secrets: tuple[str, ...] = field(repr=False)
    peers: tuple[Network, ...]
    issuer: str
    email_header: str = ""
    name_header: str = ""
    groups_header: str = ""

    @property
    def headers(self) -> tuple[str, ...]:
        """All headers that are looked at."""
        told = (self.user_header, self.email_header, self.name_header, self.groups_header)
        return (*filter(None, told), self.secret_header)


def meta_name(header: str) -> str:
    """Return the name under which WSGI hands over a header (PEP 3333)."""
    return "HTTP_" + header.upper().replace("-", "_")

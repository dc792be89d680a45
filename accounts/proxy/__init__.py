"""Who somebody is, proved by what a single sign-on proxy in front adds to each of their requests."""

from django.conf import settings
from django.http import HttpRequest

from accounts.identity import Identity
from accounts.proxy import headers, tokens
from accounts.proxy.config import HeaderConfig, TokenConfig
from accounts.proxy.errors import KeysUnavailable, NotProven

__all__ = ["KeysUnavailable", "NotProven", "identity_of"]


def identity_of(request: HttpRequest) -> Identity:
    """Return who sent this request, proved anew and by one way only: the one that is configured.

    Raises:
        NotProven: nobody did in a way that can be believed. `reason` may be recorded: it is a phrase
            of ours, in English, and holds nothing of what was sent.
        KeysUnavailable: a NotProven that is nobody's fault and passes: the issuer's keys cannot be had.
    """
    config = settings.PROXY
    if isinstance(config, TokenConfig):
        return tokens.identity_of(request.META, config)
    if isinstance(config, HeaderConfig):
        return headers.identity_of(request.META, config)
    raise NotProven("no way to prove an identity is configured")

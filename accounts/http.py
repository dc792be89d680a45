"""Addresses that somebody else may have written."""

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme


def local_address(request: HttpRequest, address: str) -> str:
    """Return `address` where it is a page of ours, otherwise the home page (no open redirect)."""
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours and address.startswith("/") and _is_a_page(address) else "/"


def _is_a_page(address: str) -> bool:
    try:
        resolve(address.partition("#")[0].partition("?")[0])
    except Resolver404:
        return False
    return True

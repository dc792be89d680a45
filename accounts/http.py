"""Who is asking and from where, and where an answer may lead to."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import Person
from audit.trail import Actor

# What the audit trail calls somebody who is not known.
NOBODY = "(unknown)"


class PersonRequest(HttpRequest):
    """A signed-in person's request."""

    user: Person
    htmx: HtmxDetails


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts, for the audit trail."""
    person = request.user
    address = client_address(request)
    if not isinstance(person, Person):
        return Actor(name=NOBODY, address=address)
    return Actor(name=person.display_name, address=address, person_id=person.pk)


def client_address(request: HttpRequest) -> str | None:
    """Return where a request comes from: the last hop that is none of our own proxies.

    Only what a proxy of ours has written counts; everything left of it may be made up.
    """
    address = _ip(request.META.get("REMOTE_ADDR", ""))
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while address and hops and _is_our_proxy(address):
        before = _ip(hops.pop())
        if before is None:
            break
        address = before
    return str(address) if address else None


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    # A server that listens on IPv6 names its IPv4 peers so (RFC 4291, section 2.5.5.2).
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_our_proxy(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in network for network in settings.OUR_PROXIES)


def client_redirect(request: HttpRequest, to: str) -> HttpResponse:
    """Send the whole browser to another page: htmx would follow a plain redirect inside a part."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(to)
    return HttpResponseRedirect(to)


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

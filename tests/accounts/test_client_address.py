"""Where a request comes from: only what a proxy of our own has written counts."""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from accounts.http import client_address

US, ALSO_US = "10.0.0.5", "10.0.0.6"
THEM, LIAR = "203.0.113.9", "198.51.100.1"


@pytest.fixture(autouse=True)
def our_proxies(settings: Settings) -> None:
    settings.OUR_PROXIES = [ip_network("10.0.0.5"), ip_network("10.0.0.6"), ip_network("fd00::/64")]


def address(peer: str, forwarded: str | None = None) -> str | None:
    meta = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, **meta))


@pytest.mark.parametrize(
    "forwarded",
    [
        None,
        "",
        LIAR,
        f"{LIAR}, {US}",
        f"{US}, {LIAR}",
        "127.0.0.1",
        "::1",
        "unknown",
        ",,,",
        "x" * 9000,
    ],
)
def test_whoever_comes_directly_says_nothing_about_it(forwarded: str | None) -> None:
    assert address(THEM, forwarded) == THEM


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        (None, US),
        ("", US),
        (THEM, THEM),
        (f" {THEM} ", THEM),
        (f"{LIAR}, {THEM}", THEM),
        (f"{US}, {LIAR}, {THEM}", THEM),
        (f"127.0.0.1,{THEM}", THEM),
        (f"{THEM}, {ALSO_US}", THEM),
        (f"{LIAR},{THEM},{ALSO_US},{ALSO_US}", THEM),
        (f"{ALSO_US}, {ALSO_US}", ALSO_US),
        ("2001:db8::7", "2001:db8::7"),
        (f"{LIAR}, 2001:DB8:0::7, fd00::1", "2001:db8::7"),
    ],
)
def test_the_last_hop_that_is_not_ours_is_where_it_comes_from(
    forwarded: str | None, found: str
) -> None:
    assert address(US, forwarded) == found


@pytest.mark.parametrize(
    "hop",
    [
        *(
            "",
            "unknown",
            "_hidden",
            f"{THEM}:443",
            "[2001:db8::7]",
            f'for="{THEM}"',
            "evil.example",
        ),
        *("203.0.113.09", "0xcb.0.113.9", "3405803785", "203.0.113.9/24", f"{THEM} x", f"{THEM};"),
        *(
            "\u0662\u0660\u0663.0.113.9",
            "203。0。113。9",
            "203.0.113.9\u200b",
            "<script>",
            "' or 1=1",
        ),
    ],
)
def test_a_hop_that_is_no_address_ends_the_way_there(hop: str) -> None:
    """What is left of it may be made up, so the proxy that wrote it is as far as anybody knows."""
    assert address(US, f"{LIAR}, {hop}") == US
    assert address(US, f"{LIAR}, {hop}, {ALSO_US}") == ALSO_US


@pytest.mark.parametrize("peer", ["", "unix:", "not an address", "10.0.0.5:80"])
def test_a_peer_without_an_address_has_none_and_vouches_for_none(peer: str) -> None:
    assert address(peer, LIAR) is None


def test_an_address_in_its_ipv6_spelling_is_the_same_address() -> None:
    """A server that listens on IPv6 and IPv4 at once sees its proxies so."""
    assert address(f"::ffff:{US}", THEM) == THEM
    assert address(f"::ffff:{THEM}", LIAR) == THEM
    assert address(US, f"{LIAR}, ::ffff:{THEM}") == THEM
    assert address(US, f"{LIAR}, ::FFFF:CB00:7109") == THEM


@pytest.mark.parametrize("peer", ["10.0.0.50", "10.0.0.4", "::ffff:0:10.0.0.5", "64:ff9b::a00:5"])
def test_what_looks_like_our_proxy_is_not_ours(peer: str) -> None:
    assert address(peer, LIAR) != LIAR


def test_the_header_names_beside_it_are_not_looked_at() -> None:
    others = (
        "X-Real-IP",
        "Forwarded",
        "True-Client-IP",
        "X-Client-IP",
        "X_Forwarded_For",
        "Client-IP",
    )
    request = RequestFactory().get("/", REMOTE_ADDR=US, headers=dict.fromkeys(others, LIAR))
    request.META.pop("HTTP_X_FORWARDED_FOR", None)  # the underscore: gunicorn refuses it
    assert client_address(request) == US


def test_no_proxy_of_ours_means_no_header_counts(settings: Settings) -> None:
    settings.OUR_PROXIES = []
    assert address("127.0.0.1", LIAR) == "127.0.0.1"

"""Who plain headers name, and what their sender has to show for that."""

import ipaddress
from dataclasses import replace
from typing import Any

import pytest

from accounts.identity import Identity
from accounts.proxy import NotProven
from accounts.proxy.config import HeaderConfig
from accounts.proxy.headers import identity_of
from accounts.repeated_headers import REPEATED

SECRET, NEXT_SECRET = "a secret of 32 characters or more", "its successor, just as long as that"
CONFIG = HeaderConfig(
    user_header="X-Remote-User",
    email_header="X-Remote-Email",
    name_header="X-Remote-Name",
    groups_header="X-Remote-Groups",
    secret_header="X-Proxy-Secret",
    secrets=(SECRET,),
    peers=(ipaddress.ip_network("10.0.0.5"), ipaddress.ip_network("2001:db8::/64")),
    issuer="sso.example.com",
)
HONEST = {
    "REMOTE_ADDR": "10.0.0.5",
    "HTTP_X_PROXY_SECRET": SECRET,
    "HTTP_X_REMOTE_USER": "hanako",
    "HTTP_X_REMOTE_EMAIL": "",
    "HTTP_X_REMOTE_NAME": "",
    "HTTP_X_REMOTE_GROUPS": "",
    REPEATED: "",
}


def ask(config: HeaderConfig = CONFIG, **changes: Any) -> Identity:
    return identity_of({**HONEST, **changes}, config)


def refusal(config: HeaderConfig = CONFIG, **changes: Any) -> str:
    with pytest.raises(NotProven) as refused:
        ask(config, **changes)
    return refused.value.reason


def as_sent(text: str) -> str:
    """Return a text as WSGI hands it over: its bytes, each as one character."""
    return text.encode().decode("latin-1")


def test_the_proxy_says_who_sends_a_request() -> None:
    found = ask(
        HTTP_X_REMOTE_EMAIL="hanako@example.com",
        HTTP_X_REMOTE_NAME=as_sent("山田　花子"),
        HTTP_X_REMOTE_GROUPS=as_sent("secrets-operators, 情報システム部"),
    )
    assert found == Identity(
        issuer="sso.example.com",
        subject="hanako",
        name="山田 花子",
        email="hanako@example.com",
        groups=("secrets-operators", "情報システム部"),
    )


def test_the_user_alone_is_enough() -> None:
    found = ask()
    assert (found.name, found.email, found.groups) == ("hanako", "", ())
    assert found.signed_in_at is None


@pytest.mark.parametrize("nothing", ["", "-"])
def test_a_proxy_says_so_where_it_has_nothing_to_say(nothing: str) -> None:
    told = dict.fromkeys(
        ("HTTP_X_REMOTE_EMAIL", "HTTP_X_REMOTE_NAME", "HTTP_X_REMOTE_GROUPS"), nothing
    )
    found = ask(**told)
    assert (found.name, found.email, found.groups) == ("hanako", "", ())


# `Connection: X-Remote-Groups` from a browser makes some proxies drop what they have just set.
@pytest.mark.parametrize("header", CONFIG.headers)
def test_a_header_that_got_lost_on_the_way_shows(header: str) -> None:
    meta = {**HONEST}
    del meta["HTTP_" + header.upper().replace("-", "_")]
    with pytest.raises(NotProven) as refused:
        identity_of(meta, CONFIG)
    assert refused.value.reason == f"{header} is missing"


def test_headers_that_are_not_configured_are_not_looked_at() -> None:
    config = replace(CONFIG, email_header="", name_header="", groups_header="")
    found = ask(
        config,
        HTTP_X_REMOTE_EMAIL="taro@example.com",
        HTTP_X_REMOTE_NAME="Taro",
        HTTP_X_REMOTE_GROUPS="secrets-managers",
        HTTP_X_FORWARDED_USER="taro",
        HTTP_REMOTE_USER="taro",
        REMOTE_USER="taro",
        HTTP_AUTHORIZATION="Bearer a.b.c",
    )
    assert (found.subject, found.name, found.email, found.groups) == ("hanako", "hanako", "", ())


# The proxy proves itself


@pytest.mark.parametrize(
    "peer",
    [
        *("10.0.0.5", "::ffff:10.0.0.5", "::ffff:a00:5", "2001:db8::1"),
        "2001:0DB8:0000:0000:0000:0000:0000:0001",
    ],
)
def test_the_proxy_is_known_by_where_its_connection_comes_from(peer: str) -> None:
    assert ask(REMOTE_ADDR=peer).subject == "hanako"


@pytest.mark.parametrize(
    "peer",
    [
        *("10.0.0.6", "::ffff:10.0.0.6", "2001:db8:0:1::1", "2001:db8::1%eth0", "fe80::1%eth0"),
        *("::10.0.0.5", "64:ff9b::10.0.0.5", "2002:a00:5::1", "127.0.0.1", "::1"),
        *("", "10.0.0.5:80", "10.0.0.05", "010.0.0.5", "167772165", "localhost", "[2001:db8::1]"),
    ],
)
def test_from_anywhere_else_nobody_is_believed(peer: str) -> None:
    everything_else = {
        "HTTP_X_FORWARDED_FOR": "10.0.0.5",
        "HTTP_X_REAL_IP": "10.0.0.5",
        "HTTP_FORWARDED": "for=10.0.0.5",
    }
    assert "PROXY_PEERS" in refusal(REMOTE_ADDR=peer, **everything_else)


@pytest.mark.parametrize(
    "shown",
    [
        *("", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), f"{SECRET},{SECRET}", SECRET * 2),
        *(f" {SECRET}", f"{SECRET} ", as_sent("ａ" + SECRET[1:]), "\udcff" * 33),
    ],
    ids=ascii,
)
def test_the_proxy_shows_the_secret(shown: str) -> None:
    assert refusal(HTTP_X_PROXY_SECRET=shown) == "X-Proxy-Secret does not hold the proxy's secret"


def test_one_secret_replaces_another_without_a_pause() -> None:
    both = replace(CONFIG, secrets=(NEXT_SECRET, SECRET))
    assert ask(both).subject == "hanako"
    assert ask(both, HTTP_X_PROXY_SECRET=NEXT_SECRET).subject == "hanako"
    assert "secret" in refusal(replace(CONFIG, secrets=(NEXT_SECRET,)))


# One of each


@pytest.mark.parametrize("header", CONFIG.headers)
def test_no_header_may_come_twice(header: str) -> None:
    assert refusal(**{REPEATED: f"ACCEPT,{header.upper()}"}) == f"{header} came more than once"


def test_other_headers_may_come_twice() -> None:
    assert ask(**{REPEATED: "ACCEPT,X-FORWARDED-FOR,X-REMOTE-USER-AGENT"}).subject == "hanako"


def test_a_server_that_does_not_tell_is_not_believed() -> None:
    meta = {name: value for name, value in HONEST.items() if name != REPEATED}
    with pytest.raises(NotProven, match="does not tell"):
        identity_of(meta, CONFIG)


@pytest.mark.parametrize("header", ["HTTP_X_REMOTE_USER", "HTTP_X_REMOTE_EMAIL"])
@pytest.mark.parametrize("value", ["hanako,taro", "hanako,", ",hanako", ",", "hanako, hanako"])
def test_no_comma_stands_for_a_second_one(header: str, value: str) -> None:
    assert "holds a comma" in refusal(**{header: value})


# What it may say


@pytest.mark.parametrize(
    "user",
    [
        *("", " ", "\t", " hanako", "hanako ", "hanako\t", "hana\tko", "hanako\n", "\0", "x" * 256),
        *("h\u0430nako", "ｈanako", "hana\u200bko", "hana\u0301ko", "\xfe", "hanako\x7f"),
    ],
    ids=ascii,
)
def test_a_user_is_named_in_plain_ascii(user: str) -> None:
    for sent in (user, as_sent(user)):
        assert "X-Remote-User" in refusal(HTTP_X_REMOTE_USER=sent)


@pytest.mark.parametrize("user", ["h", "x" * 255, "hanako@example.com", "EXAMPLE\\hanako", "a b"])
def test_every_plain_name_will_do(user: str) -> None:
    assert ask(HTTP_X_REMOTE_USER=user).subject == user


@pytest.mark.parametrize(
    "address", ["hanako", "@example.com", "hanako@", "a@b@c", "a b@c", "hanako@example.com\x00"]
)
def test_an_email_address_looks_like_one(address: str) -> None:
    assert "X-Remote-Email" in refusal(HTTP_X_REMOTE_EMAIL=address)


# In lower case the Kelvin sign is a k: ROLE_MAP would take one address for the other.
def test_no_other_letter_passes_for_one_of_an_address() -> None:
    assert "X-Remote-Email" in refusal(HTTP_X_REMOTE_EMAIL=as_sent("hana\u212ao@example.com"))


@pytest.mark.parametrize(
    "groups",
    [
        "a,",
        ",a",
        "a,,b",
        " ",
        "a,\tb",
        "a\u200b",
        "か\u3099",
        "a,\u202eb",
        "x" * 256,
        "\x00",
        "\x85",
    ],
    ids=ascii,
)
def test_one_bad_group_refuses_all(groups: str) -> None:
    assert "X-Remote-Groups" in refusal(HTTP_X_REMOTE_GROUPS=as_sent(groups))


@pytest.mark.parametrize("header", ["HTTP_X_REMOTE_GROUPS", "HTTP_X_REMOTE_NAME"])
@pytest.mark.parametrize("sent", ["\xff", "\xe9", "\xc0\xae", "\xed\xa0\x80", "山"], ids=ascii)
def test_texts_are_utf_8(header: str, sent: str) -> None:
    assert "is not UTF-8" in refusal(**{header: sent})


def test_a_refusal_names_headers_but_shows_none() -> None:
    with pytest.raises(NotProven) as refused:
        ask(HTTP_X_REMOTE_USER="marked,marked", HTTP_X_REMOTE_NAME="marked")
    assert "marked" not in f"{refused.value!r}{refused.value.reason}"
    assert SECRET not in repr(CONFIG)

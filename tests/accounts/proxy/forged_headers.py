"""Requests that pretend to come from Hanako, or to be the proxy, in plain headers.

Each is the lines of a request's head as they travel, and where its connection comes from.
"""

from dataclasses import dataclass

SECRET = "an-honest-secret-of-the-proxy-0123456789"
# The proxy's address; whoever goes past the proxy has another one.
PROXY, ELSEWHERE = "127.0.0.2", "127.0.0.1"

SHOWS_SECRET = f"X-Proxy-Secret: {SECRET}".encode()
IS_HANAKO = b"X-Remote-User: hanako"
DETAILS = (b"X-Remote-Email:", b"X-Remote-Name:", b"X-Remote-Groups:")
HONEST = (SHOWS_SECRET, IS_HANAKO, *DETAILS)


@dataclass(frozen=True)
class Forgery:
    """Args:
    reason: part of why it is refused, so that nothing is refused for the wrong reason.
    by_server: gunicorn refuses it and the application never sees it.
    """

    lines: tuple[bytes, ...]
    reason: str = ""
    peer: str = PROXY
    by_server: bool = False


def forgeries() -> dict[str, Forgery]:
    """Return all of them by a readable name."""
    return {
        **_without_the_secret(),
        **_from_elsewhere(),
        **_with_two_users(),
        **_with_an_odd_user(),
        **_in_other_headers(),
        **_with_odd_details(),
        **_that_no_server_takes(),
    }


def meta_of(forgery: Forgery) -> dict[str, str]:
    """Return what WSGI makes of the lines, without the mark for repeated headers."""
    meta = {"REMOTE_ADDR": forgery.peer}
    for line in forgery.lines:
        name, _colon, value = line.decode("latin-1").partition(":")
        key = "HTTP_" + name.upper().replace("-", "_")
        value = value.strip(" \t")
        meta[key] = f"{meta[key]},{value}" if key in meta else value
    return meta


def names_of(forgery: Forgery) -> list[str]:
    return [line.decode("latin-1").partition(":")[0].upper() for line in forgery.lines]


def _user(value: str | bytes, **details: str) -> Forgery:
    content = value if isinstance(value, bytes) else value.encode()
    return Forgery((SHOWS_SECRET, b"X-Remote-User: " + content), details.get("reason", ""))


def _without_the_secret() -> dict[str, Forgery]:
    shown = {
        "empty": "",
        "a hyphen": "-",
        "a guess": "an-honest-secret-of-the-proxy",
        "upper case": SECRET.upper(),
        "cut at the end": SECRET[:-1],
        "cut at the start": SECRET[1:],
        "longer": f"{SECRET}0",
        "twice in one": f"{SECRET}{SECRET}",
        "twice with a comma": f"{SECRET},{SECRET}",
        "among others": f"x,{SECRET},y",
        "quoted": f'"{SECRET}"',
        "percent-encoded": SECRET.replace("-", "%2D"),
        "with a scheme": f"Bearer {SECRET}",
        "full-width": "ａ" + SECRET[1:],
        "one letter Cyrillic": SECRET.replace("o", "\u043e"),
        "zero-width space in it": SECRET[:5] + "\u200b" + SECRET[5:],
        "its name": "X-Proxy-Secret",
        "a wildcard": "*",
        "true": "true",
        "null": "null",
        "32 blanks and letters": "a " * 16,
    }
    found = {
        f"secret: {name}": Forgery(
            (f"X-Proxy-Secret: {value}".encode(), IS_HANAKO, *DETAILS),
            "does not hold the proxy's secret",
        )
        for name, value in shown.items()
    }
    elsewhere = {
        "X-Proxy-Secrets": SECRET,
        "Proxy-Secret": SECRET,
        "X-Proxy-Secret2": SECRET,
        "X-ProxySecret": SECRET,
        "Authorization": f"Bearer {SECRET}",
        "Cookie": f"X-Proxy-Secret={SECRET}",
        "HTTP-X-Proxy-Secret": SECRET,
        "X.Proxy.Secret": SECRET,
        "X-Remote-Name": SECRET,
    }
    for header, value in elsewhere.items():
        lines = (f"{header}: {value}".encode(), IS_HANAKO)
        found[f"secret in {header}"] = Forgery(lines, "X-Proxy-Secret is missing")
    for name in ("x-remote-user", "X-REMOTE-USER", "x-ReMoTe-UsEr"):
        lines = (f"{name}: hanako".encode(),)
        found[f"no secret, {name}"] = Forgery(lines, "X-Proxy-Secret is missing")
    return found


def _from_elsewhere() -> dict[str, Forgery]:
    reason = "does not come from an address in PROXY_PEERS"
    claims = (
        *(f"X-Forwarded-For: {PROXY}", f"X-Forwarded-For: {PROXY}, {PROXY}", f"X-Real-IP: {PROXY}"),
        *(f"Forwarded: for={PROXY}", f'Forwarded: for="[::ffff:{PROXY}]";by={PROXY}'),
        *(f"X-Client-IP: {PROXY}", f"True-Client-IP: {PROXY}", f"CF-Connecting-IP: {PROXY}"),
        *(f"Remote-Addr: {PROXY}", f"X-Remote-Addr: {PROXY}", f"X-Originating-IP: {PROXY}"),
        *(f"X-Cluster-Client-IP: {PROXY}", f"X-Forwarded-Host: {PROXY}", f"Via: 1.1 {PROXY}"),
        *("X-Forwarded-Proto: https", f"X-Envoy-External-Address: {PROXY}", f"Client-IP: {PROXY}"),
    )
    found = {
        f"past the proxy, {claim}": Forgery((*HONEST, claim.encode()), reason, ELSEWHERE)
        for claim in claims
    }
    found["past the proxy"] = Forgery(HONEST, reason, ELSEWHERE)
    found["past the proxy without a secret"] = Forgery((IS_HANAKO,), reason, ELSEWHERE)
    peers = (
        *("10.0.0.9", "127.0.0.3", "0.0.0.1", "", "unix:", "localhost", "127.2", "127.0.0.2:80"),
        *(
            "2130706434",
            "0x7f.0.0.2",
            "0177.0.0.2",
            "127.0.0.02",
            " 127.0.0.2",
            "127.0.0.2,1.1.1.1",
        ),
        *("１２７.0.0.2", "127.0.0.2%lo", "127.0.0.2/32", "127\u30020.0.2", "127.0.0.2\n"),
        *("::1", "::", "::127.0.0.2", "64:ff9b::127.0.0.2", "2002:7f00:2::1", "::ffff:127.0.0.1"),
        *("::ffff:127.0.0.2%lo", "fe80::1%lo", "fe80::7f00:2", "[::ffff:127.0.0.2]"),
        *("::ffff:0:127.0.0.2", "0:0:0:0:0:fffe:127.0.0.2", "2001:0:7f00:2::"),
    )
    for peer in peers:
        found[f"from {peer!a}"] = Forgery(HONEST, reason, peer)
    return found


def _with_two_users() -> dict[str, Forgery]:
    me, you = b"X-Remote-User: mallory", IS_HANAKO
    twice, comma = "came more than once", "holds a comma"
    return {
        "the same user twice": Forgery((SHOWS_SECRET, you, you), twice),
        "me and you": Forgery((SHOWS_SECRET, me, you), twice),
        "you and me": Forgery((SHOWS_SECRET, you, me), twice),
        "me, then you in lower case": Forgery((SHOWS_SECRET, me, you.lower()), twice),
        "you in upper case, then me": Forgery((SHOWS_SECRET, b"X-REMOTE-USER: hanako", me), twice),
        "you, then nobody": Forgery((SHOWS_SECRET, you, b"X-Remote-User:"), twice),
        "nobody, then you": Forgery((SHOWS_SECRET, b"X-Remote-User:", you), twice),
        "three of us": Forgery((SHOWS_SECRET, you, me, you), twice),
        "a header of its own between us": Forgery((SHOWS_SECRET, me, b"Accept: a", you), twice),
        "two secrets": Forgery((SHOWS_SECRET, SHOWS_SECRET, you), twice),
        "a wrong secret, then the right one": Forgery((b"X-Proxy-Secret: x", *HONEST), twice),
        "groups twice": Forgery(
            (*HONEST, b"X-Remote-Groups: staff", b"X-Remote-Groups: administrators"), twice
        ),
        "email twice": Forgery(
            (*HONEST, b"X-Remote-Email: a@b.c", b"X-Remote-Email: d@e.f"), twice
        ),
        "name twice": Forgery((*HONEST, b"X-Remote-Name: a", b"X-Remote-Name: b"), twice),
        **{
            f"in one: {value}": _user(value, reason=comma)
            for value in (
                *("mallory,hanako", "hanako,mallory", "hanako, hanako", ",hanako", "hanako,", ","),
                *("hanako,,", "hanako ,mallory", '"hanako","mallory"', "CN=hanako,DC=example"),
            )
        },
    }


def _with_an_odd_user() -> dict[str, Forgery]:
    odd = "holds a character that it may not hold"
    values: dict[str, str | bytes] = {
        "a tab": "hana\tko",
        "DEL": "hanako\x7f",
        "NEL": "hanako\x85",
        "a no-break space": "hanako\u00a0",
        "an ideographic space": "\u3000hanako",
        "full-width": "ｈａｎａｋｏ",
        "one letter Cyrillic": "h\u0430nako",
        "one letter Greek": "hanak\u03bf",
        "mathematical bold": "\U0001d421\U0001d41a\U0001d427\U0001d41a\U0001d424\U0001d428",
        "circled": "\u24d7\u24d0\u24dd\u24d0\u24da\u24de",
        "small capitals": "\u029canako",
        "a Kelvin sign": "hana\u212ao",
        "a combining accent": "hana\u0301ko",
        "an accent in one": "han\u00e1ko",
        "zero-width space": "hana\u200bko",
        "zero-width joiner": "hana\u200dko",
        "zero-width non-joiner": "hana\u200cko",
        "byte order mark": "\ufeffhanako",
        "soft hyphen": "hana\u00adko",
        "right to left": "\u202eokanah",
        "an isolate": "\u2066hanako\u2069",
        "a variation selector": "hanako\ufe0f",
        "tag characters": "hanako\U000e0061",
        "an ideographic comma": "hanako\u3001mallory",
        "a full-width comma": "hanako\uff0cmallory",
        "an Arabic comma": "hanako\u060cmallory",
        "a line separator": "hanako\u2028mallory",
        "Latin-1": b"han\xe1ko",
        "no UTF-8": b"hanako\xff",
        "overlong UTF-8": b"hanak\xc1\xaf",
        "half a pair": b"hanako\xed\xa0\x80",
        "UTF-16": "hanako".encode("utf-16-le").replace(b"\0", b"\x80"),
    }
    found = {f"user with {name}": _user(value, reason=odd) for name, value in values.items()}
    return {
        **found,
        "user empty": _user("", reason="is empty"),
        "user blank": _user("   ", reason="is empty"),
        "user a hyphen": _user("-", reason="is empty"),
        "user missing": Forgery((SHOWS_SECRET,), "is missing"),
        "user too long": _user("x" * 256, reason="too long"),
        "user far too long": _user("hanako" + " " * 4000 + "x", reason="too long"),
    }


def _in_other_headers() -> dict[str, Forgery]:
    """The proxy names nobody: an unlocked page, say. Whoever asks names themselves in other words."""
    headers = (
        *("Remote-User", "X-Forwarded-User", "X-User", "X-Remote-Username", "X-Remote-User-Id"),
        *("X-Auth-Request-User", "X-Webauth-User", "X-Forwarded-Preferred-Username", "REMOTE-USER"),
        *(
            "X-Goog-Authenticated-User-Id",
            "Cf-Access-Authenticated-User-Email",
            "Iv-User",
            "SM-USER",
        ),
        *("X-Amzn-Oidc-Identity", "X-MS-CLIENT-PRINCIPAL-NAME", "Tailscale-User-Login"),
        *(
            "HTTP-X-Remote-User",
            "X--Remote-User",
            "X-Remote-User-",
            "X.Remote.User",
            "X!Remote!User",
        ),
        *("X~Remote~User", "XRemote-User", "X-Remote-Users", "X-Original-Remote-User"),
    )
    found = {
        f"named in {header}": Forgery((SHOWS_SECRET, f"{header}: hanako".encode()), "is missing")
        for header in headers
    }
    found["named in a cookie"] = Forgery(
        (SHOWS_SECRET, b"Cookie: X-Remote-User=hanako; REMOTE_USER=hanako"), "is missing"
    )
    found["named by a password"] = Forgery(
        (SHOWS_SECRET, b"Authorization: Basic aGFuYWtvOmhhbmFrbw=="), "is missing"
    )
    return found


def _with_odd_details() -> dict[str, Forgery]:
    details = {
        "groups with an empty one": "X-Remote-Groups: staff,,administrators",
        "groups with an empty end": "X-Remote-Groups: administrators,",
        "groups with a zero-width space": "X-Remote-Groups: administrators\u200b",
        "groups right to left": "X-Remote-Groups: \u202eadministrators",
        "groups in two spellings": "X-Remote-Groups: か\u3099",
        "groups with a tab": "X-Remote-Groups: staff,\tadministrators",
        "groups with a no-break space": "X-Remote-Groups: administrators\u00a0",
        "a group too long": f"X-Remote-Groups: {'x' * 256}",
        "two addresses": "X-Remote-Email: hanako@example.com,taro@example.com",
        "an address with two signs": "X-Remote-Email: hanako@example.com@evil.example",
        "an address with a blank": "X-Remote-Email: hanako @example.com",
        "an address with a Kelvin sign": "X-Remote-Email: hana\u212ao@example.com",
        "an address with a full-width sign": "X-Remote-Email: hanako＠example.com",
        "an address with a name": "X-Remote-Email: Hanako <hanako@example.com>, x",
        "no address": "X-Remote-Email: hanako",
    }
    found = {name: _honest_but(line.encode(), "X-Remote-") for name, line in details.items()}
    for header in (b"X-Remote-Groups", b"X-Remote-Name"):
        name = f"{header.decode()} that is no UTF-8"
        found[name] = _honest_but(header + b": administrators\xff", "is not UTF-8")
    for line in HONEST:
        header = line.partition(b":")[0]
        lines = tuple(other for other in HONEST if other != line)
        # As a proxy forwards a request with `Connection: X-Remote-Groups`.
        found[f"{header.decode()} dropped on the way"] = Forgery(lines, "is missing")
    return found


def _honest_but(line: bytes, reason: str) -> Forgery:
    """Honest headers, with another line in the place of one of them."""
    name = line.partition(b":")[0]
    others = [other for other in HONEST if other.partition(b":")[0] != name]
    return Forgery((*others, line), reason)


def _that_no_server_takes() -> dict[str, Forgery]:
    lines = {
        "an underscore": (SHOWS_SECRET, b"X_Remote_User: hanako"),
        "an underscore beside the real one": (
            SHOWS_SECRET,
            b"X-Remote-User: mallory",
            b"X_Remote_User: hanako",
        ),
        "one underscore": (SHOWS_SECRET, b"X-Remote_User: hanako"),
        "an underscore in the secret": (b"X_Proxy_Secret: " + SECRET.encode(), IS_HANAKO),
        "an underscore in the groups": (*HONEST, b"X_Remote_Groups: administrators"),
        "a blank before the colon": (SHOWS_SECRET, b"X-Remote-User : hanako"),
        "a tab before the colon": (SHOWS_SECRET, b"X-Remote-User\t: hanako"),
        "a folded line": (SHOWS_SECRET, b"X-Remote-User: mallory", b" hanako"),
        "a folded empty line": (SHOWS_SECRET, b"X-Remote-User:", b"\thanako"),
        "a header that starts folded": (SHOWS_SECRET, b" X-Remote-User: hanako"),
        "a zero": (SHOWS_SECRET, b"X-Remote-User: hanako\0"),
        "a zero in the name": (SHOWS_SECRET, b"X-Remote-User\0: hanako"),
        "a bare carriage return": (SHOWS_SECRET, b"X-Remote-User: mallory\rX-Remote-User: hanako"),
        "a bare line feed": (SHOWS_SECRET, b"Accept: a\nX-Remote-User: hanako"),
        "no name": (SHOWS_SECRET, b": hanako"),
        "no colon": (SHOWS_SECRET, b"X-Remote-User hanako"),
        "a name in Latin-1": (SHOWS_SECRET, b"X-Remote-\xdcser: hanako"),
        "a name with a Cyrillic letter": (SHOWS_SECRET, "X-Remote-Us\u0435r: hanako".encode()),
        "the server's own mark": (*HONEST, IS_HANAKO, b"REPEATED HEADERS: "),
        "bytes after a zero line": (SHOWS_SECRET, b"X-Remote-User: mallory\x0bhanako"),
    }
    return {f"on the wire: {name}": Forgery(told, by_server=True) for name, told in lines.items()}

"""Values for the demonstration: they look like the real thing and are good for nothing."""

import base64
import json
import string
import textwrap
from collections.abc import Callable
from random import Random

WORDS = ("kawa", "sora", "yuki", "hana", "mori", "umi", "tsuki", "kaze", "ishi", "hoshi")
LETTERS = string.ascii_letters + string.digits


def make_value(shape: str, random: Random) -> bytes:
    """Return a value of one of the SHAPES; the same `random` state gives the same value."""
    return SHAPES[shape](random)


def _token(random: Random) -> bytes:
    return f"demo_{_letters(random, 40)}".encode()


def _password(random: Random) -> bytes:
    words = "-".join(random.sample(WORDS, 3))
    return f"{words}-{random.randrange(1000, 9999)}!".encode()


def _pem(random: Random) -> bytes:
    body = b"This is a demonstration and no key. " * 12 + random.randbytes(96)
    lines = "\n".join(textwrap.wrap(base64.b64encode(body).decode(), 64))
    title = "DEMO PRIVATE KEY"
    return f"-----BEGIN {title}-----\n{lines}\n-----END {title}-----\n".encode()


def _json(random: Random) -> bytes:
    account = {
        "type": "service_account",
        "project_id": "example-corp-demo",
        "private_key_id": f"demo-{random.randrange(10**8):08}",
        "private_key": f"demonstration, no key\n{_letters(random, 48)}\n",
        "client_email": f"reader-{random.randrange(100):02}@example-corp-demo.example.com",
        "scopes": ["read", "write"],
    }
    return json.dumps(account, indent=2).encode()


def _url(random: Random) -> bytes:
    scheme, port = random.choice([("postgresql", 5432), ("mysql", 3306), ("sftp", 22)])
    return f"{scheme}://demo:{_letters(random, 16)}@host.example.com:{port}/demo".encode()


def _binary(random: Random) -> bytes:
    # 0xFF never occurs in UTF-8 (RFC 3629, 3), so no part of this passes for text.
    return b"\xff\xfe\x00" + random.randbytes(253)


def _letters(random: Random, count: int) -> str:
    return "".join(random.choices(LETTERS, k=count))


SHAPES: dict[str, Callable[[Random], bytes]] = {
    "token": _token,
    "password": _password,
    "pem": _pem,
    "json": _json,
    "url": _url,
    "binary": _binary,
}

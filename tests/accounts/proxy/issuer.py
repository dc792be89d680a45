"""Somebody who signs tokens, as a proxy does, and publishes their keys on a loopback port."""

import base64
import functools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

ISSUER = "https://sso.example.com"
AUDIENCE = "secrets-dashboard"
KEY_ID = "key-1"


def private_key(name: str, algorithm: str = "RS256") -> Any:
    """Return one and the same private key for a name, fit for an algorithm."""
    return _private_key(name, "RSA" if algorithm[:2] in {"RS", "PS"} else algorithm)


@functools.cache
def _private_key(name: str, kind: str) -> Any:
    makers = {
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
        "short RSA": lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505  # to be refused
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ES256K": lambda: ec.generate_private_key(ec.SECP256K1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
    }
    return makers[kind]()


def public_jwk(key: Any, key_id: str = KEY_ID, algorithm: str = "RS256", **more: Any) -> dict:
    """Return a key as its issuer publishes it."""
    told = get_default_algorithms()[algorithm].to_jwk(key.public_key(), as_dict=True)
    return {"kid": key_id, "use": "sig", **told, **more}


def key_set(*keys: dict) -> bytes:
    return json.dumps({"keys": keys}).encode()


def public_pem(key: Any) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def claims(**changes: Any) -> dict[str, Any]:
    """Return what an honest token says of Hanako, with changes; None takes a claim out."""
    now = int(time.time())
    told = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "hanako",
        "iat": now,
        "exp": now + 300,
        "name": "Hanako Yamada",
        "email": "hanako@example.com",
        "email_verified": True,
        "groups": ["secrets-operators"],
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}


def token(
    *,
    key: Any = None,
    algorithm: str = "RS256",
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """Return a signed token: an honest one, but for the changes to its header and claims."""
    head = {"typ": "JWT", "alg": algorithm, "kid": KEY_ID, **(header or {})}
    head = {name: value for name, value in head.items() if value is not None}
    return signed(head, claims(**changes), key=key, algorithm=algorithm)


def signed(head: Any, told: Any, *, key: Any = None, algorithm: str = "RS256") -> str:
    """Sign any header and any claims, however little sense they make.

    `bytes` are taken as they are, anything else becomes JSON.
    """
    signing_input = b".".join(segment(part) for part in (head, told))
    signer = get_default_algorithms()[algorithm]
    prepared = signer.prepare_key(key or private_key("the issuer's", algorithm))
    return b".".join([signing_input, segment(signer.sign(signing_input, prepared))]).decode()


def segment(part: Any) -> bytes:
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def padded_token(head: dict[str, Any], told: dict[str, Any], key: Any) -> str:
    """Return a token as an AWS load balancer writes it: each part padded, and signed like that."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (head, told)]
    signing_input = b".".join(parts)
    signature = jwt.get_algorithm_by_name("ES256").sign(signing_input, key)
    return b".".join([signing_input, base64.urlsafe_b64encode(signature)]).decode()


class KeyServer:
    """What is served at which path, and which paths were asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}

    def publish(
        self, path: str, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> str:
        """Serve `body` at `path` from now on, and return the address."""
        self.answers[path] = (status, headers or {}, body)
        return self.url + path


@contextmanager
def running_key_server() -> Iterator[KeyServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            status, headers, body = served.answers.get(self.path, (404, {}, b"nothing here"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = KeyServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

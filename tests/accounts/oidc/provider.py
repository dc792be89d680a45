"""An OpenID provider inside the test's process, with keys of its own and every way to do wrong."""

import base64
import hashlib
import itertools
import json
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

ISSUER = "https://sso.example.com"
CLIENT_ID, CLIENT_SECRET = "secrets-dashboard", "canary-client-secret"
ACCESS_TOKEN = "canary-access-token"
Claims = dict[str, Any]


@lru_cache
def key(name: str) -> rsa.RSAPrivateKey:
    """Return a private key; the same name is the same key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_key(name: str = "first", **details: Any) -> dict[str, Any]:
    """Return what a provider publishes of a key (RFC 7517)."""
    found = jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key(), as_dict=True)
    return {**found, "kid": name, "use": "sig", "alg": "RS256", **details}


def signed(claims: object, *, key_name: str = "first", **header: Any) -> str:
    """Return the token that a provider makes of claims, whatever they are."""
    headers = {"kid": key_name, **header}
    return jwt.api_jws.encode(json.dumps(claims).encode(), key(key_name), "RS256", headers)


class FakeProvider:
    """Answers like a provider in which `subject` is signed in.

    `claims` go into every ID token and `userinfo` into that answer, over what belongs there;
    a claim that is None is left out. `sign` makes the token. `fail(path, ...)` puts another answer
    in place of a right one.
    """

    def __init__(self, mock: responses.RequestsMock, issuer: str = ISSUER) -> None:
        self.issuer = issuer
        self.subject = "hanako-1"
        self.claims: Claims = {}
        self.userinfo: Claims = {"name": "Hanako Yamada", "groups": ["operators"]}
        self.keys: list[Any] = [public_key()]
        self.sign: Callable[[Claims], Any] = signed
        self.document: Claims = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/keys",
            "end_session_endpoint": f"{issuer}/leave",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        self.access_token: object = ACCESS_TOKEN
        self.content_type = "application/json"
        self.asked: list[str] = []
        self.token_requests: list[requests.PreparedRequest] = []
        self._failures: dict[str, tuple[int, str | bytes] | Exception] = {}
        self._codes: dict[str, Claims] = {}
        self._numbers = itertools.count()
        for method, path, answer in (
            ("GET", "/.well-known/openid-configuration", lambda _: self.document),
            ("GET", "/keys", lambda _: {"keys": self.keys}),
            ("POST", "/token", self._tokens),
            ("GET", "/userinfo", lambda _: self._merged({"sub": self.subject}, self.userinfo)),
        ):
            mock.add_callback(method, f"{issuer}{path}", self._answering(path, answer))

    def fail(self, path: str, failure: tuple[int, str | bytes] | Exception) -> None:
        """Answer what is asked at `path` with a status and a body, or break the connection."""
        self._failures[path] = failure

    def heal(self) -> None:
        self._failures.clear()

    def send_back(self, location: str, **query: str) -> dict[str, str]:
        """Sign `subject` in for what a browser brought, and return the query of its way back."""
        asked = dict(parse_qsl(urlsplit(location).query))
        code = f"code-{next(self._numbers)}"
        self._codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer, **query}

    def _answering(self, path: str, answer: Callable[[Any], Claims]) -> Callable[[Any], tuple]:
        def respond(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
            self.asked.append(path)
            failure = self._failures.get(path)
            if isinstance(failure, Exception):
                raise failure
            if failure is not None:
                return failure[0], {}, failure[1]
            said = answer(request)
            headers = {"Content-Type": self.content_type}
            return 400 if "error" in said else 200, headers, json.dumps(said, indent=1)

        return respond

    def _tokens(self, request: requests.PreparedRequest) -> Claims:
        self.token_requests.append(request)
        sent = {name: text for name, (text,) in parse_qs(request.body).items()}
        asked = self._codes.pop(sent["code"], None)
        name_and_secret = f"{CLIENT_ID}:{CLIENT_SECRET}".encode()
        in_header = f"Basic {base64.b64encode(name_and_secret).decode()}"
        in_body = (CLIENT_ID, CLIENT_SECRET)
        if request.headers.get("Authorization") != in_header and in_body != (
            sent.get("client_id"),
            sent.get("client_secret"),
        ):
            return {"error": "invalid_client"}
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or (challenge, sent["redirect_uri"]) != (
            asked["code_challenge"],
            asked["redirect_uri"],
        ):
            return {"error": "invalid_grant"}
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.subject,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
        }
        id_token = self.sign(self._merged(usual, self.claims))
        return {"access_token": self.access_token, "expires_in": "never", "id_token": id_token}

    @staticmethod
    def _merged(usual: Claims, others: Claims) -> Claims:
        return {name: said for name, said in {**usual, **others}.items() if said is not None}


def is_signed_in(visitor: Client) -> bool:
    return visitor.get("/accounts/session/?auto").status_code == 200


def begin(visitor: Client, back: str = "/", *, at: str = "begin") -> str:
    """Let a browser begin, and return where it is sent to."""
    answer = visitor.get(f"/accounts/oidc/{at}/", {"next": back})
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def sign_in(visitor: Client, provider: FakeProvider, back: str = "/", *, at: str = "begin") -> Any:
    """Let a browser go to the provider and come back, and return what it is told then."""
    location = begin(visitor, back, at=at)
    return visitor.get("/accounts/oidc/callback/", provider.send_back(location))

"""A token that is wrong in one thing proves nothing."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.test import Client

from accounts.models import Person
from audit.models import Event
from tests.accounts.oidc.provider import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    ISSUER,
    Claims,
    FakeProvider,
    is_signed_in,
    key,
    public_key,
    sign_in,
    signed,
)

# Times are counted from when a test runs.
AGO, AHEAD = timedelta(seconds=-60), timedelta(days=1)
INFINITE = float("inf")


def refused(visitor: Client, provider: FakeProvider) -> bool:
    answer = sign_in(visitor, provider)
    assert answer.status_code == 403, answer.content.decode()
    assert "could not be verified" in answer.content.decode()
    assert Event.objects.get(action="access.refused").outcome == "denied"
    return not is_signed_in(visitor) and not Person.objects.exists()


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://evil.example.com"),
        ("iss", ISSUER + "/"),
        ("iss", ISSUER.upper()),
        ("iss", None),
        ("iss", [ISSUER]),
        ("aud", "another-client"),
        ("aud", []),
        ("aud", None),
        ("aud", CLIENT_ID.upper()),
        ("aud", [CLIENT_ID, "another-client"]),
        ("azp", "another-client"),
        ("azp", [CLIENT_ID]),
        ("exp", AGO),
        ("exp", None),
        ("exp", "soon"),
        ("exp", INFINITE),
        ("iat", AHEAD),
        ("iat", None),
        ("nbf", AHEAD),
        ("nonce", "another"),
        ("nonce", None),
        ("nonce", ""),
        ("nonce", ["x"]),
        ("nonce", "\ud800"),
        ("sub", None),
        ("sub", ""),
        ("sub", 1234),
        ("sub", ["hanako-1"]),
        ("sub", "hanako\x001"),
        ("sub", " hanako-1"),
        ("sub", "\ud800"),
        ("sub", "hanako-１"),
        ("sub", "x" * 256),
        ("auth_time", "yesterday"),
        ("auth_time", True),
        ("auth_time", 10**30),
        ("auth_time", INFINITE),
        ("at_hash", "another"),
        ("at_hash", 5),
        ("at_hash", "\ud800"),
        ("groups", {"operators": True}),
        ("groups", 7),
        ("groups", True),
        ("groups", [["operators"]]),
        ("groups", ["operators", 7]),
        ("groups", ["operators", None]),
        ("groups", ["operators", {"name": "managers"}]),
        ("groups", ["operators", ""]),
        ("groups", ""),
        ("groups", ["operators", "\ud800"]),
        ("groups", ["operators", "man\u200bagers"]),
    ],
)
def test_a_wrong_claim_lets_nobody_in(
    visitor: Client, provider: FakeProvider, claim: str, value: object
) -> None:
    if isinstance(value, timedelta):
        value = int(time.time() + value.total_seconds())
    provider.claims[claim] = value
    if claim == "sub":
        provider.userinfo["sub"] = value
    assert refused(visitor, provider)


DEEP = b"[" * 100_000


def in_base64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def unsigned(claims: Claims) -> str:
    return jwt.encode(claims, "", algorithm="none")


def with_header(**header: Any) -> Callable[[Claims], str]:
    return lambda claims: signed(claims, **header)


def by_hand(claims: Claims, header: Claims, secret: bytes) -> str:
    """Make an HMAC token of which PyJWT would not let itself be talked into."""
    signed_part = ".".join(in_base64(json.dumps(part).encode()) for part in (header, claims))
    code = hmac.new(secret, signed_part.encode(), hashlib.sha256).digest()
    return f"{signed_part}.{in_base64(code)}"


def with_public_key_as_secret(claims: Claims) -> str:
    pem = (
        key("first")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return by_hand(claims, {"alg": "HS256", "kid": "first"}, pem)


def with_client_secret(claims: Claims) -> str:
    return by_hand(claims, {"alg": "HS256", "kid": "first"}, CLIENT_SECRET.encode())


def with_a_key_it_brings_along(claims: Claims) -> str:
    return signed(claims, key_name="evil", kid="first", jwk=public_key("evil"))


def with_another_payload(claims: Claims) -> str:
    head, _payload, code = signed(claims).split(".")
    forged = in_base64(json.dumps({**claims, "sub": "admin"}).encode())
    return f"{head}.{forged}.{code}"


FORGERIES: dict[str, Callable[[Claims], Any]] = {
    "not signed": unsigned,
    "signature cut off": lambda claims: signed(claims).rpartition(".")[0] + ".",
    "another payload": with_another_payload,
    "another key": lambda claims: signed(claims, key_name="evil", kid="first"),
    "a key that it brings along": with_a_key_it_brings_along,
    "a key from its own address": lambda claims: signed(
        claims, key_name="evil", kid="evil", jku="https://evil.example.com/keys"
    ),
    "a key that is not there": with_header(kid="second"),
    "the public key as a secret": with_public_key_as_secret,
    "the client's secret": with_client_secret,
    "an algorithm that nobody knows": lambda claims: by_hand(claims, {"alg": "XS1"}, b"x" * 32),
    "an unknown critical header": with_header(crit=["evil"], evil=True),
    "no token": lambda claims: None,
    "a number": lambda claims: 7,
    "an object": lambda claims: {"sub": "hanako-1"},
    "a word": lambda claims: "token",
    "three words": lambda claims: "a.b.c",
    "an encrypted token": lambda claims: "a.b.c.d.e",
    "a list for claims": lambda claims: signed([claims]),
    "deep nesting in the header": lambda claims: f"{in_base64(DEEP)}.e30.x",
    "deep nesting in the claims": lambda claims: jwt.api_jws.encode(
        DEEP, key("first"), "RS256", {"kid": "first"}
    ),
    "a list of algorithms": lambda claims: by_hand(claims, {"alg": ["RS256"]}, b"x" * 32),
    "a number for an algorithm": lambda claims: by_hand(claims, {"alg": 7, "kid": 7}, b"x" * 32),
    "a header that is a list": lambda claims: f"{in_base64(b'[]')}.e30.x",
}


@pytest.mark.parametrize("sign", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_lets_nobody_in(
    visitor: Client, provider: FakeProvider, sign: Callable[[Claims], Any]
) -> None:
    provider.sign = sign
    assert refused(visitor, provider)


@pytest.mark.parametrize(
    "published",
    [
        [],
        ["a key"],
        [public_key(use="enc")],
        [public_key(), public_key()],
        [public_key(alg="RS512")],
        [{"kid": "first", "kty": "oct", "k": "c2VjcmV0"}],
        [{"kid": "first"}],
        [public_key(alg=["RS256"])],
        [public_key(n="AQAB")],
        [public_key("evil", kid="first")],
    ],
)
def test_a_key_that_does_not_fit_proves_nothing(
    visitor: Client, provider: FakeProvider, published: list[Any]
) -> None:
    provider.keys = published
    assert refused(visitor, provider)


@pytest.mark.parametrize("published_alg", [{"alg": "HS256"}, {}], ids=["named", "not named"])
def test_a_secret_that_the_provider_publishes_proves_nothing(
    visitor: Client, provider: FakeProvider, published_alg: dict[str, str]
) -> None:
    secret = b"published for everybody to sign with"
    provider.keys = [{"kid": "first", "kty": "oct", "k": in_base64(secret), **published_alg}]
    provider.sign = lambda claims: by_hand(claims, {"alg": "HS256", "kid": "first"}, secret)
    assert refused(visitor, provider)


def test_a_weak_key_proves_nothing(visitor: Client, provider: FakeProvider) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    found = jwt.algorithms.RSAAlgorithm.to_jwk(weak.public_key(), as_dict=True)
    provider.keys = [{**found, "kid": "weak"}]
    provider.sign = lambda claims: signed_by(weak, claims, "weak")
    assert refused(visitor, provider)


def signed_by(weak: rsa.RSAPrivateKey, claims: Claims, name: str) -> str:
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        return jwt.encode(claims, weak, algorithm="RS256", headers={"kid": name})


def test_userinfo_of_somebody_else_counts_for_nobody(
    visitor: Client, provider: FakeProvider
) -> None:
    provider.userinfo |= {"sub": "boss-9", "groups": ["managers"]}
    assert refused(visitor, provider)


@pytest.mark.parametrize("token", [["x"], 7, None, "x\ny", "x\ud800", "é"])
def test_an_access_token_that_cannot_be_sent_is_refused(
    visitor: Client, provider: FakeProvider, token: object
) -> None:
    provider.access_token = token
    assert refused(visitor, provider)


# And a right one does, in every way that providers sign.


def test_keys_may_change_between_two_sign_ins(visitor: Client, provider: FakeProvider) -> None:
    assert sign_in(Client(), provider).status_code == 302
    provider.keys = [public_key("second"), public_key()]
    provider.sign = lambda claims: signed(claims, key_name="second")
    assert sign_in(visitor, provider).status_code == 302


def test_a_token_without_the_name_of_its_key_fits_the_only_key(
    visitor: Client, provider: FakeProvider
) -> None:
    provider.sign = lambda claims: jwt.encode(claims, key("first"), algorithm="RS256")
    assert sign_in(visitor, provider).status_code == 302


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_a_published_key_need_not_name_its_algorithm(
    visitor: Client, provider: FakeProvider, algorithm: str
) -> None:
    provider.keys = [public_key(alg=None)]
    provider.sign = lambda claims: jwt.encode(
        claims, key("first"), algorithm=algorithm, headers={"kid": "first"}
    )
    assert sign_in(visitor, provider).status_code == 302


@pytest.mark.parametrize(
    ("algorithm", "private", "format_of"),
    [
        ("ES256", ec.generate_private_key(ec.SECP256R1()), jwt.algorithms.ECAlgorithm),
        ("ES384", ec.generate_private_key(ec.SECP384R1()), jwt.algorithms.ECAlgorithm),
        ("ES512", ec.generate_private_key(ec.SECP521R1()), jwt.algorithms.ECAlgorithm),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate(), jwt.algorithms.OKPAlgorithm),
    ],
    ids=["ES256", "ES384", "ES512", "EdDSA"],
)
def test_other_kinds_of_keys_are_good_as_well(
    visitor: Client, provider: FakeProvider, algorithm: str, private: Any, format_of: Any
) -> None:
    hash_name = "sha512" if algorithm == "EdDSA" else f"sha{algorithm[2:]}"
    digest = hashlib.new(hash_name, ACCESS_TOKEN.encode()).digest()
    provider.claims["at_hash"] = in_base64(digest[: len(digest) // 2])
    provider.keys = [{**format_of.to_jwk(private.public_key(), as_dict=True), "kid": "one"}]
    provider.sign = lambda claims: jwt.encode(
        claims, private, algorithm=algorithm, headers={"kid": "one"}
    )
    assert sign_in(visitor, provider).status_code == 302


def test_an_audience_of_several_is_good_for_the_one_it_was_made_for(
    visitor: Client, provider: FakeProvider
) -> None:
    provider.claims |= {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    assert sign_in(visitor, provider).status_code == 302


def test_clocks_may_differ_by_some_seconds(visitor: Client, provider: FakeProvider) -> None:
    now = int(time.time())
    provider.claims |= {"iat": now + 20, "exp": now - 10}
    assert sign_in(visitor, provider).status_code == 302

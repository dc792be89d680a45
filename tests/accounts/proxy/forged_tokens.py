"""Tokens that pretend to be the issuer's word for Hanako.

The issuer publishes three keys: `key-1` (RSA) and `key-2` (elliptic) sign, `key-3` is for encryption.
RS256 and ES256 are configured.
"""

import base64
import datetime
import hashlib
import hmac
import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from tests.accounts.proxy.issuer import (
    AUDIENCE,
    ISSUER,
    claims,
    key_set,
    private_key,
    public_jwk,
    public_pem,
    segment,
    signed,
    token,
)

RSA, ELLIPTIC = private_key("the issuer's"), private_key("the issuer's", "ES256")
RETIRED, OTHERS = private_key("a retired one"), private_key("another issuer's")
MINE, MY_ELLIPTIC = private_key("my own"), private_key("my own", "ES256")
ENCRYPTING = private_key("for encryption")

HEAD = {"typ": "JWT", "alg": "RS256", "kid": "key-1"}
SIGNATURE, MALFORMED, OTHER_WAY = "signature is wrong", "malformed", "a way that is not configured"
NO_TOKEN = "something else than one token"
OTHER_KIND = "another kind of token"


def published_keys() -> bytes:
    return key_set(
        public_jwk(RSA),
        public_jwk(ELLIPTIC, key_id="key-2", algorithm="ES256"),
        public_jwk(ENCRYPTING, key_id="key-3", use="enc"),
    )


@dataclass(frozen=True)
class Forgery:
    """A token, made when it is needed: its times are those of the test.

    `reason` is part of why it is refused, so that nothing is refused for the wrong reason.
    """

    make: Callable[[], str | bytes]
    reason: str


def forgeries(my_keys_url: str) -> dict[str, Forgery]:
    """Return all of them by a readable name. At `my_keys_url` there are keys of my own making."""
    return {
        **_unsigned(),
        **_signed_with_the_public_key(),
        **_signed_in_another_way(),
        **_signed_with_another_key(),
        **_with_a_key_along(my_keys_url),
        **_with_an_odd_key_name(),
        **_from_another_issuer(),
        **_for_somebody_else(),
        **_at_another_time(),
        **_about_nobody(),
        **_of_another_kind(),
        **_of_another_shape(),
    }


def _with(reason: str, **changes: Any) -> Forgery:
    """Signed by the issuer, with one thing that is not as it must be."""
    return Forgery(partial(token, **changes), reason)


def _headed(reason: str, **header: Any) -> Forgery:
    return Forgery(partial(token, header=header), reason)


def _unsigned() -> dict[str, Forgery]:
    def unsigned(alg: Any, signature: bytes) -> str:
        head = {"typ": "JWT", "kid": "key-1", "alg": alg}
        return b".".join([segment(head), segment(claims()), signature]).decode()

    spellings = ("none", "None", "NONE", "nOnE", "NoNe", "none ", "", None, 0, False, ["none"], {})
    found = {
        f"alg {alg!r}, some signature": Forgery(partial(unsigned, alg, b"AAAA"), OTHER_WAY)
        for alg in spellings
    }
    for alg in ("none", "None", "NoNe", "RS256"):
        found[f"alg {alg!r}, no signature"] = Forgery(partial(unsigned, alg, b""), NO_TOKEN)
    found["no alg"] = _headed(OTHER_WAY, alg=None)
    found["alg none, the issuer's signature"] = _headed(OTHER_WAY, alg="none")
    return found


def _signed_with_the_public_key() -> dict[str, Forgery]:
    def with_secret(secret: bytes, algorithm: str) -> str:
        head = segment({**HEAD, "alg": algorithm})
        body = segment(claims())
        digest = getattr(hashlib, f"sha{algorithm[2:]}")
        mac = hmac.new(secret, head + b"." + body, digest).digest()
        return b".".join([head, body, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()

    public = RSA.public_key()
    jwk = public_jwk(RSA)
    secrets = {
        "PEM": public_pem(RSA),
        "PEM without its last line break": public_pem(RSA).rstrip(),
        "PEM of PKCS 1": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "DER of PKCS 1": public.public_bytes(Encoding.DER, PublicFormat.PKCS1),
        "JWK": json.dumps(jwk).encode(),
        "JWK without blanks": json.dumps(jwk, separators=(",", ":")).encode(),
        "modulus": str(jwk["n"]).encode(),
        "key set": published_keys(),
        "name": b"key-1",
        "nothing": b"",
        "the word secret": b"secret",
        "audience": AUDIENCE.encode(),
    }
    found = {
        f"HS256 with the public key: {name}": Forgery(
            partial(with_secret, secret, "HS256"), OTHER_WAY
        )
        for name, secret in secrets.items()
    }
    for algorithm in ("HS384", "HS512"):
        make = partial(with_secret, secrets["PEM"], algorithm)
        found[f"{algorithm} with the public key: PEM"] = Forgery(make, OTHER_WAY)
    return found


def _signed_in_another_way() -> dict[str, Forgery]:
    found = {
        f"alg {alg}, not configured": Forgery(partial(token, algorithm=alg), OTHER_WAY)
        for alg in ("RS384", "RS512", "PS256", "PS512", "ES384", "EdDSA")
    }
    for alg in (
        "rs256",
        "RS256 ",
        " RS256",
        "RS256\0",
        ["RS256"],
        {"RS256": 1},
        "ＲS256",
        "RSA",
        256,
    ):
        found[f"alg {alg!a}"] = _headed(OTHER_WAY, alg=alg)
    for alg in ("RS384", "RS512", "PS256"):
        make = partial(signed, HEAD, claims(), algorithm=alg)
        found[f"alg RS256, signed with {alg}"] = Forgery(make, SIGNATURE)
    no_such_key = "a key that the issuer does not have"
    found["alg ES256 for the RSA key"] = Forgery(
        partial(token, key=MY_ELLIPTIC, algorithm="ES256"), no_such_key
    )
    found["alg RS256 for the elliptic key"] = _headed(no_such_key, kid="key-2")
    return found


def _signed_with_another_key() -> dict[str, Forgery]:
    def with_signature(signature: bytes, **header: Any) -> str:
        head, body, _signature = token(header=header).split(".")
        return f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    def with_parts_of(**changes: Any) -> str:
        head, body, _signature = token().split(".")
        return f"{head}.{body}.{token(**changes).split('.')[2]}"

    def with_another_body() -> str:
        head, _body, signature = token(sub="mallory").split(".")
        return f"{head}.{segment(claims()).decode()}.{signature}"

    def with_another_head() -> str:
        _head, body, signature = token().split(".")
        return f"{segment({**HEAD, 'x': 1}).decode()}.{body}.{signature}"

    elliptic = {"kid": "key-2", "alg": "ES256"}
    no_such_key = "a key that the issuer does not have"
    return {
        "my own key under the issuer's name": _with(SIGNATURE, key=MINE),
        "my own elliptic key": Forgery(
            partial(token, key=MY_ELLIPTIC, algorithm="ES256", header={"kid": "key-2"}), SIGNATURE
        ),
        "a retired key under its name": _with(no_such_key, key=RETIRED, header={"kid": "key-0"}),
        "a retired key under a name in use": _with(SIGNATURE, key=RETIRED),
        "another issuer's key": _with(no_such_key, key=OTHERS, header={"kid": "theirs"}),
        "another issuer's key of the same name": _with(SIGNATURE, key=OTHERS),
        "the key for encryption": _with(no_such_key, key=ENCRYPTING, header={"kid": "key-3"}),
        "a signature of another token": Forgery(partial(with_parts_of, sub="mallory"), SIGNATURE),
        "a signature of an older token": Forgery(partial(with_parts_of, iat=1), SIGNATURE),
        "another body": Forgery(with_another_body, SIGNATURE),
        "another head": Forgery(with_another_head, SIGNATURE),
        "a signature of zeros": Forgery(partial(with_signature, bytes(256)), SIGNATURE),
        "a signature of ones": Forgery(partial(with_signature, b"\xff" * 256), SIGNATURE),
        "a short signature": Forgery(partial(with_signature, b"\1"), SIGNATURE),
        "a long signature": Forgery(partial(with_signature, bytes(1024)), SIGNATURE),
        # CVE-2022-21449: r and s are zero.
        "an elliptic signature of zeros": Forgery(
            partial(with_signature, bytes(64), **elliptic), SIGNATURE
        ),
        "an elliptic signature of ones": Forgery(
            partial(with_signature, b"\xff" * 64, **elliptic), SIGNATURE
        ),
        "an elliptic signature in DER": Forgery(
            partial(with_signature, encode_dss_signature(1, 1), **elliptic), SIGNATURE
        ),
        "an elliptic signature, empty r": Forgery(
            partial(with_signature, bytes(63) + b"\1", **elliptic), SIGNATURE
        ),
    }


def _with_a_key_along(my_keys_url: str) -> dict[str, Forgery]:
    mine = public_jwk(MINE)
    certificate = base64.b64encode(_certificate()).decode()
    along: dict[str, dict[str, Any]] = {
        "jku": {"jku": my_keys_url},
        "jwk": {"jwk": mine},
        "x5u": {"x5u": my_keys_url},
        "x5c": {"x5c": [certificate]},
        "all of them": {
            "jku": my_keys_url,
            "jwk": mine,
            "x5u": my_keys_url,
            "x5c": [certificate],
        },
    }
    no_such_key = "a key that the issuer does not have"
    found = {}
    for name, header in along.items():
        for kid, reason in (("key-1", SIGNATURE), ("my-own", no_such_key), (None, no_such_key)):
            found[f"{name} along, kid {kid}"] = _with(
                reason, key=MINE, header={**header, "kid": kid}
            )
    return found


def _certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sso.example.com")])
    now = datetime.datetime.now(tz=datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, MINE.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(MINE, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.DER)


def _with_an_odd_key_name() -> dict[str, Forgery]:
    unknown = "a key that the issuer does not have"
    odd = "does not name a key as it should"
    reasons = {
        **dict.fromkeys(("unknown", "KEY-1", "key-1/", "key", "../../key-1", "/dev/null"), unknown),
        **dict.fromkeys(
            ("'OR'1'='1", "key-1'--", "key-1;", "%6bey-1", "{{7*7}}", "${kid}"), unknown
        ),
        **dict.fromkeys(
            ("https://evil.example/keys", "file:///etc/passwd", "key-1|key-2"), unknown
        ),
        **dict.fromkeys(("", " key-1", "key-1 ", "key-1\0", "key-1\n", "kеy-1", "x" * 129), odd),
        **dict.fromkeys(("' OR '1'='1", "key 1", "\u200bkey-1", "ｋey-1"), odd),
    }
    found = {f"kid {kid[:24]!a}": _headed(reason, kid=kid) for kid, reason in reasons.items()}
    kids: tuple[Any, ...] = (["key-1"], {"key-1": 1}, 1, True, 1.5, [], {})
    for kid in kids:
        found[f"kid {kid!r}"] = _headed(MALFORMED, kid=kid)
    found["no kid among several keys"] = _headed(unknown, kid=None)
    return found


def _from_another_issuer() -> dict[str, Forgery]:
    other, missing = "another issuer", "lacks a claim"
    issuers: dict[Any, str] = {
        **dict.fromkeys(
            (f"{ISSUER}/", ISSUER.upper(), ISSUER[:-1], f"{ISSUER}.evil.example"), other
        ),
        **dict.fromkeys((ISSUER.replace("https", "http"), f" {ISSUER}", f"{ISSUER}\0", ""), other),
        **dict.fromkeys((ISSUER.replace("o", "\u043e"), "https://evil.example", "*"), other),
        None: missing,
    }
    found = {f"iss {issuer!a}": _with(reason, iss=issuer) for issuer, reason in issuers.items()}
    odd: tuple[Any, ...] = ([ISSUER], {ISSUER: 1}, 7, True)
    for issuer in odd:
        found[f"iss {issuer!r}"] = _with(other, iss=issuer)
    return found


def _for_somebody_else() -> dict[str, Forgery]:
    another, missing = "another application", "lacks a claim"
    audiences: dict[str, tuple[Any, str]] = {
        "missing": (None, missing),
        "empty": ("", missing),
        "an empty list": ([], missing),
        "another": ("wiki", another),
        "a list of another": (["wiki"], another),
        "ours and another": ([AUDIENCE, "wiki"], "other applications too"),
        "another and ours": (["wiki", AUDIENCE], "other applications too"),
        "part of ours": (AUDIENCE[:-1], another),
        "more than ours": (f"{AUDIENCE}2", another),
        "upper case": (AUDIENCE.upper(), another),
        "with a blank": (f" {AUDIENCE}", another),
        "several in one": (f"wiki {AUDIENCE}", another),
        "several with a comma": (f"{AUDIENCE},wiki", another),
        "an object": ({AUDIENCE: True}, another),
        "a list in a list": ([[AUDIENCE]], another),
        "a list with null": ([None], another),
        "ours and null": ([AUDIENCE, None], another),
        "a number": (7, another),
        "true": (True, another),
        "a wildcard": ("*", another),
        "the issuer": (ISSUER, another),
    }
    return {f"aud {name}": _with(reason, aud=aud) for name, (aud, reason) in audiences.items()}


def _at_another_time() -> dict[str, Forgery]:
    infinity = float("inf")
    expired, future, missing = "has expired", "from the future", "lacks a claim"
    number = "a time in the token is no number"

    def from_now(reason: str, claim: str, seconds: int) -> Forgery:
        return Forgery(lambda: token(**{claim: int(time.time()) + seconds}), reason)

    odd: tuple[Any, ...] = (infinity, float("nan"), "never", [], {}, "")
    found = {
        "exp just passed": from_now(expired, "exp", -31),
        "exp long passed": from_now(expired, "exp", -86400),
        "exp 0": _with(expired, exp=0),
        "exp negative": _with(expired, exp=-1),
        "exp in milliseconds of the past": _with(expired, exp=1.5),
        "exp missing": _with(missing, exp=None),
        "exp as a text": _with(number, exp="99999999999"),
        "exp true": _with(expired, exp=True),
        "iat in the future": from_now(future, "iat", 60),
        "iat far in the future": _with(future, iat=99999999999),
        "iat missing": _with(missing, iat=None),
        "iat as a text": _with(number, iat="1"),
        "iat true": _with(number, iat=True),
        "nbf in the future": from_now(future, "nbf", 60),
        "nbf as a text": _with(number, nbf="1"),
        "nbf false": _with(number, nbf=False),
    }
    for claim in ("exp", "iat", "nbf"):
        for value in odd:
            found[f"{claim} {value!r}"] = _with(MALFORMED, **{claim: value})
    found["iat ''"] = found["iat []"] = found["iat {}"] = _with("", iat=[])
    signed_in: tuple[Any, ...] = (99999999999, -1, "1", True, infinity, float("nan"), [])
    for value in signed_in:
        found[f"auth_time {value!r}"] = _with("auth_time", auth_time=value)
    return found


def _about_nobody() -> dict[str, Forgery]:
    subjects: tuple[Any, ...] = (
        *(None, "", 7, True, ["hanako"], {"hanako": 1}, 1.5),
        *(" ", " hanako", "hanako ", "hanako\n", "hanako\0", "hanako\t", "x" * 256),
        *("h\u0430nako", "ｈanako", "hana\u200bko", "hana\u0301ko", "\u202eokanah", "\ud800"),
    )
    found = {f"sub {sub!a:.24}": _with("the token's subject", sub=sub) for sub in subjects}
    groups: tuple[Any, ...] = (
        {"administrators": 1},
        7,
        [7],
        [["administrators"]],
        ["a\u200b"],
        [""],
    )
    for value in groups:
        found[f"groups {value!a}"] = _with("group", groups=value)
    emails: tuple[Any, ...] = (["hanako@example.com"], "hanako", "a@b@c", "hana\u212ao@example.com")
    for email in emails:
        found[f"email {email!a}"] = _with("email", email=email)
    return found


def _of_another_kind() -> dict[str, Forgery]:
    def zipped() -> str:
        body = zlib.compress(json.dumps(claims()).encode())
        return signed({**HEAD, "zip": "DEF"}, body)

    headers: dict[str, dict[str, Any]] = {
        "an access token": {"typ": "at+jwt"},
        "a sign-out token": {"typ": "logout+jwt"},
        "a security event": {"typ": "secevent+jwt"},
        "a key-bound one": {"typ": "dpop+jwt"},
        "of no type": {"typ": ""},
        "of a list of types": {"typ": ["JWT"]},
        "nested": {"cty": "JWT"},
        "encrypted by name": {"enc": "A256GCM"},
        "compressed by name": {"zip": "DEF"},
    }
    found = {f"token {name}": _headed(OTHER_KIND, **header) for name, header in headers.items()}
    crits: tuple[Any, ...] = (["exp"], ["http://example.com/x"], [], "exp", None, ["b64"], [7], {})
    for crit in crits:
        head = {**HEAD, "crit": crit}
        found[f"crit {crit!r}"] = Forgery(partial(signed, head, claims()), "token is")
    found["b64 and crit"] = _headed("token", b64=True, crit=["b64"])
    found["b64 false"] = _headed(MALFORMED, b64=False)
    found["token compressed"] = Forgery(zipped, "token")
    found["a token in a token"] = Forgery(lambda: signed(HEAD, token().encode()), MALFORMED)
    return found


def _of_another_shape() -> dict[str, Forgery]:
    def changed(change: Callable[[str], str | bytes]) -> Callable[[], str | bytes]:
        return lambda: change(token())

    def part(number: int, change: Callable[[str], str]) -> Callable[[str], str]:
        def change_part(whole: str) -> str:
            parts = whole.split(".")
            parts[number] = change(parts[number])
            return ".".join(parts)

        return change_part

    def other_last_bits(text: str) -> str:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return text[:-1] + letters[letters.index(text[-1]) ^ 1]

    shapes: dict[str, Callable[[str], str | bytes]] = {
        "nothing": lambda whole: "",
        "a word": lambda whole: "hanako",
        "two dots": lambda whole: "..",
        "no signature": lambda whole: whole.rpartition(".")[0],
        "an empty signature": lambda whole: whole.rpartition(".")[0] + ".",
        "no head": lambda whole: whole.partition(".")[2],
        "an empty head": lambda whole: "." + whole.partition(".")[2],
        "an empty body": part(1, lambda body: ""),
        "a fourth part": lambda whole: whole + ".AAAA",
        "five parts": lambda whole: whole + ".AAAA.AAAA",
        "two tokens with a comma": lambda whole: f"{whole},{whole}",
        "two tokens with a comma and a blank": lambda whole: f"{whole}, {whole}",
        "two tokens with a blank": lambda whole: f"{whole} {whole}",
        "two tokens with a semicolon": lambda whole: f"{whole};{whole}",
        "two tokens in one": lambda whole: whole + whole,
        "quoted": lambda whole: f'"{whole}"',
        "with a scheme": lambda whole: f"Bearer {whole}",
        "with a name": lambda whole: f"token={whole}",
        "disclosures": lambda whole: whole + "~",
        "padded with one": lambda whole: whole + "=",
        "padded with two": lambda whole: whole + "==",
        "padded with four": lambda whole: whole + "====",
        "a head of one letter": part(0, lambda head: "A"),
        "a body of five letters": part(1, lambda body: "AAAAA"),
        "a padded head": part(0, lambda head: head + "="),
        "a padded body": part(1, lambda body: body + "=="),
        "padding inside": part(1, lambda body: body[:8] + "=" + body[8:]),
        "a blank inside": part(1, lambda body: body[:8] + " " + body[8:]),
        "a tab inside": part(2, lambda signature: signature[:8] + "\t" + signature[8:]),
        "the other base64": part(2, lambda signature: "+/" + signature[2:]),
        "percent-encoded": lambda whole: whole.replace(".", "%2E"),
        "a full-width dot": lambda whole: whole.replace(".", "．").encode(),
        "a Cyrillic letter": lambda whole: ("\u0435" + whole[1:]).encode(),
        "bytes that are no text": lambda whole: whole.encode() + b"\xff",
        "as JSON": lambda whole: json.dumps(
            dict(zip(("protected", "payload", "signature"), whole.split("."), strict=True))
        ),
    }
    found = {f"shape: {name}": Forgery(changed(make), "token") for name, make in shapes.items()}
    for name, change, reason in (
        ("one letter less", lambda text: text[:-1], MALFORMED),
        ("four letters less", lambda text: text[:-4], "token"),
        ("one letter more", lambda text: text + "AAAAA"[: 5 - len(text) % 4], "token"),
        ("four letters more", lambda text: text + "AAAA", "token"),
        ("other last bits", other_last_bits, MALFORMED),
    ):
        found[f"signature: {name}"] = Forgery(changed(part(2, change)), reason)
    heads: dict[str, Any] = {
        "no JSON": b"{'alg': 'RS256'}",
        "a list": [HEAD],
        "a text": "RS256",
        "null": None,
        "deep": b"[" * 2000,
        "UTF-16": json.dumps(HEAD).encode("utf-16"),
        "half a pair": b'{"alg": "RS256", "kid": "\\ud800"}',
    }
    for name, head in heads.items():
        found[f"head: {name}"] = Forgery(partial(signed, head, claims()), "token")
    bodies: dict[str, Any] = {
        "no JSON": b"sub=hanako",
        "a list": [claims()],
        "a text": "hanako",
        "null": None,
        "a number": 7,
        "nothing": b"{}",
        "deep": b"[" * 2000,
        "UTF-16": json.dumps(claims()).encode("utf-16"),
        "UTF-32": json.dumps(claims()).encode("utf-32-be"),
        "Latin-1": '{"sub": "hanáko"}'.encode("latin-1"),
        "UTF-7": json.dumps(claims()).encode("utf-7").replace(b"{", b"+AHs-"),
        "half": json.dumps(claims()).encode()[:-1],
        "twice": json.dumps(claims()).encode() * 2,
        "with a zero": json.dumps(claims()).encode() + b"\0",
    }
    for name, body in bodies.items():
        found[f"body: {name}"] = Forgery(partial(signed, HEAD, body), "token")
    found["far too long"] = _with(NO_TOKEN, name="x" * 16 * 1024)
    return found

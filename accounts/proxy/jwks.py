"""Public keys as issuers publish them: a JSON Web Key Set (RFC 7517) or one PEM file for each key."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWK
from jwt.exceptions import PyJWTError

MAX_KEYS = 100
_LEAST_RSA_BITS = 2048
_BAD_KEY = (PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, KeyError, AttributeError)


def _is_rsa(key: Any) -> bool:
    return isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS


def _is_on(curve: str) -> Callable[[Any], bool]:
    return lambda key: isinstance(key, EllipticCurvePublicKey) and key.curve.name == curve


def _is_edwards(key: Any) -> bool:
    return isinstance(key, Ed25519PublicKey | Ed448PublicKey)


# The signatures that can be chosen, with the keys they need (RFC 7518). What one secret makes and
# checks (HS256) and what nothing signs (none) are no choice.
ALGORITHMS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), _is_rsa),
    "ES256": _is_on("secp256r1"),
    "ES384": _is_on("secp384r1"),
    "ES512": _is_on("secp521r1"),
    "EdDSA": _is_edwards,
}


@dataclass(frozen=True)
class Key:
    """One public key. `algorithm` is empty where its publisher leaves that open."""

    id: str
    algorithm: str
    public: Any

    def fits(self, algorithm: str) -> bool:
        return self.algorithm in {"", algorithm} and ALGORITHMS[algorithm](self.public)


def keys_of_set(body: bytes) -> tuple[Key, ...]:
    """Return the keys of a JSON Web Key Set that can check a signature; none where it is no such set."""
    try:
        listed = json.loads(body)["keys"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return ()
    if not isinstance(listed, list):
        return ()
    return tuple(filter(None, map(_key, listed[:MAX_KEYS])))


def keys_of_pem(body: bytes, key_id: str) -> tuple[Key, ...]:
    """Return the one key of a PEM file; none where there is none."""
    try:
        return (Key(key_id, "", load_pem_public_key(body)),)
    except _BAD_KEY:
        return ()


def _key(listed: Any) -> Key | None:
    try:
        if not _checks_signatures(listed):
            return None
        key_id, algorithm = listed.get("kid", ""), listed.get("alg", "")
        if not isinstance(key_id, str) or not isinstance(algorithm, str):
            return None
        return Key(key_id, algorithm, PyJWK(listed).key)
    except _BAD_KEY:
        return None


def _checks_signatures(listed: dict[str, Any]) -> bool:
    """Leave out what is for encryption. A shared secret or a private key is no key in ALGORITHMS."""
    return listed.get("use", "sig") == "sig" and "verify" in listed.get("key_ops", ["verify"])

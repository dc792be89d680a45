"""Encryption of values at rest: AES-256-GCM, each value bound to the one row it was written for.

The additional data names organization, secret, version and key. A ciphertext that is altered, moved
to another row or presented under another key fails its tag (NIST SP 800-38D) and is not returned.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from django.conf import settings

from emulator.errors import KeyMissing, ValueRefused

NONCE_BYTES = 12


@dataclass(frozen=True)
class Place:
    """The row a value belongs to."""

    organization_id: str
    secret_id: str
    version_id: str


@dataclass(frozen=True)
class Sealed:
    """An encrypted value and what is needed, besides the key and its place, to open it."""

    ciphertext: bytes
    nonce: bytes
    key_id: str


def seal(value: bytes, *, place: Place) -> Sealed:
    """Encrypt `value` for `place` under the first of EMULATOR_KEYS."""
    key_id = current_key_id()
    # A random nonce is safe for 2**32 values under one key (SP 800-38D, 8.3); rotate long before.
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AESGCM(_keys()[key_id])
    return Sealed(cipher.encrypt(nonce, value, _additional_data(place, key_id)), nonce, key_id)


def unseal(sealed: Sealed, *, place: Place) -> bytes:
    """Decrypt what was sealed for `place`.

    Raises:
        KeyMissing: none of EMULATOR_KEYS has this key id.
        ValueRefused: altered, or sealed for another place.
    """
    cipher = AESGCM(_key(sealed.key_id))
    try:
        additional_data = _additional_data(place, sealed.key_id)
        return cipher.decrypt(sealed.nonce, sealed.ciphertext, additional_data)
    except (InvalidTag, ValueError):
        # ValueError: a nonce or a ciphertext of an impossible length.
        raise ValueRefused from None


def fingerprint(message: bytes, *, key_id: str) -> str:
    """Return the HMAC-SHA-256 of `message` under a key derived from that of EMULATOR_KEYS (RFC 5869).

    Without the key nobody can find a short message again by trying them all.

    Raises:
        KeyMissing: none of EMULATOR_KEYS has this key id.
    """
    derivation = HKDFExpand(SHA256(), length=32, info=b"secret-manager-emulator fingerprint")
    return hmac.new(derivation.derive(_key(key_id)), message, hashlib.sha256).hexdigest()


def current_key_id() -> str:
    """Return the id of the key that encrypts new values."""
    return next(iter(_keys()))


def known_key_ids() -> set[str]:
    """Return the ids of all keys that can decrypt."""
    return set(_keys())


def key_id_of(key: bytes) -> str:
    """Return the public name of a key; it says nothing about the key itself."""
    return hmac.new(key, b"secret-manager-emulator key id", hashlib.sha256).hexdigest()[:16]


def _key(key_id: str) -> bytes:
    try:
        return _keys()[key_id]
    except KeyError:
        raise KeyMissing from None


def _keys() -> dict[str, bytes]:
    return _by_id(tuple(settings.EMULATOR_KEYS))


@lru_cache(maxsize=4)
def _by_id(keys: tuple[bytes, ...]) -> dict[str, bytes]:
    return {key_id_of(key): key for key in keys}


def _additional_data(place: Place, key_id: str) -> bytes:
    parts = (place.organization_id, place.secret_id, place.version_id, key_id)
    # Each part carries its length, so no two different places can encode to the same bytes.
    return b"".join(len(part).to_bytes(4, "big") + part for part in map(str.encode, parts))

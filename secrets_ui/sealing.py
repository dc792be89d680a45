"""Closing a text so that it opens only in the place it was closed for.

The key that closes it is derived (HKDF, RFC 5869) from one of CREDENTIAL_KEYS and from the place, so
that neither the keys nor the place alone opens it. AES-256-GCM tells when a byte was changed.
"""

import base64
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


class CannotUnseal(Exception):
    """Closed for another place, with a key that is gone, or changed since."""


def seal(text: str, *, keys: Sequence[bytes], place: str) -> str:
    """Return `text` closed with the first of `keys`, as base64."""
    nonce = os.urandom(NONCE_BYTES)
    closed = AESGCM(_derived(keys[0], place)).encrypt(nonce, text.encode(), None)
    return base64.b64encode(nonce + closed).decode()


def unseal(sealed: str, *, keys: Sequence[bytes], place: str) -> str:
    """Return the text, opened with whichever of `keys` closed it.

    Raises:
        CannotUnseal: none of the keys opens it in this place.
    """
    try:
        raw = base64.b64decode(sealed, validate=True)
    except ValueError:
        raise CannotUnseal from None
    for key in keys:
        try:
            opened = AESGCM(_derived(key, place)).decrypt(
                raw[:NONCE_BYTES], raw[NONCE_BYTES:], None
            )
        except (InvalidTag, ValueError):
            continue
        return opened.decode()
    raise CannotUnseal


def _derived(key: bytes, place: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=place.encode()).derive(key)

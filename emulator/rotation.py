"""Moves every stored value under the newest key, while the API goes on serving."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from emulator import crypto
from emulator.db_router import DATABASE
from emulator.errors import ApiError
from emulator.models import SecretVersion

BATCH = 50
# A server that still encrypts under an older key may add rows behind a pass; the next finds them.
MAX_PASSES = 5


@dataclass
class Counts:
    """What became of the versions that were not under the newest key."""

    rotated: int = 0
    refused: int = 0


def rotate_keys() -> Counts:
    """Re-encrypt under the first of EMULATOR_KEYS whatever another of them encrypted.

    A value that does not decrypt stays as it is and is counted as refused.
    """
    counts = Counts()
    for _ in range(MAX_PASSES):
        found = _pass()
        counts = Counts(counts.rotated + found.rotated, found.refused)
        if not found.rotated:
            break
    return counts


def _pass() -> Counts:
    counts = Counts()
    last_id = ""
    while batch := list(_outdated().filter(id__gt=last_id).order_by("id")[:BATCH]):
        last_id = batch[-1].id
        with transaction.atomic(using=DATABASE):
            for version in batch:
                try:
                    counts.rotated += _rotate(version)
                except ApiError:
                    counts.refused += 1
    return counts


def _outdated() -> QuerySet[SecretVersion]:
    outdated = SecretVersion.objects.exclude(key_id=crypto.current_key_id())
    return outdated.select_related("secret")


def _rotate(version: SecretVersion) -> int:
    """Return how many rows changed: none if the row went away or changed since it was read."""
    read = version.sealed
    version.put(crypto.seal(version.value(), place=version.place))
    unchanged = SecretVersion.objects.filter(id=version.id, key_id=read.key_id, nonce=read.nonce)
    return unchanged.update(
        ciphertext=version.ciphertext, nonce=version.nonce, key_id=version.key_id
    )

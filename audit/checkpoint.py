"""Where the chain begins once its oldest lines went into an archive."""

import hmac

from audit.chain import GENESIS, Link, keys, newest_key_id, sealed
from audit.flaws import Broken, Flaw
from audit.models import Checkpoint


def beginning() -> Link:
    """Return the place that the trail's first line follows on: the last line that was removed.

    Raises:
        Broken: the checkpoint was not made by us, or with a key that is missing.
    """
    checkpoint = Checkpoint.objects.filter(pk=Checkpoint.ONLY).first()
    if checkpoint is None:
        return GENESIS
    link = Link(checkpoint.sequence, checkpoint.mac)
    key = keys().get(checkpoint.key_id)
    if key is None:
        raise Broken(link.sequence, Flaw.UNKNOWN_KEY)
    if not hmac.compare_digest(_signature(key, link).encode(), checkpoint.signature.encode()):
        raise Broken(link.sequence, Flaw.FORGED_CHECKPOINT)
    return link


def begin_after(link: Link) -> None:
    """Note that all lines up to this one are removed, in the transaction that removes them."""
    key_id = newest_key_id()
    Checkpoint.objects.update_or_create(
        pk=Checkpoint.ONLY,
        defaults={
            **link._asdict(),
            "key_id": key_id,
            "signature": _signature(keys()[key_id], link),
        },
    )


def _signature(key: bytes, link: Link) -> str:
    return sealed(key, "checkpoint", str(link.sequence), link.mac)

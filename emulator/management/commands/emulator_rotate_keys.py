"""Re-encrypt what is not under the newest key.

First start every server with the new key in front (`EMULATOR_KEYS=new,old`), then run this, then
take the old key out: a server that does not hold the new key cannot read what this writes.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from emulator.rotation import rotate_keys


class Command(BaseCommand):
    help = "Re-encrypt all stored values under the first of EMULATOR_KEYS, while serving."

    def handle(self, **options: Any) -> None:
        counts = rotate_keys()
        self.stdout.write(f"{counts.rotated} versions re-encrypted, {counts.refused} refused.")
        if counts.refused:
            raise CommandError(
                "Some values did not decrypt and stay as they are: a key is missing from"
                " EMULATOR_KEYS, or the rows were altered."
            )

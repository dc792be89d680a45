"""The fields of a note as one value, and what fits into them."""

import json
from dataclasses import asdict, dataclass

MAX_LABELS, LABEL_MAX_LENGTH = 20, 40
HOW_TO_RENEW_MAX_LENGTH = 4000
FIELDS = ("owner", "labels", "how_to_renew")


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What people write about a secret. `owner` is the id of a person of this dashboard."""

    owner: int | None = None
    labels: tuple[str, ...] = ()
    how_to_renew: str = ""

    def changed_from(self, other: "Fields") -> list[str]:
        """Return the names of the fields in which this is not as the other."""
        return [name for name in FIELDS if getattr(self, name) != getattr(other, name)]

    def as_json(self) -> str:
        """Return it for a form, which says with it what it showed."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Fields":
        """Return what a form says that it showed; nothing where it does not say that well."""
        try:
            said = json.loads(text)
            return cls(
                owner=None if said["owner"] is None else int(said["owner"]),
                labels=tuple(str(label) for label in said["labels"]),
                how_to_renew=str(said["how_to_renew"]),
            )
        except (ValueError, TypeError, KeyError, RecursionError):
            return NOTHING


NOTHING = Fields()

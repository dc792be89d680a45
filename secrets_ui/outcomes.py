"""How a write ended where neither "done" nor the API's own refusal says it."""

from secret_manager import Conflict, NotFound, Secret, SecretManagerError


class NotSaved(SecretManagerError):
    """The answer was lost; looking it up shows that nothing was saved. It may be sent again."""


class NameTaken(Conflict):
    """Somebody else has a secret of this name."""


class NotKnownYet(SecretManagerError):
    """The answer was lost, and looking it up failed too or it is too early to say."""

    default_may_have_happened = True


class TakenOver(SecretManagerError):
    """The same form arrived again, and that arrival is acted on. This one sent nothing."""


class AlreadyGone(NotFound):
    """Somebody else deleted it before this attempt."""


class StillBeingEdited(SecretManagerError):
    """Somebody else's edit of the same secret does not end. Nothing was sent."""


class ChangedMeanwhile(Exception):
    """Somebody changed a field that this person edits. Nothing was sent; `current` is how it is now."""

    def __init__(self, current: Secret) -> None:
        super().__init__("Changed by somebody else meanwhile.")
        self.current = current

"""Why somebody is not let in."""


class NotProven(Exception):
    """Nobody vouches for this request in a way that can be believed.

    Args:
        reason: a phrase for the audit trail, in words of ours. Nothing of the request is in it: that
            may be a credential, or written by whoever attacks.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class KeysUnavailable(NotProven):
    """The keys that would prove it cannot be read now. Asking again later may help."""

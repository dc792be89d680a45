"""How a delivery fails."""


class NotDelivered(Exception):
    """A digest was not taken, as far as is known. `reason` is ours: it holds nothing of the other side.

    may_have_arrived: it was handed over, and the answer is missing.
    """

    def __init__(self, reason: str, *, may_have_arrived: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_have_arrived = may_have_arrived

"""Why a sign-in, or signing out at the provider, came to nothing. Each has a page (pages.py).

SignInProblem
├── ProviderUnavailable   the provider does not answer, or nothing that can be read
├── ProviderSaidNo        it sent the person back without signing them in
├── StateLost             no sign-in of this browser is waiting for this answer
├── NotBelieved           its answer does not prove who somebody is
├── NotFresh              it did not ask them again, as a step-up needs
└── AnotherPerson         it vouches for somebody else than whose session this is
"""

from django.core.exceptions import PermissionDenied


class SignInProblem(PermissionDenied):
    """Base of all. allauth hands a PermissionDenied to its adapter, and adapter.py passes it on.

    Args:
        reason: a phrase of ours for the log and the trail. Nothing that was sent is in it.

    `again` is where to try anew; empty where nobody knows where that is.
    """

    again = ""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderUnavailable(SignInProblem):
    """The provider is down, slow, or talks nonsense. Asking again later may help."""


class ProviderSaidNo(SignInProblem):
    """The provider sent somebody back with an error: they pressed Cancel, or it does not let them in."""


class StateLost(SignInProblem):
    """An answer that this session is not waiting for: made up, used before, or too late."""


class NotBelieved(SignInProblem):
    """What the provider sent does not prove who somebody is."""


class NotFresh(SignInProblem):
    """A step-up came back with a sign-in of before."""


class AnotherPerson(SignInProblem):
    """Somebody else came back than had left."""

"""What the trail keeps of sign-ins that came to nothing."""

from django.http import HttpRequest

from accounts.oidc.errors import AnotherPerson, NotBelieved, NotFresh, ProviderSaidNo, SignInProblem
from accounts.refusals import record_refusal

# Lost states and a provider that is down are nobody's attempt at anything: the log has them.
RECORDED = (NotBelieved, NotFresh, AnotherPerson, ProviderSaidNo)


def record(request: HttpRequest, problem: SignInProblem) -> None:
    """Record that somebody did not get in."""
    if isinstance(problem, RECORDED):
        record_refusal(request, f"OpenID Connect: {problem.reason}")

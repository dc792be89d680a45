"""Sign-in with OpenID Connect (AUTH_MODE=oidc): the addresses that the rest of the product leads to.

django-allauth speaks the protocol. It is an installed app in this mode only, so nothing here imports it.
"""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from accounts.oidc.config import current


def begin_address(back: str) -> str:
    """Return where a visitor starts to sign in; afterwards they land at `back`, a page of ours."""
    return f"{reverse('oidc-begin')}?{urlencode({'next': back})}"


def step_up_address(back: str) -> str:
    """Return where a signed-in person proves once more who they are, before they land at `back`.

    They do so at the provider. `accounts.step_up.confirmed` is called if they do.
    """
    return f"{reverse('oidc-step-up')}?{urlencode({'next': back})}"


def sign_out_address(request: HttpRequest) -> str | None:
    """Return where somebody whose session here is over signs out at the provider, too.

    It is a page of ours, so nobody waits for the provider before their session is over, and it says
    so where the provider does not answer. None where OIDC_SIGN_OUT is off.
    """
    return reverse("oidc-sign-out") if current().sign_out else None

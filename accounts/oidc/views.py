"""To the provider and back. All are plain visits: a form may not lead to another host (form-action)."""

import logging
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.guard import requires
from accounts.http import client_redirect, local_address
from accounts.models import Person
from accounts.oidc import protocol
from accounts.oidc.config import current
from accounts.oidc.discovery import read_document
from accounts.oidc.errors import ProviderUnavailable
from accounts.oidc.http import one_page
from accounts.oidc.pages import RETRY_AFTER_SECONDS, explained

logger = logging.getLogger(__name__)


@login_not_required
@require_GET
@explained
def begin(request: HttpRequest) -> HttpResponseBase:
    """Send a visitor to the provider; whoever is signed in already has got what they want.

    A page of somebody else can lead here, too. What it gains is that people sign in as themselves
    and land on a page of ours: state, nonce and PKCE tie the answer to this browser's session.
    """
    back = local_address(request, request.GET.get("next", ""))
    if isinstance(request.user, Person):
        return client_redirect(request, back)
    if getattr(request, "htmx", False):
        return client_redirect(request, request.get_full_path())
    return protocol.begin(request, back=back, is_step_up=False)


@require_GET
@requires()
@explained
def step_up(request: HttpRequest) -> HttpResponseBase:
    """Send a signed-in person to the provider to prove once more who they are."""
    back = local_address(request, request.GET.get("next", ""))
    if getattr(request, "htmx", False):
        return client_redirect(request, request.get_full_path())
    return protocol.begin(request, back=back, is_step_up=True)


@login_not_required
@require_GET
@explained
def callback(request: HttpRequest) -> HttpResponseBase:
    """Take what the browser brings back from the provider (RFC 6749, section 4.1.2)."""
    return protocol.finish(request)


@login_not_required
@require_GET
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Lead on to sign out at the provider, after the session here (RP-Initiated Logout 1.0).

    It is told who we are, not who has left: tokens are not kept, and none is put into an address. The
    answer is a page, because the redirects of a form may not lead to another host.
    """
    config = current()
    try:
        with one_page():
            end = read_document(config).get("end_session_endpoint")
    except ProviderUnavailable as problem:
        logger.warning("sign-out: %s", problem.reason)
        response = render(request, "accounts/oidc_sign_out.html", status=503)
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
    if not end:
        return redirect("signed-out")
    query = urlencode(
        {
            "client_id": config.client_id,
            "post_logout_redirect_uri": request.build_absolute_uri(reverse("signed-out")),
        }
    )
    at_provider = f"{end}{'&' if '?' in end else '?'}{query}"
    response = render(request, "accounts/oidc_sign_out.html", {"at_provider": at_provider})
    response.headers["Refresh"] = f"0; url={at_provider}"
    return response

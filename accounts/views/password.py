"""A person's own password, where accounts are kept here."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import people
from accounts.guard import requires
from accounts.http import PersonRequest, actor_of
from accounts.limits import TooManyAttempts, insist_on_few_failures
from audit.trail import Refused, Subject, recorded


@sensitive_post_parameters("old_password", "new_password1", "new_password2")
@require_http_methods(["GET", "HEAD", "POST"])
@requires()
def password_change(request: PersonRequest) -> HttpResponse:
    """Ask for the old password and a new one; every other session of this person ends."""
    if settings.AUTH_MODE != "local":
        raise Http404
    actor = actor_of(request)
    form = PasswordChangeForm(request.user, request.POST if request.method == "POST" else None)
    form.fields["new_password1"].help_text = _(
        "At least 8 characters, and nothing that many people use."
    )
    form.fields["new_password2"].label = _("New password, once more")
    if request.method != "POST":
        return render(request, "accounts/password.html", {"form": form})
    try:
        insist_on_few_failures(actor)
    except TooManyAttempts:
        form.add_error(None, _("Too many attempts. Wait a quarter of an hour, then try again."))
        return render(request, "accounts/password.html", {"form": form}, status=429)
    if not form.is_valid():
        if "old_password" in form.errors:
            _record_failure(request)
        return render(request, "accounts/password.html", {"form": form}, status=422)
    person = people.change_password(
        actor=actor, person=request.user, password=cast(str, form.cleaned_data["new_password1"])
    )
    update_session_auth_hash(request, person)
    messages.success(request, _("Your password is changed. You are signed out everywhere else."))
    return redirect("home")


def _record_failure(request: PersonRequest) -> None:
    """A wrong old password counts as a failed sign-in."""
    try:
        with recorded(
            action="person.signed_in",
            actor=actor_of(request),
            subject=Subject(detail="change of password"),
        ):
            raise Refused
    except Refused:
        pass

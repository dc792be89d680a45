from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect

_form = LoginView.as_view(template_name="accounts/sign_in.html", redirect_authenticated_user=True)

# Open to all: somebody whose session is over, and who asks to sign out, has got what they want.
sign_out = login_not_required(LogoutView.as_view())


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Ask who somebody is, on a page of its own.

    Where a session ended while a page was open, the script follows the redirect to here. It must
    not take this page for what it asked for: a part of the page, or a value to copy.
    """
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(request.get_full_path())
    return _form(request)

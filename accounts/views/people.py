"""The administrators' page: who gets in, with which role, and when they were last here."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import people
from accounts.forms import NewPersonForm
from accounts.guard import requires
from accounts.http import actor_of
from accounts.models import Person
from accounts.roles import Capability, Role
from accounts.step_up import fresh_sign_in_required

PER_PAGE = 50


@require_safe
@requires(Capability.PEOPLE)
def people_list(request: HttpRequest) -> HttpResponse:
    """Everybody who ever came in, by name."""
    found = Person.objects.order_by("name", "username")
    # PostgreSQL takes no NUL, and no name holds one.
    if query := request.GET.get("q", "").replace("\0", "").strip():
        found = found.filter(name__icontains=query) | found.filter(username__icontains=query)
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "query": query,
        "roles": Role.choices,
        "is_kept_here": settings.AUTH_MODE == "local",
    }
    return render(request, "accounts/people.html", context)


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.PEOPLE)
@fresh_sign_in_required
def person_add(request: HttpRequest) -> HttpResponse:
    """Make an account, where accounts are kept here."""
    if settings.AUTH_MODE != "local":
        raise Http404
    form = NewPersonForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "accounts/person_add.html", {"form": form}, status=status)
    person = people.add(
        actor=actor_of(request),
        username=form.cleaned_data["username"],
        password=form.cleaned_data["password1"],
        role=form.cleaned_data["role"],
        email=form.cleaned_data["email"],
    )
    messages.success(request, _("%s can sign in now.") % person.display_name)
    return redirect("people")


@require_POST
@requires(Capability.PEOPLE)
@fresh_sign_in_required
def person_change(request: HttpRequest, person_id: int) -> HttpResponse:
    """Do one thing about a person: end their sessions, let them in or not, give them another role."""
    person = get_object_or_404(Person, pk=person_id)
    actor, name = actor_of(request), person.display_name
    try:
        match request.POST.get("act"):
            case "end-sessions":
                people.end_all_sessions(actor=actor, person=person)
                done = _("Every session of %s is over.") % name
            case "disable":
                people.allow_in(actor=actor, person=person, is_active=False)
                done = _("%s does not get in any more, and every session of theirs is over.") % name
            case "enable":
                people.allow_in(actor=actor, person=person, is_active=True)
                done = _("%s can sign in again.") % name
            case "role" if settings.AUTH_MODE == "local" and request.POST.get("role") in Role:
                people.change_role(actor=actor, person=person, role=request.POST["role"])
                done = _("%s has another role now.") % name
            case other:
                raise Http404(other)
    except people.LastAdministrator:
        messages.error(
            request,
            _("%s is the only administrator. Make somebody else one first.") % name,
        )
    else:
        messages.success(request, done)
    return redirect("people")

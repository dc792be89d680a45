"""Saved views: what a person asks the list for again and again, under a name of theirs."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.guard import requires
from accounts.roles import Capability
from audit.models import validate_printable
from secrets_ui import saved_views
from secrets_ui.decorators import connection_required
from secrets_ui.forms.fields import PlainForm
from secrets_ui.http import DashboardRequest


class SavedViewForm(PlainForm):
    """A name for what the list shows. `replace` says that an older view of this name goes."""

    name = forms.CharField(
        label=_("Name"),
        max_length=saved_views.NAME_MAX_LENGTH,
        validators=[validate_printable],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    query = forms.CharField(
        required=False, strip=False, widget=forms.HiddenInput, max_length=10_000
    )
    replace = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_query(self) -> str:
        query = saved_views.clean_query(self.cleaned_data["query"])
        if len(query) > saved_views.QUERY_MAX_LENGTH:
            raise forms.ValidationError(gettext("This search is too long to be saved."))
        return query


@require_POST
@requires(Capability.READ)
@connection_required
def view_save(request: DashboardRequest) -> HttpResponse:
    """Keep what the list shows under a name; one of the same name goes once that was agreed to."""
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form)
    name, query = form.cleaned_data["name"], form.cleaned_data["query"]
    try:
        saved_views.save(
            person_id=request.user.pk,
            organization_id=request.connection.organization_id,
            name=name,
            query=query,
            replace=form.cleaned_data["replace"],
        )
    except saved_views.NameInUse:
        return _form_page(request, form, is_in_use=True)
    except saved_views.TooMany:
        form.add_error(
            None,
            gettext("You have %s saved views. Delete one of them first.") % saved_views.MOST,
        )
        return _form_page(request, form)
    messages.success(request, gettext("The view %s is saved.") % name)
    return redirect(f"{_list(request)}?{query}")


@require_POST
@requires(Capability.READ)
@connection_required
def view_delete(request: DashboardRequest, view_id: int) -> HttpResponse:
    """Forget one of one's own views."""
    name = saved_views.delete(
        person_id=request.user.pk,
        organization_id=request.connection.organization_id,
        view_id=view_id,
    )
    if name is None:
        raise Http404
    messages.success(request, gettext("The view %s is deleted.") % name)
    query = saved_views.clean_query(request.POST.get("query", ""))
    return redirect(f"{_list(request)}?{query}" if query else _list(request))


def _form_page(
    request: DashboardRequest, form: SavedViewForm, *, is_in_use: bool = False
) -> HttpResponse:
    query = saved_views.clean_query(request.POST.get("query", ""))
    context = {"form": form, "is_in_use": is_in_use, "back": f"{_list(request)}?{query}"}
    return render(request, "secrets_ui/view_save.html", context, status=422)


def _list(request: DashboardRequest) -> str:
    return reverse("secret-list", args=[request.connection.organization_id])

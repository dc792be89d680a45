"""The form that connects an organization."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from secret_manager import Credential, InvalidArgument, InvalidCredential, check_id

from .fields import PlainForm


class ConnectionForm(PlainForm):
    """An organization, and one of the three credentials that the API takes."""

    PERSONAL, BEARER, DATASOURCE = "personal", "bearer", "datasource"
    NEEDS = {
        PERSONAL: ("user_id", "personal_access_token"),
        BEARER: ("auth_token",),
        DATASOURCE: ("datasource_id", "datasource_secret"),
    }
    SECRET_INPUT = {"autocomplete": "off", "class": "mono"}

    organization_id = forms.CharField(
        label=_("Organization id"),
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "class": "mono"}
        ),
        help_text=_("A long number, such as 1410000000000. The platform's console shows it."),
    )
    label = forms.CharField(
        label=_("What you call it"),
        required=False,
        max_length=60,
        help_text=_("For example the company's name. Only you see it."),
    )
    kind = forms.ChoiceField(
        label=_("Your credential"),
        choices=[
            (PERSONAL, _("Personal access token")),
            (BEARER, _("Bearer token")),
            (DATASOURCE, _("Datasource secret")),
        ],
        initial=PERSONAL,
        widget=forms.RadioSelect,
    )
    user_id = forms.CharField(
        label=_("User id"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "mono"}),
    )
    personal_access_token = forms.CharField(
        label=_("Personal access token"), required=False, widget=forms.PasswordInput(SECRET_INPUT)
    )
    auth_token = forms.CharField(
        label=_("Bearer token"), required=False, widget=forms.PasswordInput(SECRET_INPUT)
    )
    datasource_id = forms.CharField(
        label=_("Datasource id"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "mono"}),
    )
    datasource_secret = forms.CharField(
        label=_("Datasource secret"), required=False, widget=forms.PasswordInput(SECRET_INPUT)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Only the demonstration's own token is ever filled in; what a person typed is not shown again.
        token: Any = self.fields["personal_access_token"].widget
        token.render_value = not self.is_bound

    def clean_organization_id(self) -> str:
        organization_id: str = self.cleaned_data["organization_id"]
        try:
            check_id(organization_id)
        except InvalidArgument:
            raise forms.ValidationError(_("An organization id has digits only.")) from None
        return organization_id

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        needed = self.NEEDS.get(cleaned.get("kind", ""), ())
        for name in needed:
            if not cleaned.get(name):
                self.add_error(name, _("This is needed."))
        if not self.errors:
            try:
                cleaned["credential"] = Credential.from_dict(
                    {name: cleaned[name] for name in needed}
                )
            except InvalidCredential:
                self.add_error(needed[-1], _("This holds characters that no credential has."))
        return cleaned

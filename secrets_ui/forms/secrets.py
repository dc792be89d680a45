"""The forms of a secret and of its versions."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from secret_manager import NAME_MAX_LENGTH, InvalidArgument, Secret, check_name
from secrets_ui import expiry_choice

from .fields import DetailFields, PlainForm, ValueFields


class SecretForm(DetailFields, ValueFields):
    """A new secret. The name can never be changed, so its rules are checked first."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_MAX_LENGTH,
        strip=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "class": "mono",
                "data-rules": "name-rules",
                "aria-describedby": "id_name_error name-rules",
                "autofocus": True,
            }
        ),
    )

    field_order = ["name", "source", "value", "recipe", "description"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        try:
            check_name(name)
        except InvalidArgument:
            raise forms.ValidationError(_("This name breaks one of the rules below.")) from None
        return name

    @property
    def expired_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data.get("expired_at")
        return moment

    def _expiry_changed(self) -> bool:
        # A new secret has none to differ from, also where the form starts with one.
        return True


class SecretEditForm(DetailFields):
    """What can be changed of a secret: everything but its name; values are versions."""

    @staticmethod
    def initial_of(secret: Secret) -> dict[str, Any]:
        return {
            "description": secret.description or "",
            "app_ids": ", ".join(secret.integration_service_ids),
            **expiry_choice.initial_of(secret.expired_at),
        }


class VersionForm(ValueFields):
    """A new value for a secret that is there."""


class TypedNameForm(PlainForm):
    """The last stop before a secret is deleted: its name, typed by hand."""

    typed_name = forms.CharField(
        label=_("Type the name of the secret to confirm"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "mono", "autofocus": True}),
    )

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = name

    def clean_typed_name(self) -> str:
        typed: str = self.cleaned_data["typed_name"]
        if typed != self._name:
            raise forms.ValidationError(_("This is not the name of the secret."))
        return typed

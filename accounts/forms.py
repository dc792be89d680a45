from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm, UsernameField
from django.utils.translation import gettext_lazy as _

from accounts.models import Person


class SignInForm(forms.Form):
    """A name and a password, as somebody types them who comes in."""

    # Spelled as it was when the account was made: a keyboard for Japanese has wide letters, too.
    username = UsernameField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput({"autofocus": True, "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class NewPersonForm(UserCreationForm):
    """An account that is kept here."""

    class Meta:
        model = Person
        fields = ("username", "role", "email")
        labels = {"username": _("User name")}
        help_texts = {
            "username": "",
            "email": _("For reminders of secrets that expire. Leave it empty for none."),
        }

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["role"].required = True
        self.fields["password1"].help_text = _(
            "At least 8 characters, and nothing that many people use."
        )
        self.fields["password2"].label = _("Password, once more")
        self.fields["password2"].help_text = ""

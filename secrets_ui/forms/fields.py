"""The fields that forms share: a value, and what describes a secret."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from secret_manager import MAX_VALUE_BYTES, InvalidArgument, check_id
from secrets_ui import expiry_choice
from secrets_ui.generator import RECIPES, generate


def split_ids(text: str) -> list[str]:
    """Return the ids in a text with commas or spaces between, each once."""
    return list(dict.fromkeys(filter(None, re.split(r"[\s,、]+", text))))


class WriteOnlyTextarea(forms.Textarea):
    """A text box that never shows again what was typed."""

    def format_value(self, value: Any) -> str:
        return ""


class LinesField(forms.CharField):
    """Text of several lines. Browsers send every line break as CR LF (HTML, "newline normalization")."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class PlainForm(forms.Form):
    """Errors are tied to their fields by the template, and labels carry no colon."""

    use_required_attribute = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class ValueFields(PlainForm):
    """A value: typed, or made by us so that nobody has to see it."""

    TYPED, GENERATED = "typed", "generated"

    source = forms.ChoiceField(
        label=_("Where the value comes from"),
        choices=[(TYPED, _("I type or paste it")), (GENERATED, _("Make a random one"))],
        initial=TYPED,
        widget=forms.RadioSelect,
    )
    value = LinesField(
        label=_("Value"),
        required=False,
        strip=False,
        widget=WriteOnlyTextarea(
            attrs={
                "rows": 5,
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "class": "mono",
            }
        ),
        help_text=_("Kept exactly as typed, spaces and line breaks included. Up to 64 kB of text."),
    )
    recipe = forms.ChoiceField(
        label=_("Kind of value"),
        required=False,
        choices=[(name, recipe.label) for name, recipe in RECIPES.items()],
        help_text=_("It is made when you save. You can copy it on the next page."),
    )

    def clean_value(self) -> str:
        value: str = self.cleaned_data["value"]
        if len(value.encode()) > MAX_VALUE_BYTES:
            raise forms.ValidationError(_("This is longer than 64 kB. A secret holds less."))
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("source") == self.GENERATED:
            cleaned["value"] = generate(cleaned.get("recipe") or next(iter(RECIPES)))
        elif not cleaned.get("value") and "value" not in self.errors:
            self.add_error("value", _("Type or paste the value."))
        return cleaned


class DetailFields(PlainForm):
    """What describes a secret: description, expiry, and the Labs apps that use it."""

    description = LinesField(
        label=_("Description"),
        required=False,
        # The API states no limit: one that a description already breaks would block every edit.
        max_length=4096,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What it opens and who needs it, so that a colleague understands."),
        show_hidden_initial=True,
    )
    expiry = forms.ChoiceField(
        label=_("Expiry"),
        choices=expiry_choice.choices,
        initial=expiry_choice.NONE,
        show_hidden_initial=True,
    )
    expiry_date = forms.DateField(
        label=_("Date"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        show_hidden_initial=True,
    )
    expiry_time = forms.TimeField(
        label=_("Time"),
        required=False,
        initial=expiry_choice.END_OF_DAY,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        show_hidden_initial=True,
    )
    expiry_zone = forms.ChoiceField(label=_("Time zone"), show_hidden_initial=True)
    app_ids = forms.CharField(
        label=_("Labs apps"),
        required=False,
        widget=forms.TextInput(
            attrs={"data-chips": "", "data-remove": _("Remove"), "autocomplete": "off"}
        ),
        help_text=_(
            "The ids of the ABEJA Platform Labs apps that use this secret, with commas between."
        ),
        show_hidden_initial=True,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone: Any = self.fields["expiry_zone"]
        zone.choices = expiry_choice.zone_choices()
        zone.initial = expiry_choice.current_zone()

    def clean_app_ids(self) -> list[str]:
        found = split_ids(self.cleaned_data["app_ids"])
        for app_id in found:
            try:
                check_id(app_id)
            except InvalidArgument:
                raise forms.ValidationError(
                    gettext("“%s” is not an app id: only letters, digits, - and _.") % app_id[:64]
                ) from None
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and self._expiry_changed():
            try:
                cleaned["expired_at"] = expiry_choice.moment(cleaned)
            except expiry_choice.NotAMoment as problem:
                self.add_error("expiry_date", str(problem))
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return only what differs from what the form showed; None or [] clears."""
        changes: dict[str, Any] = {}
        if "description" in self.changed_data:
            changes["description"] = self.cleaned_data["description"] or None
        if self._expiry_changed():
            changes["expired_at"] = self.cleaned_data["expired_at"]
        if "app_ids" in self.changed_data:
            changes["app_ids"] = self.cleaned_data["app_ids"]
        return changes

    def _expiry_changed(self) -> bool:
        changed = set(self.changed_data)
        parts = {"expiry_date", "expiry_time", "expiry_zone"}
        by_date = self.cleaned_data.get("expiry") == expiry_choice.ON_A_DATE
        return "expiry" in changed or (by_date and bool(parts & changed))

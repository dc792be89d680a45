"""The form of a secret's notes, and what somebody meets whose edit meets another's."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from secrets_ui.catalog.folding import folded
from secrets_ui.conflicts import FieldConflict
from secrets_ui.forms.fields import LinesField, PlainForm
from secrets_ui.notes import (
    HOW_TO_RENEW_MAX_LENGTH,
    LABEL_MAX_LENGTH,
    MAX_LABELS,
    ChangedMeanwhile,
    Fields,
    owner_choices,
)
from secrets_ui.shown import shown

KNOWN_LABELS = "known-labels"
"""The id of the list of suggestions."""


def labels_in(texts: Iterable[str]) -> list[str]:
    """Return the labels in texts with commas between: trimmed, and each once however it is spelled."""
    found: dict[str, str] = {}
    for piece in re.split("[,、]", ",".join(texts)):
        if label := " ".join(piece.split()):
            found.setdefault(folded(label), label)
    return list(found.values())


def is_label(text: str) -> bool:
    """Tell whether this can be a label: it can be read, and is more than marks."""
    return text.isprintable() and any(map(str.isalnum, text)) and len(text) <= LABEL_MAX_LENGTH


class LabelsInput(forms.TextInput):
    """The box for more labels. Those that are there stand before it, to be unticked, by the same name."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return list(data.getlist(name))

    def format_value(self, value: Any) -> str:
        return ", ".join(label for label in labels_in(value or ()) if not is_label(label))


class LabelsField(forms.Field):
    """Labels, of which several can stand in one text."""

    widget = LabelsInput

    def to_python(self, value: Any) -> list[str]:
        return labels_in(value or ())

    def validate(self, value: list[str]) -> None:
        super().validate(value)
        for label in value:
            if len(label) > LABEL_MAX_LENGTH:
                raise forms.ValidationError(
                    gettext("“%(start)s…” is longer than %(most)s characters.")
                    % {"start": label[:LABEL_MAX_LENGTH], "most": LABEL_MAX_LENGTH}
                )
            if not is_label(label):
                raise forms.ValidationError(
                    gettext(
                        "“%s” is no label: it needs a letter or a digit, and only what can be read."
                    )
                    % shown(label)
                )
        if len(value) > MAX_LABELS:
            raise forms.ValidationError(gettext("A secret takes at most %s labels.") % MAX_LABELS)


class NotesForm(PlainForm):
    """Owner, labels and how to renew. `seen` carries along what the form showed of them."""

    owner = forms.ChoiceField(
        label=_("Owner"),
        required=False,
        help_text=_("Who is asked when this secret needs care, and is reminded before it expires."),
    )
    labels = LabelsField(
        label=_("Labels"),
        required=False,
        widget=LabelsInput(attrs={"list": KNOWN_LABELS, "autocomplete": "off"}),
        help_text=_("Untick one to take it away. Type new ones with commas between."),
    )
    how_to_renew = LinesField(
        label=_("How to renew it"),
        required=False,
        max_length=HOW_TO_RENEW_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "Where a new value comes from, who has to agree, what has to be restarted."
            " Never write a value here: notes are not encrypted, and everybody who sees the secret"
            " reads them."
        ),
    )
    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, shown_now: Fields) -> None:
        """shown_now: how the notes are, for a form that nobody has filled in yet."""
        super().__init__(data, initial=_as_initial(shown_now))
        self._typed = data or QueryDict()
        owner: Any = self.fields["owner"]
        owner.choices = [("", _("Nobody")), *owner_choices(current=shown_now.owner)]

    @property
    def chips(self) -> list[str]:
        """The labels that can be unticked."""
        return [label for label in labels_in(self["labels"].value() or ()) if is_label(label)]

    @property
    def shown_before(self) -> Fields:
        """What the form showed when it was opened."""
        return Fields.from_json(self._typed.get("seen", ""))

    @property
    def wanted(self) -> Fields:
        return Fields(
            owner=int(self.cleaned_data["owner"]) if self.cleaned_data["owner"] else None,
            labels=tuple(self.cleaned_data["labels"]),
            how_to_renew=self.cleaned_data["how_to_renew"],
        )

    def conflicts(self, meanwhile: ChangedMeanwhile) -> list[FieldConflict]:
        """Return theirs and mine of each field that is in the way."""
        theirs, mine = self._in_words(meanwhile.current), self._in_words(self.wanted)
        return [
            FieldConflict(
                name=name, label=self.fields[name].label or "", theirs=theirs[name], mine=mine[name]
            )
            for name in meanwhile.fields
        ]

    def rebased(self, current: Fields) -> "NotesForm":
        """Return the form with what was typed, over the notes as they are now."""
        untouched = set(self.fields) - set(self.wanted.changed_from(self.shown_before))
        data = self._typed.copy()
        for name, value in _as_initial(current).items():
            if name in untouched:
                _put(data, name, value)
        again = NotesForm(data, shown_now=current)
        again.is_valid()
        return again

    def _in_words(self, fields: Fields) -> dict[str, str]:
        owners: Any = self.fields["owner"]
        names = {key: str(label) for key, label in owners.choices}
        return {
            "owner": names.get(str(fields.owner or ""), gettext("somebody else")),
            "labels": shown(", ".join(fields.labels)) or gettext("none"),
            "how_to_renew": shown(fields.how_to_renew) or gettext("none"),
        }


def settled(data: QueryDict) -> QueryDict:
    """Return what a form was sent with, after the person's choices between theirs and mine."""
    theirs = _as_initial(Fields.from_json(data.get("seen", "")))
    chosen = data.copy()
    for name, value in theirs.items():
        if data.get(f"keep-{name}") == "theirs":
            _put(chosen, name, value)
    return chosen


def _as_initial(fields: Fields) -> dict[str, Any]:
    return {
        "owner": str(fields.owner or ""),
        "labels": list(fields.labels),
        "how_to_renew": fields.how_to_renew,
        "seen": fields.as_json(),
    }


def _put(data: QueryDict, name: str, value: str | list[str]) -> None:
    data.setlist(name, value if isinstance(value, list) else [value])

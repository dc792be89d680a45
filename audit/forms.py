"""The filters above the trail, which its export takes as well."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.queries import Filters
from audit.words import GROUPS, OUTCOMES, actions_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Wide enough for every line there can be, narrow enough for every calendar and time zone.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
NO_SUCH_CHOICE = {"invalid_choice": _("Choose one of the list.")}


def _act_choices() -> Iterable[tuple["StrOrPromise", Any]]:
    yield "", _("Anything")
    for group in GROUPS:
        phrases = [(action, phrase.done) for action, phrase in group.phrases.items()]
        yield group.label, [(group.key, group.everything), *phrases]


class _DayInput(forms.DateInput):
    """A browser's own field for a day, which takes nothing else and complains about it aloud."""

    input_type = "date"

    def format_value(self, value: Any) -> str:
        text = super().format_value(value) or ""
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            return ""


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("Give a day as year-month-day, such as 2026-12-04.")},
        validators=[
            MinValueValidator(FIRST_DAY, _("Give a day that is not before %(limit_value)s.")),
            MaxValueValidator(LAST_DAY, _("Give a day that is not after %(limit_value)s.")),
        ],
        widget=_DayInput(
            format="%Y-%m-%d",
            attrs={"min": FIRST_DAY.isoformat(), "max": LAST_DAY.isoformat()},
        ),
    )


class TrailForm(forms.Form):
    """What of the trail somebody wants to see. Days are days of the time zone that is active."""

    person = forms.CharField(label=_("Person"), required=False, max_length=150)
    secret = forms.CharField(label=_("Secret, name or id"), required=False, max_length=255)
    act = forms.ChoiceField(
        label=_("What was done"),
        required=False,
        choices=_act_choices,
        error_messages=NO_SUCH_CHOICE,
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[("", _("Any")), *OUTCOMES.items()],
        error_messages=NO_SUCH_CHOICE,
    )
    since = _day(_("From"))
    until = _day(_("To"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This is before the first day."))
        return cleaned

    def filters(self) -> Filters:
        """Return what a valid form asks for."""
        asked = self.cleaned_data
        return Filters(
            person=asked["person"],
            secret=asked["secret"],
            actions=actions_of(asked["act"]),
            outcome=asked["outcome"],
            since=_midnight(asked["since"]) if asked["since"] else None,
            until=_midnight(asked["until"] + timedelta(days=1)) if asked["until"] else None,
        )

    def given(self) -> dict[str, str]:
        """Return what was filled in, as it was typed, for an address."""
        typed = {name: self.data.get(name, "").strip() for name in self.fields}
        return {name: text for name, text in typed.items() if text}


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))

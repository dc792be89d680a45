from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from secret_manager import MAX_VALUE_BYTES, Credential, Secret
from secrets_ui.forms import (
    ConnectionForm,
    SecretEditForm,
    SecretForm,
    TypedNameForm,
    VersionForm,
)
from secrets_ui.generator import RECIPES

CANARY = "canary-5f2b9c<&\"'>"
HOSTILE = "</textarea><script>alert(1)</script>"
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=40, seconds=7)
SECRET = Secret(
    id="20",
    organization_id="10",
    name="crm-webhook",
    description="Signs\nCRM calls",
    expired_at=LATER,
    integration_service_ids=("51", "52"),
)


class Inputs(HTMLParser):
    """What a browser would send back of a rendered form."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.sent: dict[str, str] = {}
        self._open = ""
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attributes = {name: text or "" for name, text in pairs}
        if tag == "textarea":
            self._open = attributes["name"]
            self.sent[self._open] = ""
        elif tag == "select":
            self._select = attributes["name"]
        elif tag == "option":
            if "selected" in dict(pairs) or self._select not in self.sent:
                self.sent[self._select] = attributes["value"]
        elif tag == "input" and (attributes.get("type") != "radio" or "checked" in dict(pairs)):
            self.sent[attributes["name"]] = attributes.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.sent[self._open] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._open = ""


def sent_by(form: forms.Form) -> dict[str, str]:
    """The form as the page shows it, sent back untouched, with a browser's line breaks."""
    inputs = Inputs("".join(str(field) for field in form))
    return {
        name: text.replace("\r\n", "\n").replace("\n", "\r\n") for name, text in inputs.sent.items()
    }


def edited(**typed: str) -> SecretEditForm:
    """The edit form of SECRET, with only these fields changed."""
    untouched = sent_by(SecretEditForm(initial=SecretEditForm.initial_of(SECRET)))
    form = SecretEditForm({**untouched, **typed}, initial=SecretEditForm.initial_of(SECRET))
    assert form.is_valid(), form.errors
    return form


def new(**typed: str) -> SecretForm:
    return SecretForm({**sent_by(SecretForm()), "name": "crm-webhook", "value": "v", **typed})


def version(**typed: str) -> VersionForm:
    return VersionForm({"source": "typed", **typed})


# The value


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("one\ntwo", "one\ntwo"),
        ("one\rtwo", "one\rtwo"),
        ("  \t spaces stay  \r\n", "  \t spaces stay  \n"),
        ("\r\n", "\n"),
        ("雪☃\U0001f600", "雪☃\U0001f600"),
    ],
)
def test_a_value_is_kept_as_typed_with_line_feeds(typed: str, kept: str) -> None:
    form = version(value=typed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["value"] == kept


@pytest.mark.parametrize("character", ["a", "雪", "\r\n"])
def test_the_limit_of_a_value_counts_bytes_as_they_are_sent(character: str) -> None:
    size = len(character.replace("\r\n", "\n").encode())
    fits, rest = divmod(MAX_VALUE_BYTES, size)
    full = character * fits + "a" * rest
    assert version(value=full).is_valid()
    assert version(value=full + "a").errors["value"] == [
        "This is longer than 64 kB. A secret holds less."
    ]


def test_a_value_is_needed() -> None:
    for typed in ({"value": ""}, {}):
        assert list(version(**typed).errors) == ["value"]


def test_a_value_with_a_nul_is_refused_without_being_quoted() -> None:
    form = version(value=f"{CANARY}\0")
    assert not form.is_valid()
    assert "canary" not in str(form.errors)


@pytest.mark.parametrize("recipe", [*RECIPES, ""])
def test_a_generated_value_takes_the_place_of_what_was_typed(recipe: str) -> None:
    form = version(source="generated", recipe=recipe, value=CANARY)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["value"] != CANARY
    assert len(form.cleaned_data["value"]) >= 8


def test_each_generated_value_is_new() -> None:
    generated = [version(source="generated", recipe="hex-64") for _ in range(20)]
    assert all(form.is_valid() for form in generated)
    assert len({form.cleaned_data["value"] for form in generated}) == 20


@pytest.mark.parametrize("typed", [{"source": "elsewhere"}, {"recipe": "letters-1"}])
def test_only_what_is_offered_can_be_chosen(typed: dict[str, str]) -> None:
    assert not version(value="v", **typed).is_valid()


@pytest.mark.parametrize(
    "form",
    [
        version(value=CANARY),
        version(value=CANARY, source="elsewhere"),
        version(value=CANARY * 9000),
        version(value=CANARY, source="generated", recipe="letters-1"),
        new(value=CANARY, name="not a name"),
        new(value=CANARY, expiry="date", expiry_date="2001-01-01"),
    ],
)
def test_no_form_shows_a_value_again(form: forms.Form) -> None:
    form.is_valid()
    drawn = render_to_string("includes/value_fields.html", {"form": form})
    drawn += str(form) + str(form.errors) + repr(form) + form.errors.as_json()
    assert "canary" not in drawn


def test_everything_but_the_value_is_shown_again() -> None:
    form = new(value=CANARY, name="not a name", description="kept", app_ids="51, 52", expiry="30")
    assert not form.is_valid()
    again = sent_by(form)
    assert again["value"] == ""
    assert again["name"] == "not a name"
    assert again["description"] == "kept"
    assert again["app_ids"] == "51, 52"
    assert again["expiry"] == "30"


def test_a_failed_form_still_knows_what_it_showed_first() -> None:
    first = sent_by(SecretEditForm(initial=SecretEditForm.initial_of(SECRET)))
    failed = SecretEditForm({**first, "description": "new", "expiry_date": "2001-01-01"})
    assert not failed.is_valid()
    assert sent_by(failed)["initial-description"] == "Signs\r\nCRM calls"
    corrected = SecretEditForm({**sent_by(failed), "expiry_date": first["expiry_date"]})
    assert corrected.is_valid(), corrected.errors
    assert corrected.changes() == {"description": "new"}


# What describes a secret


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("", []),
        (" , ,", []),
        ("51", ["51"]),
        ("51,52", ["51", "52"]),
        ("51 52\t53\r\n54", ["51", "52", "53", "54"]),
        ("51、52,51,  52", ["51", "52"]),
        ("app_a-1", ["app_a-1"]),
    ],
)
def test_app_ids_are_taken_apart_and_each_is_kept_once(typed: str, ids: list[str]) -> None:
    form = new(app_ids=typed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["app_ids"] == ids


@pytest.mark.parametrize("bad", ["5/1", "../2", "51;52", "雪", "1" * 65, HOSTILE])
def test_a_bad_app_id_is_named(bad: str) -> None:
    form = new(app_ids=f"51, {bad}")
    (message,) = form.errors["app_ids"]
    assert "is not an app id" in message
    assert len(message) < 160
    assert "<script>" not in str(form["app_ids"].errors)


@given(ids=st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True), max_size=20))
def test_any_list_of_ids_comes_through_in_order(ids: list[str]) -> None:
    form = new(app_ids=", ".join(ids))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["app_ids"] == list(dict.fromkeys(ids))


@given(typed=st.text(max_size=200))
def test_whatever_is_typed_as_app_ids_gives_ids_or_an_error(typed: str) -> None:
    form = new(app_ids=typed)
    if form.is_valid():
        assert all(len(each) <= 64 and each.isascii() for each in form.cleaned_data["app_ids"])
    else:
        assert list(form.errors) == ["app_ids"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "two words",
        "crm/webhook",
        "name\n",
        "名前",
        "n" * 256,
        "crm-abc123",
        "crm-a_c123",
        " crm",
    ],
)
def test_a_name_that_breaks_a_rule_is_refused(name: str) -> None:
    assert list(new(name=name).errors) == ["name"]


@pytest.mark.parametrize("name", ["a", "CRM_webhook-1", "n" * 255, "crm-abc1234"])
def test_a_name_within_the_rules_is_accepted(name: str) -> None:
    assert new(name=name).is_valid()


def test_a_new_secret_has_what_was_typed() -> None:
    form = new(description="Signs", expiry="30", app_ids="51")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["description"] == "Signs"
    assert form.expired_at is not None
    assert (form.expired_at - timezone.now()).days in {29, 30}
    untouched = new()
    assert untouched.is_valid(), untouched.errors
    assert untouched.expired_at is None


@pytest.mark.parametrize(
    "typed",
    [
        {"expiry_date": ""},
        {"expiry_date": "2001-01-01"},
        {"expiry_date": "2999-02-30"},
        {"expiry_date": "2999-01-01", "expiry_time": "25:00"},
        {"expiry_date": "9999-12-31", "expiry_zone": "America/New_York"},
        {"expiry_date": "2999-01-01", "expiry_zone": "Mars/Base"},
    ],
)
def test_an_impossible_expiry_is_told_at_its_field(typed: dict[str, str]) -> None:
    form = new(expiry="date", **typed)
    assert not form.is_valid()
    assert set(form.errors) <= {"expiry_date", "expiry_time", "expiry_zone"}


# Changes


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_a_form_sent_back_untouched_changes_nothing(zone: str) -> None:
    with timezone.override(zone):
        assert edited().changes() == {}


def test_a_form_of_an_empty_secret_sent_back_untouched_changes_nothing() -> None:
    initial = SecretEditForm.initial_of(Secret(id="20", organization_id="10"))
    form = SecretEditForm(sent_by(SecretEditForm(initial=initial)), initial=initial)
    assert form.is_valid(), form.errors
    assert form.changes() == {}


def test_an_expiry_that_has_passed_does_not_stop_other_changes() -> None:
    passed = Secret(id="20", organization_id="10", expired_at=datetime(2020, 1, 1, tzinfo=UTC))
    initial = SecretEditForm.initial_of(passed)
    untouched = sent_by(SecretEditForm(initial=initial))
    form = SecretEditForm({**untouched, "description": "new"}, initial=initial)
    assert form.is_valid(), form.errors
    assert form.changes() == {"description": "new"}


@pytest.mark.parametrize(
    ("typed", "changes"),
    [
        ({"description": "new"}, {"description": "new"}),
        ({"description": "two\r\nlines"}, {"description": "two\nlines"}),
        ({"description": ""}, {"description": None}),
        ({"app_ids": "52, 53"}, {"app_ids": ["52", "53"]}),
        ({"app_ids": ""}, {"app_ids": []}),
        ({"expiry": "none"}, {"expired_at": None}),
        ({"description": "", "app_ids": ""}, {"description": None, "app_ids": []}),
    ],
)
def test_only_what_was_changed_is_sent_and_each_can_be_cleared(
    typed: dict[str, str], changes: dict[str, Any]
) -> None:
    assert edited(**typed).changes() == changes


@pytest.mark.parametrize(
    "typed",
    [
        {"expiry": "90"},
        {"expiry_date": "2999-01-01"},
        {"expiry_time": "00:00", "expiry_date": "2999-01-01"},
        {"expiry_zone": "Asia/Tokyo"},
    ],
)
def test_a_changed_part_of_the_expiry_changes_the_expiry_only(typed: dict[str, str]) -> None:
    changes = edited(**typed).changes()
    assert list(changes) == ["expired_at"]
    assert changes["expired_at"] > timezone.now()


def test_a_changed_zone_keeps_the_day_and_time_that_were_shown() -> None:
    expired_at = edited(expiry_zone="Asia/Tokyo").changes()["expired_at"]
    shown = LATER.replace(second=0)
    assert expired_at.replace(tzinfo=UTC) == shown
    assert expired_at.utcoffset() == timedelta(hours=9)


def test_changes_are_measured_against_what_was_shown_and_not_what_is_there_now() -> None:
    untouched = sent_by(SecretEditForm(initial=SecretEditForm.initial_of(SECRET)))
    changed_since = SecretEditForm.initial_of(
        Secret(id="20", organization_id="10", description="a colleague's words")
    )
    form = SecretEditForm({**untouched, "app_ids": "59"}, initial=changed_since)
    assert form.is_valid(), form.errors
    assert form.changes() == {"app_ids": ["59"]}


def test_the_page_carries_what_was_shown_in_hidden_fields() -> None:
    form = SecretEditForm(initial=SecretEditForm.initial_of(SECRET))
    page = render_to_string("includes/detail_fields.html", {"form": form})
    for name in form.fields:
        assert page.count(f'name="initial-{name}"') == 1, name


def test_hostile_texts_are_drawn_as_text() -> None:
    hostile = Secret(
        id="20", organization_id="10", description=HOSTILE, integration_service_ids=(HOSTILE,)
    )
    page = render_to_string(
        "includes/detail_fields.html",
        {"form": SecretEditForm(initial=SecretEditForm.initial_of(hostile))},
    )
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


# The name to confirm with, and the connection


def test_a_secret_is_confirmed_by_its_own_name_only() -> None:
    assert TypedNameForm({"typed_name": "crm-webhook"}, name="crm-webhook").is_valid()
    for typed in ("", "CRM-webhook", "crm-webhoo", "crm-webhook2"):
        assert not TypedNameForm({"typed_name": typed}, name="crm-webhook").is_valid()


PERSONAL = {"kind": "personal", "user_id": "1", "personal_access_token": "t-1"}
BEARER = {"kind": "bearer", "auth_token": "t-2"}
DATASOURCE = {"kind": "datasource", "datasource_id": "3", "datasource_secret": "t-3"}


def connecting(**typed: str) -> ConnectionForm:
    return ConnectionForm({"organization_id": "10", **typed})


@pytest.mark.parametrize(
    ("typed", "credential"),
    [
        (PERSONAL, Credential.personal("user-1", "t-1")),
        (BEARER, Credential.bearer("t-2")),
        (DATASOURCE, Credential.datasource("datasource-3", "t-3")),
        ({**DATASOURCE, **PERSONAL, **BEARER}, Credential.bearer("t-2")),
        ({**BEARER, **PERSONAL}, Credential.personal("1", "t-1")),
    ],
)
def test_the_chosen_kind_of_credential_is_taken(
    typed: dict[str, str], credential: Credential
) -> None:
    form = connecting(**typed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["credential"] == credential


@pytest.mark.parametrize("typed", [PERSONAL, BEARER, DATASOURCE])
def test_each_part_of_a_credential_is_needed(typed: dict[str, str]) -> None:
    for name in typed.keys() - {"kind"}:
        assert list(connecting(**{**typed, name: ""}).errors) == [name]


@pytest.mark.parametrize("organization_id", ["", "10/..", "../2", "1 0", "1" * 65])
def test_an_organization_id_cannot_change_an_address(organization_id: str) -> None:
    form = connecting(**{**PERSONAL, "organization_id": organization_id})
    assert list(form.errors) == ["organization_id"]


@pytest.mark.parametrize("token", ["雪", "two\nlines", "t" * 5000])
def test_a_token_that_no_header_carries_is_refused_without_being_quoted(token: str) -> None:
    form = connecting(**{**PERSONAL, "personal_access_token": token})
    assert list(form.errors) == ["personal_access_token"]
    assert token not in str(form.errors)


@pytest.mark.parametrize("kind", ["personal", "bearer", "datasource", "elsewhere"])
def test_no_typed_credential_is_shown_again(kind: str) -> None:
    typed = {**PERSONAL, **BEARER, **DATASOURCE, "kind": kind, "organization_id": "1/0"}
    for name in ("personal_access_token", "auth_token", "datasource_secret"):
        typed[name] = CANARY
    form = ConnectionForm(typed)
    assert not form.is_valid()
    assert "canary" not in str(form) + str(form.errors) + repr(form)
    assert 'value="3"' in str(form)


def test_only_the_demonstrations_token_is_filled_in() -> None:
    filled_in = {"personal_access_token": "demo-token", "auth_token": "other-token"}
    page = str(ConnectionForm(initial=filled_in))
    assert "demo-token" in page
    assert "other-token" not in page
    assert "demo-token" not in str(ConnectionForm({"kind": "personal"}, initial=filled_in))

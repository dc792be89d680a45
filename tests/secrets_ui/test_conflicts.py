from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from secret_manager import Secret
from secrets_ui import conflicts
from secrets_ui.forms import SecretEditForm

SECRET = Secret(
    id="1001",
    organization_id="1410000000000",
    name="billing-key",
    description="Pays\nthe bills",
    expired_at=datetime(2099, 6, 30, 12, 34, 56, 789, tzinfo=UTC),
    integration_service_ids=("app-1", "app-2"),
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
)
MINE = {"description": "Mine", "expiry_date": "2099-01-01", "app_ids": "app-3"}


def sent(secret: Secret, **typed: str) -> QueryDict:
    """Return what a browser sends of the form for a secret after a person typed into it."""
    form = SecretEditForm(initial=SecretEditForm.initial_of(secret))
    data = QueryDict(mutable=True)
    for part in (part for parts in conflicts.PARTS.values() for part in parts):
        field = form[part]
        shown = field.field.hidden_widget().format_value(field.value()) or ""
        # A browser sends every line break as CR LF, of hidden fields too.
        text = "\r\n".join(shown.splitlines())
        data[part], data[field.html_initial_name] = text, text
    for name, text in typed.items():
        data[name] = text
    return data


def form_of(data: QueryDict) -> SecretEditForm:
    form = SecretEditForm(data)
    assert form.is_valid(), form.errors
    return form


def in_the_way(shown: Secret, current: Secret, **typed: str) -> list[str]:
    """Return the names of the fields in which somebody else was faster."""
    return [each.name for each in conflicts.found(form_of(sent(shown, **typed)), current)]


THEIRS = {
    "description": {"description": "Theirs"},
    "expired_at": {"expired_at": SECRET.expired_at + timedelta(days=1)},
    "app_ids": {"integration_service_ids": ("app-9",)},
}
TYPED = {
    "description": {"description": "Mine"},
    "expired_at": {"expiry_date": "2099-01-01"},
    "app_ids": {"app_ids": "app-3"},
}


@pytest.mark.parametrize("theirs", THEIRS)
@pytest.mark.parametrize("mine", TYPED)
def test_only_a_field_that_both_changed_is_in_the_way(mine: str, theirs: str) -> None:
    current = replace(SECRET, **THEIRS[theirs])
    assert in_the_way(SECRET, current, **TYPED[mine]) == ([mine] if mine == theirs else [])


@pytest.mark.parametrize(
    "cleared",
    [
        {"description": None},
        {"description": ""},
        {"expired_at": None},
        {"integration_service_ids": ()},
    ],
    ids=str,
)
def test_a_field_that_another_cleared_or_filled_is_in_the_way(cleared: dict) -> None:
    other = replace(SECRET, **cleared)
    assert len(in_the_way(SECRET, other, **MINE)) == 1
    filling = {**MINE, "expiry": "date", "expiry_time": "12:00"}
    assert len(in_the_way(other, SECRET, **filling)) == 1


def test_all_that_both_changed_is_in_the_way() -> None:
    current = replace(
        SECRET, description="Theirs", expired_at=None, integration_service_ids=("app-9",)
    )
    assert in_the_way(SECRET, current, **MINE) == ["description", "expired_at", "app_ids"]


@pytest.mark.parametrize(
    "same",
    [
        {"updated_at": datetime(2026, 2, 2, tzinfo=UTC)},
        {"etag": '"another"'},
        {"name": "renamed", "user_id": "user-2", "provider": "other"},
        # What the form does not show cannot be told apart by whoever saw the form.
        {"expired_at": SECRET.expired_at.replace(second=1, microsecond=0)},
        {"description": "Pays\r\nthe bills"},
        {"description": " Pays\nthe bills\n"},
        {"integration_service_ids": ("app-2", "app-1")},
        {"integration_service_ids": ("app-1", "app-2", "app-1")},
    ],
    ids=str,
)
def test_what_looks_the_same_in_the_form_is_not_in_the_way(same: dict) -> None:
    assert in_the_way(SECRET, replace(SECRET, **same), **MINE) == []


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/New_York", "Asia/Kathmandu"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    with timezone.override(request.param):
        yield request.param


ODD = {
    "lone CR": {"description": "one\rtwo"},
    "hour that comes twice, first": {"expired_at": datetime(2099, 11, 1, 5, 30, tzinfo=UTC)},
    "hour that comes twice, second": {"expired_at": datetime(2099, 11, 1, 6, 30, tzinfo=UTC)},
    "hour that is left out": {"expired_at": datetime(2099, 3, 8, 7, 0, tzinfo=UTC)},
    "apps twice": {"integration_service_ids": ("app-1", "app-1")},
    "an app that is none": {"integration_service_ids": ("app 1", "a,b")},
}


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("odd", ODD)
def test_what_nobody_changed_is_never_in_the_way_however_odd(odd: str) -> None:
    secret = replace(SECRET, **ODD[odd])
    assert in_the_way(secret, secret, **MINE) == []


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("odd", ODD)
def test_a_conflict_that_was_shown_ends_with_the_choice(odd: str) -> None:
    current = replace(SECRET, **ODD[odd])
    again = conflicts.rebased(form_of(sent(SECRET, **MINE)), current)
    assert conflicts.found(form_of(again.data), current) == []


def test_an_expiry_shown_in_one_zone_and_read_in_another_is_the_same() -> None:
    with timezone.override("Asia/Tokyo"):
        data = sent(SECRET, expiry_date="2099-01-01")
    with timezone.override("America/New_York"):
        assert conflicts.found(form_of(data), SECRET) == []


@pytest.mark.parametrize(
    "hand_made",
    [
        {"initial-expiry_zone": "Nowhere/At_All"},
        {"initial-expiry_zone": "../../etc/passwd"},
        {"initial-expiry_zone": ""},
        {"initial-expiry_date": "tomorrow"},
        {"initial-expiry_time": ""},
        {"initial-expiry": ""},
    ],
    ids=str,
)
def test_a_form_that_says_nonsense_of_what_it_showed_is_a_conflict(hand_made: dict) -> None:
    assert in_the_way(SECRET, SECRET, expiry_date="2099-01-01", **hand_made) == ["expired_at"]


def test_a_conflict_is_shown_in_words() -> None:
    current = replace(SECRET, description=None, expired_at=None, integration_service_ids=("a", "b"))
    form = form_of(sent(SECRET, **MINE))
    description, expiry, apps = conflicts.found(form, current)
    assert (str(description.label), description.theirs, description.mine) == (
        "Description",
        "none",
        "Mine",
    )
    assert (str(expiry.label), expiry.theirs) == ("Expiry", "none")
    assert "2099" in expiry.mine
    assert (str(apps.label), apps.theirs, apps.mine) == ("Labs apps", "a, b", "app-3")


CURRENT = replace(
    SECRET,
    description="Theirs",
    expired_at=datetime(2098, 2, 3, 4, 5, tzinfo=UTC),
    integration_service_ids=("app-9",),
)


def test_what_is_shown_after_a_conflict_keeps_mine_and_measures_against_theirs() -> None:
    again = conflicts.rebased(form_of(sent(SECRET, **MINE)), CURRENT)
    assert again.changes() == {
        "description": "Mine",
        "expired_at": datetime(2099, 1, 1, 12, 34, tzinfo=UTC),
        "app_ids": ["app-3"],
    }
    assert again.data["initial-description"] == "Theirs"


@pytest.mark.parametrize("edited", TYPED)
def test_a_field_that_i_left_alone_does_not_become_a_change_of_mine(edited: str) -> None:
    again = conflicts.rebased(form_of(sent(SECRET, **TYPED[edited])), CURRENT)
    assert list(again.changes()) == [edited]


@pytest.mark.parametrize("given_up", TYPED)
def test_where_theirs_stays_nothing_of_mine_is_sent(given_up: str) -> None:
    again = conflicts.rebased(form_of(sent(SECRET, **MINE)), CURRENT)
    choices = {f"keep-{name}": "mine" for name in TYPED} | {f"keep-{given_up}": "theirs"}
    again.data.update(choices)
    chosen = form_of(conflicts.settled(again.data))
    assert set(chosen.changes()) == set(TYPED) - {given_up}


def test_a_choice_that_was_made_outlasts_the_form_that_asked_for_it() -> None:
    again = conflicts.rebased(form_of(sent(SECRET, **MINE)), CURRENT)
    again.data["keep-description"] = "theirs"
    chosen = conflicts.settled(again.data)
    del chosen["keep-description"]
    assert "description" not in form_of(conflicts.settled(chosen)).changes()
    assert chosen["description"] == "Theirs"


@pytest.mark.parametrize("choice", ["", "mine", "Theirs", "<b>"])
def test_any_other_choice_leaves_what_was_typed(choice: str) -> None:
    data = sent(SECRET, **MINE, **{"keep-description": choice, "keep-nothing": "theirs"})
    assert conflicts.settled(data) == data

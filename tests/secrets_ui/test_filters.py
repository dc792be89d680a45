"""The filters: what can be chosen in each, and what is chosen, whatever an address asks for."""

import pytest

from secrets_ui.catalog.sifting import AGES, EXPIRIES, STATUSES
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.filters import MOST_CHOICES, Filter, filter_fields
from secrets_ui.list_query import ListQuery
from secrets_ui.models import Note
from tests.secrets_ui.catalog.support import a_summary

pytestmark = pytest.mark.django_db
SNAPSHOT = Snapshot([a_summary(1, app_ids=("51",), user_id="7"), a_summary(2, app_ids=("52",))])


def fields(snapshot: Snapshot = SNAPSHOT, **asked: str) -> dict[str, Filter]:
    found = filter_fields(ListQuery(**asked), snapshot, "1410000000000")  # type: ignore[arg-type]
    return {each.name: each for each in found}


def values(field: Filter) -> list[str]:
    return [choice.value for choice in field.choices]


def chosen(field: Filter) -> list[str]:
    return [choice.value for choice in field.choices if choice.is_chosen]


def test_everything_that_can_be_asked_for_can_be_chosen() -> None:
    found = fields()
    assert values(found["status"]) == ["", *STATUSES]
    assert values(found["expiry"]) == ["", *EXPIRIES]
    assert values(found["age"]) == ["", *AGES]
    assert values(found["app"]) == ["", "51", "52"]
    assert values(found["creator"]) == ["", "7"]
    assert values(found["fav"]) == ["", "1"]


def test_of_very_many_some_are_offered_and_the_chosen_one_always() -> None:
    many = Snapshot([a_summary(number, user_id=f"{number:05}") for number in range(3000)])
    field = fields(many, creator="02999")["creator"]
    assert len(field.choices) == 1 + MOST_CHOICES + 1
    assert chosen(field) == ["02999"]


def test_a_filter_with_nothing_to_choose_is_left_out() -> None:
    assert "app" not in fields(Snapshot([a_summary()]))
    assert "label" not in fields()


def test_labels_are_those_of_the_organization() -> None:
    Note.objects.create(organization_id="1410000000000", secret_id="1", labels=["ours"])
    Note.objects.create(organization_id="1420000000000", secret_id="1", labels=["theirs"])
    assert values(fields()["label"]) == ["", "ours"]


@pytest.mark.parametrize(
    ("name", "asked"), [("app", "99"), ("creator", "x"), ("label", "gone"), ("expiry", "2026-12")]
)
def test_what_an_address_asks_for_is_always_among_it(name: str, asked: str) -> None:
    assert chosen(fields(**{name: asked})[name]) == [asked]


def test_exactly_one_choice_is_chosen_in_each() -> None:
    assert all(len(chosen(field)) == 1 for field in fields(status="on", app="51").values())


def test_a_month_is_called_by_its_name() -> None:
    month = next(one for one in fields(expiry="2026-12")["expiry"].choices if one.is_chosen)
    assert month.label == "December 2026"


def test_a_choice_shows_no_character_that_nobody_sees() -> None:
    assert fields(label="a\u202eb")["label"].choices[-1].label == "ab"

from collections.abc import Callable

import pytest

from secrets_ui import saved_views
from secrets_ui.models import SavedView
from secrets_ui.saved_views import NameInUse, TooMany
from tests.emulator.threads import at_once
from tests.secrets_ui.conftest import ORGANIZATION_ID

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

HANAKO, TARO, THEIRS = 1, 2, "1420000000000"


def save(
    name: str = "Expired",
    query: str = "expiry=expired",
    *,
    person_id: int = HANAKO,
    organization_id: str = ORGANIZATION_ID,
    replace: bool = False,
) -> None:
    saved_views.save(
        person_id=person_id,
        organization_id=organization_id,
        name=name,
        query=query,
        replace=replace,
    )


def views(person_id: int = HANAKO, organization_id: str = ORGANIZATION_ID) -> list[tuple[str, str]]:
    return [(view.name, view.query) for view in saved_views.of(person_id, organization_id)]


def test_views_are_a_persons_own_in_one_organization_by_name() -> None:
    save("Expired")
    save("Bank", "q=bank")
    save("Bank", "q=other", person_id=TARO)
    save("Bank", "q=theirs", organization_id=THEIRS)
    assert views() == [("Bank", "q=bank"), ("Expired", "expiry=expired")]
    assert views(TARO) == [("Bank", "q=other")]
    assert views(HANAKO, THEIRS) == [("Bank", "q=theirs")]


def test_they_cost_one_query_and_then_none(django_assert_num_queries: Callable) -> None:
    SavedView.objects.create(person_id=HANAKO, organization_id=ORGANIZATION_ID, name="a", query="")
    with django_assert_num_queries(1):
        first = views()
    with django_assert_num_queries(0):
        assert views() == first == [("a", "")]


def test_a_view_of_the_same_name_is_replaced_only_where_that_was_said() -> None:
    save(query="q=old")
    with pytest.raises(NameInUse):
        save(query="q=new")
    assert views() == [("Expired", "q=old")]
    save(query="q=new", replace=True)
    assert views() == [("Expired", "q=new")]


def test_replacing_what_is_gone_makes_it() -> None:
    save(replace=True)
    assert views() == [("Expired", "expiry=expired")]


def test_there_is_room_for_so_many() -> None:
    for number in range(saved_views.MOST):
        save(f"View {number}")
    with pytest.raises(TooMany):
        save("One more")
    save("View 0", "q=new", replace=True)
    save("One more", person_id=TARO)
    assert len(views()) == saved_views.MOST


def test_of_two_of_one_name_at_the_same_moment_one_is_told(served_databases: None) -> None:
    def attempt(number: int) -> bool:
        try:
            save(query=f"q={number}")
        except NameInUse:
            return False
        return True

    assert sum(map(bool, at_once(attempt))) == 1
    assert SavedView.objects.count() == 1


def test_one_deletes_ones_own_only() -> None:
    save()
    view = SavedView.objects.get()
    for person_id, organization_id in ((TARO, ORGANIZATION_ID), (HANAKO, THEIRS)):
        found = saved_views.delete(
            person_id=person_id, organization_id=organization_id, view_id=view.pk
        )
        assert found is None
    assert views() == [("Expired", "expiry=expired")]
    mine = {"person_id": HANAKO, "organization_id": ORGANIZATION_ID, "view_id": view.pk}
    assert saved_views.delete(**mine) == "Expired"  # type: ignore[arg-type]
    assert views() == []


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("", ""),
        ("q=a+b&status=on", "q=a+b&status=on"),
        ("status=on&q=a%20b", "q=a+b&status=on"),
        ("?q=a", ""),
        ("q=", ""),
        ("q=a&page=3&next=https://example.com&csrfmiddlewaretoken=x", "q=a"),
        ("q=a&q=b", "q=b"),
        ("label=a%26b%3D%3Cc%3E", "label=a%26b%3D%3Cc%3E"),
        ("q=経理", "q=%E7%B5%8C%E7%90%86"),
        ("q=%0d%0aLocation:+x", "q=%0D%0ALocation%3A+x"),
        ("q=%ff%00", "q=%EF%BF%BD%00"),
        ("javascript:alert(1)", ""),
    ],
)
def test_a_query_is_made_anew_from_what_the_list_knows(asked: str, kept: str) -> None:
    assert saved_views.clean_query(asked) == kept


def test_every_parameter_of_the_list_is_kept_but_the_page() -> None:
    asked = "&".join(f"{name}=1" for name in (*saved_views.PARAMETERS, "page"))
    assert saved_views.clean_query(asked) == asked.removesuffix("&page=1")
    assert len(saved_views.PARAMETERS) == 10

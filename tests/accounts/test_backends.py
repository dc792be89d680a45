from collections.abc import Callable

import pytest
from django.contrib.auth.backends import ModelBackend
from django.core.cache import cache
from django.test import Client

from accounts import copies
from accounts.backends import CachedPersonBackend
from accounts.models import Person
from accounts.roles import Role
from tests.accounts import cached
from tests.accounts.conftest import PASSWORD
from tests.accounts.test_sessions import PAGE, is_signed_in

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]


def remembered(person: Person) -> Person:
    """The person as a session finds them at its second page: from the cache."""
    backend = CachedPersonBackend()
    backend.get_user(person.pk)
    copy = backend.get_user(person.pk)
    assert copy is not None
    assert copy.get_deferred_fields()
    return copy


def sign_in(password: str = PASSWORD) -> Client:
    browser = Client()
    browser.post("/accounts/sign-in/", {"username": "hanako", "password": password})
    return browser


def test_the_second_look_at_a_person_needs_no_query(
    person: Person, django_assert_num_queries: Callable
) -> None:
    backend = CachedPersonBackend()
    with django_assert_num_queries(1):
        backend.get_user(person.pk)
    with django_assert_num_queries(0):
        copy = backend.get_user(person.pk)
    assert copy == person
    assert copy.get_username() == "hanako"
    assert copy.is_active


def test_no_password_hash_is_in_the_cache(person: Person) -> None:
    remembered(person)
    assert "accounts.person." in cached.everything()
    assert person.password not in cached.everything()
    assert person.password.rpartition("$")[2] not in cached.everything()


def test_a_copy_stands_for_the_same_password(person: Person) -> None:
    assert remembered(person).get_session_auth_hash() == person.get_session_auth_hash()


def test_a_changed_person_is_read_again_at_once(person: Person) -> None:
    remembered(person)
    person.first_name = "花子"
    person.save()
    found = CachedPersonBackend().get_user(person.pk)
    assert found is not None
    assert found.first_name == "花子"


def saved_in_another_thread(person: Person) -> None:
    person.is_active = False
    person.save()


def changed_password_in_another_thread(person: Person) -> None:
    person.set_password("a new password")
    person.save(update_fields=["password"])


@pytest.mark.parametrize(
    "change", [saved_in_another_thread, changed_password_in_another_thread, Person.delete]
)
def test_a_change_during_a_look_is_not_undone_by_what_was_read_before(
    change: Callable, signed_in: Client, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    with monkeypatch.context() as patch:
        read = ModelBackend.get_user

        def overtaken(self: ModelBackend, user_id: int) -> object:
            found = read(self, user_id)
            change(person)
            return found

        patch.setattr(ModelBackend, "get_user", overtaken)
        signed_in.get(PAGE)
    assert not is_signed_in(signed_in)


def test_a_change_by_a_query_is_seen_when_the_copy_ends(signed_in: Client, person: Person) -> None:
    assert is_signed_in(signed_in)
    Person.objects.filter(pk=person.pk).update(is_active=False)
    assert is_signed_in(signed_in)
    assert all(0 < seconds <= copies.CACHED_SECONDS for seconds in cached.seconds_left())
    cache.clear()  # as after that time
    assert not is_signed_in(signed_in)


@pytest.mark.parametrize("how", ["deactivated", "deleted", "deleted by a query"])
def test_whoever_is_gone_is_out_at_the_next_page(
    how: str, signed_in: Client, person: Person
) -> None:
    assert is_signed_in(signed_in)
    if how == "deactivated":
        person.is_active = False
        person.save()
    elif how == "deleted":
        person.delete()
    else:
        Person.objects.filter(username="hanako").delete()
    assert not is_signed_in(signed_in)


def test_nobody_is_remembered_who_is_not_there_or_not_active(person: Person) -> None:
    person.is_active = False
    person.save()
    cache.clear()
    backend = CachedPersonBackend()
    assert backend.get_user(person.pk) is None
    assert backend.get_user(person.pk + 1) is None
    assert cached.names() == []


def test_changing_the_password_ends_the_other_sessions(signed_in: Client, person: Person) -> None:
    other = sign_in()
    assert is_signed_in(signed_in)
    assert is_signed_in(other)
    person.set_password("a new password")
    person.save()
    assert not is_signed_in(signed_in)
    assert not is_signed_in(other)
    assert is_signed_in(sign_in("a new password"))


def test_saving_a_copy_does_not_wipe_the_password(person: Person) -> None:
    copy = remembered(person)
    copy.first_name = "花子"
    copy.save()
    stored = Person.objects.get(pk=person.pk)
    assert stored.first_name == "花子"
    assert stored.check_password(PASSWORD)


def test_a_copy_can_still_check_a_password(person: Person) -> None:
    copy = remembered(person)
    assert copy.check_password(PASSWORD)
    assert not copy.check_password("another")


def test_people_sign_in_with_their_own_password_only(person: Person) -> None:
    assert is_signed_in(sign_in())
    assert not is_signed_in(sign_in("another"))
    person.is_active = False
    person.save()
    assert not is_signed_in(sign_in())


def test_two_people_are_never_mixed_up(person: Person) -> None:
    taro = Person.objects.create_user("taro", password=PASSWORD, role=Role.ADMINISTRATOR)
    assert remembered(person).get_username() == "hanako"
    assert remembered(taro).get_username() == "taro"


def test_a_lost_cache_costs_a_query_and_no_person(
    person: Person, lose_redis: Callable, django_assert_num_queries: Callable
) -> None:
    cache.clear()
    lose_redis()
    backend = CachedPersonBackend()
    for _ in range(2):
        with django_assert_num_queries(1):
            assert backend.get_user(person.pk) == person

"""Changing one's own password, where accounts are kept here."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.limits import PER_ACCOUNT
from accounts.models import Person
from audit.models import Event
from tests.accounts.conftest import PASSWORD
from tests.accounts.test_sessions import is_signed_in

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

URL = "/accounts/password/"
NEW = "a long enough new one"
TYPED = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}


def test_the_new_password_opens_and_the_old_one_does_not(signed_in: Client) -> None:
    assert signed_in.post(URL, TYPED).status_code == 302
    attempts = [
        Client().post("/accounts/sign-in/", {"username": "hanako", "password": password})
        for password in (NEW, PASSWORD)
    ]
    assert [answer.status_code for answer in attempts] == [302, 422]


def test_this_session_goes_on_and_every_other_one_ends(signed_in: Client, person: Person) -> None:
    elsewhere = Client()
    elsewhere.force_login(person)
    signed_in.post(URL, TYPED)
    assert is_signed_in(signed_in)
    assert not is_signed_in(elsewhere)


def test_it_takes_the_old_password_and_few_attempts(signed_in: Client) -> None:
    for _ in range(PER_ACCOUNT):
        assert signed_in.post(URL, {**TYPED, "old_password": "wrong"}).status_code == 422
    assert signed_in.post(URL, TYPED).status_code == 429
    assert Person.objects.get().check_password(PASSWORD)


def test_a_password_that_many_use_is_refused(signed_in: Client) -> None:
    answer = signed_in.post(
        URL, {**TYPED, "new_password1": "password", "new_password2": "password"}
    )
    assert answer.status_code == 422
    assert Person.objects.get().check_password(PASSWORD)


def test_it_is_recorded_before_and_after_without_any_password(signed_in: Client) -> None:
    signed_in.post(URL, TYPED)
    lines = Event.objects.filter(action="person.changed").values_list("outcome", "detail")
    assert list(lines) == [("attempted", "hanako: password"), ("ok", "hanako: password")]


def test_there_is_no_such_page_where_a_company_signs_people_in(
    signed_in: Client, settings: Settings
) -> None:
    settings.AUTH_MODE = "oidc"
    assert signed_in.get(URL).status_code in {302, 404}

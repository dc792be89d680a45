"""Coming in: where people land, who they are here, and what they may do."""

import time
from dataclasses import replace
from typing import Any

import pytest
import responses
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.entry import SIGNED_IN_AT
from accounts.models import Person
from audit.models import Event
from tests.accounts.oidc.provider import (
    ACCESS_TOKEN,
    CLIENT_SECRET,
    ISSUER,
    FakeProvider,
    begin,
    is_signed_in,
    sign_in,
    signed,
)


def test_a_person_comes_in_and_lands_where_they_were_going(
    visitor: Client, provider: FakeProvider
) -> None:
    answer = sign_in(visitor, provider, back="/connect/?organization=1410000000000")
    assert answer.status_code == 302, answer.content.decode()
    assert answer.headers["Location"] == "/connect/?organization=1410000000000"
    person = Person.objects.get()
    assert (person.issuer, person.subject) == (ISSUER, "hanako-1")
    assert (person.name, person.role) == ("Hanako Yamada", "operator")
    assert is_signed_in(visitor)
    assert Event.objects.filter(action="person.signed_in", outcome="ok", person_id=person.pk)


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com/",
        "javascript:alert(1)",
        "http://testserver.evil.example.com/",
        "/no/such/page/",
        "",
    ],
)
def test_nobody_is_led_off_site(visitor: Client, provider: FakeProvider, back: str) -> None:
    assert sign_in(visitor, provider, back=back).headers["Location"] == "/"


def test_an_address_that_got_into_the_session_is_checked_again(
    visitor: Client, provider: FakeProvider
) -> None:
    location = begin(visitor)
    session = visitor.session
    (stashed,) = session["socialaccount_states"].values()
    stashed[0]["next"] = "https://evil.example.com/"
    session.modified = True
    session.save()
    answer = visitor.get("/accounts/oidc/callback/", provider.send_back(location))
    assert answer.headers["Location"] == "/"


def test_a_role_is_what_the_groups_say_at_each_sign_in(
    visitor: Client, provider: FakeProvider
) -> None:
    for groups, role in ((["operators"], "operator"), (["x", "managers"], "manager")):
        provider.userinfo["groups"] = groups
        assert sign_in(Client(), provider).status_code == 302
        assert Person.objects.get().role == role
    assert Event.objects.filter(action="role.changed", outcome="ok").count() == 2


def test_a_role_that_is_gone_lets_nobody_in(visitor: Client, provider: FakeProvider) -> None:
    sign_in(Client(), provider)
    provider.userinfo["groups"] = ["others"]
    answer = sign_in(visitor, provider)
    assert answer.status_code == 403
    assert "You have no role here" in answer.content.decode()
    assert Person.objects.get().role == ""
    assert not is_signed_in(visitor)


@pytest.mark.parametrize("groups", [["others"], [], None, "others", ["Operators"], ["operators2"]])
def test_whoever_has_no_role_is_told_so_and_is_not_signed_in(
    visitor: Client, provider: FakeProvider, groups: Any
) -> None:
    provider.userinfo["groups"] = groups
    answer = sign_in(visitor, provider)
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "You have no role here" in page
    # Or the provider, where they still are signed in, would bring them here again.
    assert 'href="/accounts/oidc/sign-out/"' in page
    assert not is_signed_in(visitor)
    assert Event.objects.filter(action="person.signed_in", outcome="denied").exists()


def test_a_disabled_person_does_not_get_in(visitor: Client, provider: FakeProvider) -> None:
    sign_in(Client(), provider)
    Person.objects.update(is_active=False)
    assert sign_in(visitor, provider).status_code == 403
    assert not is_signed_in(visitor)


def test_people_are_known_by_issuer_and_subject_and_by_nothing_else(
    visitor: Client, provider: FakeProvider
) -> None:
    provider.userinfo |= {"email": "boss@example.com", "email_verified": True}
    Person.objects.create_user("hanako-1", email="boss@example.com", password="a password")
    sign_in(Client(), provider)
    provider.subject = "taro-2"
    sign_in(Client(), provider)
    provider.userinfo |= {"email": "married@example.com", "name": "Hanako Sato"}
    sign_in(Client(), provider)
    found = Person.objects.exclude(issuer="").order_by("id")
    assert [person.subject for person in found] == ["hanako-1", "taro-2"]
    assert found[1].email == "married@example.com"


def test_the_same_subject_of_another_issuer_is_another_person(
    visitor: Client, provider: FakeProvider, product: Settings
) -> None:
    sign_in(Client(), provider)
    elsewhere = "https://other.example.com"
    product.OIDC = replace(product.OIDC, issuer=elsewhere)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        sign_in(visitor, FakeProvider(mock, elsewhere))
    people = Person.objects.values_list("issuer", "subject")
    assert set(people) == {(ISSUER, "hanako-1"), (elsewhere, "hanako-1")}


def test_only_a_verified_address_counts(
    visitor: Client, provider: FakeProvider, product: Settings
) -> None:
    product.ROLE_MAP = "email:hanako@example.com=manager"
    provider.userinfo["email"] = "Hanako@example.com"
    for verified in (None, False, "true", 1, "yes"):
        provider.userinfo["email_verified"] = verified
        assert sign_in(Client(), provider).status_code == 403, verified
    provider.userinfo["email_verified"] = True
    assert sign_in(visitor, provider).status_code == 302


def test_one_document_does_not_verify_the_address_of_the_other(
    visitor: Client, provider: FakeProvider, product: Settings
) -> None:
    product.ROLE_MAP = "email:hanako@example.com=manager"
    provider.claims["email"] = "hanako@example.com"
    provider.userinfo |= {"email": "anybody@example.com", "email_verified": True}
    assert sign_in(visitor, provider).status_code == 403


def test_the_signed_token_counts_more_than_userinfo(
    visitor: Client, provider: FakeProvider
) -> None:
    provider.claims["groups"] = ["operators"]
    provider.userinfo["groups"] = ["managers"]
    sign_in(visitor, provider)
    assert Person.objects.get().role == "operator"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Hanako  Yamada ", "Hanako Yamada"),
        ("花子" * 200, "hanako@example.com"),
        ("x" * 200, "x" * 150),
        ("\ud800", "hanako@example.com"),
        ("Hana\u202eko", "hanako@example.com"),
        (["Hanako"], "hanako@example.com"),
        (None, "hanako@example.com"),
    ],
)
def test_a_name_is_what_can_be_shown(
    visitor: Client, provider: FakeProvider, name: Any, shown: str
) -> None:
    provider.userinfo |= {"name": name, "email": "hanako@example.com"}
    assert sign_in(visitor, provider).status_code == 302
    assert Person.objects.get().name == shown


def test_a_provider_without_userinfo_is_enough(visitor: Client, provider: FakeProvider) -> None:
    del provider.document["userinfo_endpoint"]
    provider.claims |= {"groups": "operators", "name": "Hanako"}
    assert sign_in(visitor, provider).status_code == 302
    assert Person.objects.get().name == "Hanako"


@pytest.mark.parametrize(
    ("configured", "offered", "used"),
    [
        ("client_secret_basic", ["client_secret_post"], "basic"),
        ("client_secret_post", ["client_secret_basic"], "post"),
        ("auto", ["client_secret_basic"], "basic"),
        ("auto", ["client_secret_basic", "client_secret_post"], "post"),
    ],
)
def test_the_secret_is_sent_as_configured_or_as_the_provider_offers(
    visitor: Client,
    provider: FakeProvider,
    product: Settings,
    configured: str,
    offered: list[str],
    used: str,
) -> None:
    product.OIDC = replace(product.OIDC, client_auth=configured)
    provider.document["token_endpoint_auth_methods_supported"] = offered
    assert sign_in(visitor, provider).status_code == 302
    (request,) = provider.token_requests
    assert ("Authorization" in request.headers) is (used == "basic")
    assert ("client_secret=" in request.body) is (used == "post")


def test_the_session_knows_when_the_provider_asked_them_last(
    visitor: Client, provider: FakeProvider
) -> None:
    provider.claims["auth_time"] = int(time.time()) - 3000
    sign_in(visitor, provider)
    assert visitor.session[SIGNED_IN_AT] == provider.claims["auth_time"]


@pytest.mark.parametrize("auth_time", [None, int(time.time()) + 7200], ids=["not said", "ahead"])
def test_a_sign_in_is_never_later_than_now(
    visitor: Client, provider: FakeProvider, auth_time: int | None
) -> None:
    provider.claims["auth_time"] = auth_time
    sign_in(visitor, provider)
    assert visitor.session[SIGNED_IN_AT] <= time.time()


def test_the_cookie_of_before_opens_nothing(visitor: Client, provider: FakeProvider) -> None:
    # Session fixation: somebody else knows the cookie that a sign-in began with.
    location = begin(visitor)
    name = settings.SESSION_COOKIE_NAME
    fixed = visitor.cookies[name].value
    visitor.get("/accounts/oidc/callback/", provider.send_back(location))
    assert visitor.cookies[name].value != fixed
    somebody_else = Client()
    somebody_else.cookies[name] = fixed
    assert not is_signed_in(somebody_else)


def test_no_token_and_no_secret_stays_anywhere(
    visitor: Client, provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    tokens: list[str] = []

    def remembered(claims: dict[str, Any]) -> str:
        tokens.append(signed(claims))
        return tokens[-1]

    provider.sign = remembered
    caplog.set_level("DEBUG")
    answer = sign_in(visitor, provider)
    rows: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            rows += [repr(row) for row in cursor.fetchall()]
    places = {
        "database": "".join(rows),
        "session": repr(dict(visitor.session.items())),
        "cache": repr(getattr(cache, "_cache", "")),
        "log": caplog.text,
        "answer": f"{answer.headers}{answer.content!r}{answer.cookies}",
    }
    (token,) = tokens
    for place, text in places.items():
        for canary in (ACCESS_TOKEN, CLIENT_SECRET, token, token.split(".")[2]):
            assert canary not in text, place
    assert "hanako-1" in places["database"]


def test_allauth_has_no_accounts_pages_or_backends_of_its_own(
    visitor: Client, provider: FakeProvider, product: Settings
) -> None:
    sign_in(visitor, provider)
    tables = connection.introspection.table_names()
    assert not [name for name in tables if name.startswith(("account_", "socialaccount_"))]
    assert not [name for name in product.AUTHENTICATION_BACKENDS if "allauth" in name]
    for page in ("login", "signup", "email", "password/reset", "social/connections"):
        assert visitor.get(f"/accounts/{page}/").status_code == 404

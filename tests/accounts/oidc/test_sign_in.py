"""Coming in: where people land, who they are here, and what they may do."""

from django.test import Client

from accounts.models import Person
from tests.accounts.oidc.provider import FakeProvider, sign_in


def test_a_person_comes_in_and_lands_where_they_were_going(
    visitor: Client, provider: FakeProvider
) -> None:
    answer = sign_in(visitor, provider, back="/connect/?organization=1410000000000")
    assert answer.status_code == 302, answer.content.decode()
    assert answer.headers["Location"] == "/connect/?organization=1410000000000"
    person = Person.objects.get()
    assert (person.issuer, person.subject) == (provider.issuer, "hanako-1")
    assert (person.name, person.role) == ("Hanako Yamada", "operator")
    assert visitor.get("/connect/").status_code == 200

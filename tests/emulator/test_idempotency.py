"""A POST that is sent again with its Idempotency-Key makes nothing again."""

import pytest

from emulator.models import IdempotentRequest, Secret, SecretVersion
from tests.emulator.api import Answer, Api, encode

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

BODY = {"name": "bank_token", "value": encode("first")}
VALUE = {"value": encode("next")}


def post(
    api: Api, path: str = "", body: object = BODY, *, key: str = "k-1", **query: str
) -> Answer:
    return api.call("POST", path, body=body, query=query, HTTP_IDEMPOTENCY_KEY=key)


@pytest.fixture
def versions(api: Api) -> str:
    """Where to add versions to a secret."""
    return f"/{api.create('with_versions')['id']}/versions"


def test_a_secret_sent_again_is_made_once_and_answered_alike(api: Api) -> None:
    first, again = post(api), post(api)

    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)
    assert again.body["versions"][0]["value"] == BODY["value"]
    assert (Secret.objects.count(), SecretVersion.objects.count()) == (1, 1)


def test_a_version_sent_again_is_made_once_and_answered_alike(api: Api, versions: str) -> None:
    first, again = post(api, versions, VALUE), post(api, versions, VALUE)

    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)
    assert SecretVersion.objects.count() == 2
    assert api.post(versions, VALUE).body["version"] == 3


def test_without_a_key_and_with_another_one_each_post_makes_something(
    api: Api, versions: str
) -> None:
    made = [api.post(versions, VALUE), api.post(versions, VALUE)]
    made += [post(api, versions, VALUE, key=key) for key in ("a", "A", "-_9", "x" * 64)]
    assert [answer.body["version"] for answer in made] == [2, 3, 4, 5, 6, 7]


def test_a_version_shows_its_value_only_where_the_repeat_asks(api: Api, versions: str) -> None:
    post(api, versions, VALUE)
    assert post(api, versions, VALUE).body["value"] is None
    asked = post(api, versions, VALUE, return_secret_value="true")
    assert asked.body["value"] == VALUE["value"]


def test_a_repeat_shows_the_secret_as_it_is_now_and_no_later_value(api: Api) -> None:
    made = post(api).body
    api.patch(f"/{made['id']}", {"description": "new"})
    api.add_version(made, "later")
    api.patch(f"/{made['id']}/versions/{made['versions'][0]['id']}", {"status": "inactive"})

    again = post(api)

    assert (again.status, again.body["description"]) == (201, "new")
    ((number, value, status),) = [
        (one["version"], one["value"], one["status"]) for one in again.body["versions"]
    ]
    assert (number, value, status) == (1, BODY["value"], "inactive")
    api.delete(f"/{made['id']}/versions/{made['versions'][0]['id']}")
    assert (post(api).status, post(api).body["versions"]) == (201, [])


def test_one_key_in_two_organizations_makes_two_secrets(api: Api, stranger: Api) -> None:
    ours, theirs = post(api).body, post(stranger).body
    assert ours["id"] != theirs["id"]
    assert theirs["organization_id"] == stranger.organization_id
    assert (post(api).body, post(stranger).body) == (ours, theirs)


def test_the_header_means_nothing_to_other_methods(api: Api, versions: str) -> None:
    address = versions.removesuffix("/versions")
    for text in ("one", "two"):
        sent = {"body": {"description": text}, "HTTP_IDEMPOTENCY_KEY": "k"}
        assert api.call("PATCH", address, **sent).body["description"] == text
    assert IdempotentRequest.objects.count() == 0

"""When an Idempotency-Key is refused: what was sent with it, made by it, or how it looks."""

import pytest

from emulator.models import IdempotentRequest, Secret, SecretVersion
from tests.emulator.api import Answer, Api, encode

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

BODY = {"name": "bank_token", "value": encode("first")}
VALUE = {"value": encode("next")}


def post(api: Api, path: str = "", body: object = BODY, *, key: str = "k-1") -> Answer:
    return api.call("POST", path, body=body, HTTP_IDEMPOTENCY_KEY=key)


@pytest.fixture
def versions(api: Api) -> str:
    """Where to add versions to a secret."""
    return f"/{api.create('with_versions')['id']}/versions"


@pytest.mark.parametrize("changed", [{"name": "other"}, {"value": "eA=="}, {"description": "x"}])
def test_a_key_that_comes_with_another_body_is_a_conflict(api: Api, changed: dict) -> None:
    post(api)
    refused = post(api, body={**BODY, **changed})
    assert refused.error == (409, "idempotency_key_reused")
    assert refused.body["error_detail"] == "Idempotency-Key"
    assert Secret.objects.count() == 1


def test_a_key_that_comes_to_another_address_is_a_conflict(api: Api, versions: str) -> None:
    elsewhere = f"/{api.create('elsewhere')['id']}/versions"
    post(api, versions, BODY)
    assert post(api, elsewhere, BODY).error == (409, "idempotency_key_reused")
    assert post(api, "", BODY).error == (409, "idempotency_key_reused")
    assert SecretVersion.objects.count() == 3


def test_what_was_deleted_since_is_not_made_again(api: Api, versions: str) -> None:
    version = post(api, versions, VALUE, key="v").body
    secret = post(api, key="s").body
    api.delete(f"{versions}/{version['id']}")
    api.delete(f"/{secret['id']}")

    assert post(api, versions, VALUE, key="v").error == (409, "idempotency_key_spent")
    assert post(api, key="s").error == (409, "idempotency_key_spent")
    api.delete(versions.removesuffix("/versions"))
    assert post(api, versions, VALUE, key="v").error == (409, "idempotency_key_spent")
    assert Secret.objects.count() == 0


def test_only_a_success_is_remembered(api: Api) -> None:
    taken = api.create("bank_token")
    assert post(api).error == (409, "conflict")
    assert post(api, "/1234567890123/versions", VALUE).error == (404, "not_found")
    assert post(api, body={"name": "no_value"}).error == (400, "bad_request")
    assert IdempotentRequest.objects.count() == 0

    api.delete(f"/{taken['id']}")
    assert post(api).status == 201


@pytest.mark.parametrize("key", ["", "x" * 65, "a b", "a,b", '"a"', "a.b", "é", "a\n", "١"])
def test_a_key_of_another_form_is_refused_and_nothing_made(
    api: Api, versions: str, key: str
) -> None:
    for answer in (post(api, key=key), post(api, versions, VALUE, key=key)):
        assert answer.error == (400, "bad_request")
        assert answer.body["error_detail"] == "Idempotency-Key"
    assert (Secret.objects.count(), SecretVersion.objects.count()) == (1, 1)

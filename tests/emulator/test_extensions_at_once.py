"""Idempotency-Key and If-Match where several callers send the same at once."""

import pytest

from emulator.models import IdempotentRequest, Secret, SecretVersion
from tests.emulator.api import Answer, Api, encode
from tests.emulator.threads import CALLERS, at_once

pytestmark = [
    pytest.mark.django_db(databases=["default", "emulator"], transaction=True),
    pytest.mark.usefixtures("served_database"),
    pytest.mark.storage,
]

ROUNDS = 10


def test_of_one_secret_sent_at_once_all_get_the_same_one(api: Api) -> None:
    for number in range(ROUNDS):
        body = {"name": f"secret_{number}", "value": encode("x")}
        key = f"key-{number}"
        answers: list[Answer] = at_once(
            lambda _, body=body, key=key: api.call("POST", body=body, HTTP_IDEMPOTENCY_KEY=key)
        )
        assert [answer.status for answer in answers] == [201] * CALLERS
        assert all(answer.body == answers[0].body for answer in answers)
    assert Secret.objects.count() == SecretVersion.objects.count() == ROUNDS
    assert IdempotentRequest.objects.count() == ROUNDS


def test_of_one_version_sent_at_once_all_get_the_same_one(api: Api) -> None:
    secret = api.create("bank_token")
    path, body = f"/{secret['id']}/versions", {"value": encode("x")}
    for number in range(ROUNDS):
        key = f"key-{number}"
        answers: list[Answer] = at_once(
            lambda _, key=key: api.call("POST", path, body=body, HTTP_IDEMPOTENCY_KEY=key)
        )
        assert [answer.status for answer in answers] == [201] * CALLERS
        assert {answer.body["id"] for answer in answers} == {answers[0].body["id"]}
        assert answers[0].body["version"] == number + 2
    assert SecretVersion.objects.count() == ROUNDS + 1


def test_of_different_secrets_under_one_key_one_is_made_and_the_others_are_told(api: Api) -> None:
    def send(number: int) -> Answer:
        body = {"name": f"secret_{number}", "value": encode("x")}
        return api.call("POST", body=body, HTTP_IDEMPOTENCY_KEY="key")

    answers = at_once(send)

    refused = [answer.error for answer in answers if answer.status != 201]
    assert refused == [(409, "idempotency_key_reused")] * (CALLERS - 1)
    assert Secret.objects.count() == 1


def test_of_editors_at_once_one_succeeds_and_the_others_are_told(api: Api) -> None:
    address = f"/{api.create('bank_token')['id']}"
    for number in range(ROUNDS):
        seen = api.get(address).headers["ETag"]

        def edit(editor: int, number: int = number, seen: str = seen) -> Answer:
            body = {"description": f"round {number}, editor {editor}"}
            return api.call("PATCH", address, body=body, HTTP_IF_MATCH=seen)

        answers = at_once(edit)
        statuses = [answer.status for answer in answers]
        assert sorted(statuses) == [200] + [412] * (CALLERS - 1)
        assert api.get(address).body == answers[statuses.index(200)].body

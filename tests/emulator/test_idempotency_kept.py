"""What is kept of a request with an Idempotency-Key and for how long."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from emulator import idempotency
from emulator.errors import ValueRefused
from emulator.models import IdempotentRequest, Secret, SecretVersion
from tests.emulator.api import Answer, Api, encode

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

TEXT = "open sesame, marked 5f1c"
BODY = {"name": "bank_token", "value": encode(TEXT)}


def post(api: Api, *, key: str = "k-1", body: object = BODY) -> Answer:
    return api.call("POST", body=body, HTTP_IDEMPOTENCY_KEY=key)


def age(key: str, hours: float) -> None:
    aged = IdempotentRequest.objects.filter(idempotency_key=key)
    aged.update(created_at=timezone.now() - timedelta(hours=hours))


def keys() -> set[str]:
    return set(IdempotentRequest.objects.values_list("idempotency_key", flat=True))


def test_the_row_holds_no_value_and_no_hash_that_could_be_guessed(api: Api, settings) -> None:
    post(api)
    row = str(IdempotentRequest.objects.values().get())

    path = f"/secret-manager/organizations/{api.organization_id}/secrets"
    sent = json.dumps(BODY).encode()
    whole = b"\n".join((b"POST", path.encode(), sent))
    for guess in (TEXT.encode(), encode(TEXT).encode(), sent, whole):
        assert guess.decode() not in row
        assert hashlib.sha256(guess).hexdigest() not in row
        for key in settings.EMULATOR_KEYS:
            # Not under the key that encrypts, either: one key has one purpose.
            assert hmac.new(key, guess, hashlib.sha256).hexdigest() not in row


def test_an_object_that_cannot_be_stored_leaves_no_row(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ValueRefused

    with monkeypatch.context() as broken:
        broken.setattr(SecretVersion, "save", fail)
        assert post(api).error == (500, "value_refused")
    assert (keys(), Secret.objects.count()) == (set(), 0)
    assert post(api).status == 201


def test_a_key_is_remembered_for_a_day_and_free_afterwards(api: Api) -> None:
    made = post(api).body
    age("k-1", 23.9)
    assert post(api).body == made

    age("k-1", 24.1)
    assert post(api, body={**BODY, "name": "another_day"}).status == 201


def test_what_is_old_goes_a_few_at_a_time_oldest_first(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "FORGOTTEN_AT_ONCE", 2)
    for number in range(5):
        post(api, key=f"k-{number}", body={**BODY, "name": f"secret_{number}"})
    for number, hours in enumerate((25, 27, 26, 28, 1)):
        age(f"k-{number}", hours)

    post(api, key="new")
    assert keys() == {"k-0", "k-2", "k-4", "new"}

    post(api, key="newer", body={**BODY, "name": "newer"})
    assert keys() == {"k-4", "new", "newer"}

"""A repeat is still known as one when EMULATOR_KEYS were rotated since."""

import secrets

import pytest
from django.core.management import call_command

from emulator import crypto
from emulator.models import Secret
from tests.emulator.api import Answer, Api, encode

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

BODY = {"name": "bank_token", "value": encode("first")}


def post(api: Api, *, body: object = BODY) -> Answer:
    return api.call("POST", body=body, HTTP_IDEMPOTENCY_KEY="k-1")


def test_a_repeat_is_known_while_the_keys_rotate(api: Api, settings) -> None:
    made, old_keys = post(api).body, settings.EMULATOR_KEYS
    settings.EMULATOR_KEYS = [secrets.token_bytes(32), *old_keys]
    assert post(api).body == made
    assert post(api, body={**BODY, "description": "x"}).error == (409, "idempotency_key_reused")

    call_command("emulator_rotate_keys", verbosity=0)
    assert post(api).body == made
    assert Secret.objects.count() == 1


def test_a_repeat_whose_key_is_gone_is_neither_doubled_nor_called_a_conflict(
    api: Api, settings
) -> None:
    post(api)
    settings.EMULATOR_KEYS = [secrets.token_bytes(32), *settings.EMULATOR_KEYS]
    call_command("emulator_rotate_keys", verbosity=0)
    settings.EMULATOR_KEYS = settings.EMULATOR_KEYS[:1]

    assert post(api).error == (500, "key_missing")
    assert Secret.objects.count() == 1
    assert api.get("").status == 200


def test_a_fingerprint_depends_on_the_key_and_the_message(settings) -> None:
    settings.EMULATOR_KEYS = [secrets.token_bytes(32), secrets.token_bytes(32)]
    one, other = map(crypto.key_id_of, settings.EMULATOR_KEYS)
    made = {
        crypto.fingerprint(message, key_id=key_id)
        for key_id in (one, other)
        for message in (b"", b"a", b"b")
    }
    assert len(made) == 6
    assert crypto.fingerprint(b"a", key_id=one) in made

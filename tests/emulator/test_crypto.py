"""Values at rest: encrypted, bound to their row, and refused once anything about it was changed."""

import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connections

from emulator import crypto
from emulator.errors import KeyMissing, ValueRefused
from emulator.models import Secret, SecretVersion
from tests.emulator.api import Api, encode

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"])]

PLACE = crypto.Place(organization_id="1", secret_id="2", version_id="3")
VALUE = b"open sesame, marked 5f1c"


def flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def test_a_sealed_value_opens_at_its_place() -> None:
    assert crypto.unseal(crypto.seal(VALUE, place=PLACE), place=PLACE) == VALUE


def test_every_flipped_byte_is_refused() -> None:
    sealed = crypto.seal(VALUE, place=PLACE)
    altered = [
        *(replace(sealed, ciphertext=flipped(sealed.ciphertext, at)) for at in range(40)),
        *(replace(sealed, nonce=flipped(sealed.nonce, at)) for at in range(12)),
    ]
    assert len(sealed.ciphertext) == 40
    assert len(sealed.nonce) == 12
    for one in altered:
        with pytest.raises(ValueRefused):
            crypto.unseal(one, place=PLACE)


@pytest.mark.parametrize("part", ["ciphertext", "nonce"])
@pytest.mark.parametrize("left", [b"", b"x"])
def test_a_truncated_row_is_refused(part: str, left: bytes) -> None:
    sealed = replace(crypto.seal(VALUE, place=PLACE), **{part: left})
    with pytest.raises(ValueRefused):
        crypto.unseal(sealed, place=PLACE)


@pytest.mark.parametrize("part", ["organization_id", "secret_id", "version_id"])
def test_the_additional_data_binds_a_value_to_its_place(part: str) -> None:
    sealed = crypto.seal(VALUE, place=PLACE)
    with pytest.raises(ValueRefused):
        crypto.unseal(sealed, place=replace(PLACE, **{part: "9"}))


def test_no_two_places_share_their_additional_data() -> None:
    sealed = crypto.seal(VALUE, place=crypto.Place("1", "23", "4"))
    for other in (crypto.Place("12", "3", "4"), crypto.Place("1", "2", "34")):
        with pytest.raises(ValueRefused):
            crypto.unseal(sealed, place=other)


def test_the_additional_data_names_the_key(settings) -> None:
    key = settings.EMULATOR_KEYS[0]
    sealed = crypto.seal(VALUE, place=PLACE)
    renamed = replace(sealed, key_id="0" * 16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crypto, "_keys", lambda: {"0" * 16: key})
        with pytest.raises(ValueRefused):
            crypto.unseal(renamed, place=PLACE)


def test_a_key_that_is_not_there_is_named_as_such(settings) -> None:
    sealed = crypto.seal(VALUE, place=PLACE)
    settings.EMULATOR_KEYS = [secrets.token_bytes(32)]
    with pytest.raises(KeyMissing):
        crypto.unseal(sealed, place=PLACE)


def test_the_first_key_encrypts_and_all_keys_decrypt(settings) -> None:
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    settings.EMULATOR_KEYS = [old]
    sealed = crypto.seal(VALUE, place=PLACE)

    settings.EMULATOR_KEYS = [new, old]

    assert crypto.unseal(sealed, place=PLACE) == VALUE
    assert crypto.seal(VALUE, place=PLACE).key_id == crypto.key_id_of(new)


def test_a_nonce_is_never_used_twice() -> None:
    nonces = {crypto.seal(b"", place=PLACE).nonce for _ in range(10_000)}
    assert len(nonces) == 10_000


def test_a_key_id_says_nothing_about_the_key() -> None:
    key = b"k" * 32
    assert crypto.key_id_of(key) not in (key.hex()[:16], key.hex()[-16:])
    assert crypto.key_id_of(key) != crypto.key_id_of(b"l" * 32)


def stored(secret: dict) -> SecretVersion:
    return SecretVersion.objects.get(id=secret["versions"][0]["id"])


@pytest.mark.storage
@pytest.mark.parametrize("column", ["ciphertext", "nonce"])
def test_an_altered_row_is_not_returned_by_any_read(api: Api, column: str) -> None:
    secret = api.create("bank_token", VALUE.decode())
    version = stored(secret)
    setattr(version, column, flipped(bytes(getattr(version, column)), 3))
    version.save()

    for path in ("", f"/{secret['id']}", f"/{secret['id']}/versions"):
        answer = api.get(path, return_secret_value="true")
        assert answer.error == (500, "value_refused")
        assert VALUE.decode() not in str(answer)
        assert encode(VALUE) not in str(answer)
        assert api.get(path).status == 200


@pytest.mark.storage
def test_a_ciphertext_moved_to_another_row_is_refused(api: Api, stranger: Api) -> None:
    secret = api.create("bank_token", VALUE.decode())
    source = stored(secret)
    neighbours = [
        api.add_version(secret)["id"],
        api.create("other_token")["versions"][0]["id"],
        stranger.create("their_token")["versions"][0]["id"],
    ]
    SecretVersion.objects.filter(id__in=neighbours).update(
        ciphertext=source.ciphertext, nonce=source.nonce, key_id=source.key_id
    )

    for moved in SecretVersion.objects.filter(id__in=neighbours):
        with pytest.raises(ValueRefused):
            moved.value()
    assert stored(secret).value() == VALUE


@pytest.mark.storage
def test_a_version_moved_to_another_secret_or_organization_is_refused(
    api: Api, stranger: Api
) -> None:
    secret, other = api.create("bank_token"), stranger.create("their_token")
    stored(other).delete()
    SecretVersion.objects.filter(id=stored(secret).id).update(secret_id=other["id"])

    answer = stranger.get(f"/{other['id']}", return_secret_value="true")
    assert answer.error == (500, "value_refused")

    Secret.objects.filter(id=other["id"]).update(organization_id=api.organization_id)
    answer = api.get(f"/{other['id']}", return_secret_value="true")
    assert answer.error == (500, "value_refused")


@pytest.mark.django_db(databases=["default", "emulator"], transaction=True)
@pytest.mark.usefixtures("served_database")
def test_the_database_file_holds_no_value_and_no_token(api: Api) -> None:
    connection = connections["emulator"]
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's files belong to its server")
    secret = api.create("bank_token", VALUE.decode())
    api.add_version(secret, VALUE.decode())
    token = api.authorization.partition(".")[2]

    file = Path(connection.settings_dict["NAME"])
    found = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))

    assert b"bank_token" in found
    for text in (VALUE, token.encode()):
        for hidden in (text, encode(text).encode(), encode(text).rstrip("=")[:-1].encode()):
            assert hidden not in found
        assert text.hex().encode() not in found.lower()

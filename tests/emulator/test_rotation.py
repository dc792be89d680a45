import secrets
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from emulator import crypto, rotation
from emulator.models import SecretVersion
from tests.emulator.api import Api, encode

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]


@pytest.fixture
def new_key(settings) -> bytes:
    """A key to be put before the one that everything is encrypted with."""
    return secrets.token_bytes(32)


def rotate() -> str:
    out = StringIO()
    call_command("emulator_rotate_keys", stdout=out)
    return out.getvalue().strip()


def values(api: Api) -> list[str]:
    listed = api.get("", limit=100, return_secret_value="true").body["secrets"]
    return [version["value"] for secret in listed for version in secret["versions"]]


def test_everything_reads_the_same_after_the_old_key_is_gone(
    api: Api, settings, new_key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 3)
    for number in range(7):
        api.add_version(api.create(f"secret_{number}", f"value {number}"), f"newer {number}")
    before, stamps = values(api), stamps_of_all()
    settings.EMULATOR_KEYS = [new_key, *settings.EMULATOR_KEYS]

    assert rotate() == "14 versions re-encrypted, 0 refused."

    settings.EMULATOR_KEYS = [new_key]
    assert values(api) == before
    assert stamps_of_all() == stamps
    assert rotate() == "0 versions re-encrypted, 0 refused."


def stamps_of_all() -> list[tuple]:
    return list(SecretVersion.objects.order_by("id").values_list("id", "updated_at", "status"))


def test_what_happens_meanwhile_is_not_lost(
    api: Api, settings, new_key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading a batch and writing it, a row goes, one is new, and one was already done."""
    old_keys = settings.EMULATOR_KEYS
    gone, kept, done = (api.create(name, name) for name in ("gone", "kept", "done"))
    settings.EMULATOR_KEYS = [new_key, *old_keys]
    seal, happened = crypto.seal, []

    def meanwhile(value: bytes, *, place: crypto.Place) -> crypto.Sealed:
        if not happened:
            happened.append(True)
            api.delete(f"/{gone['id']}")
            SecretVersion.objects.filter(secret=done["id"]).update(nonce=b"of another run")
            settings.EMULATOR_KEYS = old_keys  # a server that has not been restarted yet
            api.create("late", "late")
            settings.EMULATOR_KEYS = [new_key, *old_keys]
        return seal(value, place=place)

    monkeypatch.setattr(crypto, "seal", meanwhile)
    rotation.rotate_keys()

    names = {secret["name"] for secret in api.get().body["secrets"]}
    assert names == {"kept", "done", "late"}
    assert bytes(SecretVersion.objects.get(secret=done["id"]).nonce) == b"of another run"
    settings.EMULATOR_KEYS = [new_key]
    for name, secret_id in (("kept", kept["id"]), ("late", late_id(api))):
        read = api.get(f"/{secret_id}", return_secret_value="true")
        assert read.body["versions"][0]["value"] == encode(name)


def late_id(api: Api) -> str:
    return next(one["id"] for one in api.get().body["secrets"] if one["name"] == "late")


def test_a_row_that_does_not_decrypt_stays_and_is_counted(
    api: Api, settings, new_key: bytes
) -> None:
    altered, sound = api.create("altered"), api.create("sound", "sound")
    SecretVersion.objects.filter(secret=altered["id"]).update(ciphertext=b"?" * 30)
    settings.EMULATOR_KEYS = [new_key, *settings.EMULATOR_KEYS]

    with pytest.raises(CommandError, match="did not decrypt"):
        rotate()

    settings.EMULATOR_KEYS = [new_key]
    read = api.get(f"/{sound['id']}", return_secret_value="true").body
    assert read["versions"][0]["value"] == encode("sound")
    assert bytes(SecretVersion.objects.get(secret=altered["id"]).ciphertext) == b"?" * 30

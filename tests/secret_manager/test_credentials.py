import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secret_manager import Credential, InvalidCredential


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode("latin-1")).decode()


def test_the_three_kinds_and_their_headers():
    assert Credential.bearer("abc").authorization == "Bearer abc"
    assert Credential.personal("1", "t").authorization == basic("user-1:t")
    assert Credential.datasource("2", "s").authorization == basic("datasource-2:s")


def test_the_prefix_is_put_in_front_once():
    assert Credential.personal("user-1", "t") == Credential.personal("1", "t")
    assert Credential.datasource("datasource-1", "t").identifier == "datasource-1"
    assert Credential.bearer("abc").identifier == ""
    assert Credential.personal("1", "t").kind == "personal"


def test_the_sdks_order_of_preference():
    everything = {
        "auth_token": "a",
        "user_id": "1",
        "personal_access_token": "p",
        "datasource_id": "2",
        "datasource_secret": "d",
    }
    assert Credential.from_dict(everything).kind == "bearer"
    assert Credential.from_dict({**everything, "auth_token": ""}).kind == "personal"
    assert Credential.from_dict({**everything, "auth_token": None, "user_id": ""}).kind == (
        "datasource"
    )


@given(st.from_regex(r"[0-9]{1,20}", fullmatch=True), st.from_regex(r"[!-~]{1,64}", fullmatch=True))
def test_a_dictionary_and_back(identifier, secret):
    for credential in (
        Credential.bearer(secret),
        Credential.personal(identifier, secret),
        Credential.datasource(identifier, secret),
    ):
        assert Credential.from_dict(credential.as_dict()) == credential


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"auth_token": ""},
        {"user_id": "1"},
        {"personal_access_token": "hunter2"},
        {"user_id": "1", "datasource_secret": "hunter2"},
        {"auth_token": "hunter2\r\nX-Evil: 1"},
        {"auth_token": "hunter2 two"},
        {"auth_token": "hunter2\x00"},
        {"auth_token": "hunter2秘"},
        {"auth_token": "hunter2\x85"},
        {"auth_token": "hunter2" * 1000},
        {"auth_token": 7},
        {"user_id": "1:2", "personal_access_token": "hunter2"},
        {"user_id": "user-", "personal_access_token": "hunter2"},
        {"user_id": "1\n", "personal_access_token": "hunter2"},
        {"user_id": "1", "personal_access_token": "hunter2\n"},
        {"user_id": "1", "personal_access_token": "   "},
        {"datasource_id": "é", "datasource_secret": "hunter2"},
    ],
)
def test_what_no_header_can_carry_is_refused_without_repeating_it(mapping):
    with pytest.raises(InvalidCredential) as caught:
        Credential.from_dict(mapping)
    assert "hunter2" not in repr(caught.value)
    assert caught.value.__context__ is None


def test_a_credential_does_not_show_its_secret():
    for credential in (Credential.bearer("hunter2"), Credential.personal("1", "hunter2")):
        assert "hunter2" not in f"{credential!r} {credential}"
        assert credential.authorization not in f"{credential!r} {credential}"

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_ui.sealing import NONCE_BYTES, CannotUnseal, seal, unseal

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
texts = st.text(max_size=300)


@given(text=texts, place=texts)
def test_what_was_closed_opens_in_its_place(text: str, place: str) -> None:
    assert unseal(seal(text, keys=[KEY], place=place), keys=[KEY], place=place) == text


@given(place=texts, other=texts)
def test_it_opens_in_no_other_place(place: str, other: str) -> None:
    sealed = seal("a credential", keys=[KEY], place=place)
    if place != other:
        with pytest.raises(CannotUnseal):
            unseal(sealed, keys=[KEY], place=other)


def test_it_opens_with_no_other_key() -> None:
    sealed = seal("a credential", keys=[KEY], place="here")
    for keys in ([OTHER_KEY], []):
        with pytest.raises(CannotUnseal):
            unseal(sealed, keys=keys, place="here")


def test_after_a_new_key_is_put_in_front_the_old_one_still_opens() -> None:
    old = seal("a credential", keys=[OTHER_KEY], place="here")
    both = [KEY, OTHER_KEY]
    assert unseal(old, keys=both, place="here") == "a credential"
    new = seal("a credential", keys=both, place="here")
    assert unseal(new, keys=[KEY], place="here") == "a credential"
    with pytest.raises(CannotUnseal):
        unseal(old, keys=[KEY], place="here")


def test_a_changed_byte_anywhere_is_noticed() -> None:
    raw = base64.b64decode(seal("a credential", keys=[KEY], place="here"))
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(CannotUnseal):
            unseal(base64.b64encode(changed).decode(), keys=[KEY], place="here")


def test_a_missing_byte_is_noticed() -> None:
    raw = base64.b64decode(seal("", keys=[KEY], place="here"))
    for length in range(len(raw)):
        with pytest.raises(CannotUnseal):
            unseal(base64.b64encode(raw[:length]).decode(), keys=[KEY], place="here")


@given(garbage=st.one_of(st.text(), st.binary().map(lambda raw: base64.b64encode(raw).decode())))
def test_anything_else_does_not_open_and_breaks_nothing(garbage: str) -> None:
    with pytest.raises(CannotUnseal):
        unseal(garbage, keys=[KEY, OTHER_KEY], place="here")


def test_the_same_text_is_never_closed_twice_alike() -> None:
    sealed = {seal("a credential", keys=[KEY], place="here") for _ in range(200)}
    nonces = {base64.b64decode(each)[:NONCE_BYTES] for each in sealed}
    assert len(nonces) == 200


def test_what_is_closed_shows_nothing_of_the_text() -> None:
    text = f"token-{os.urandom(16).hex()}"
    raw = base64.b64decode(seal(text, keys=[KEY], place="here"))
    assert text.encode() not in raw
    assert b"here" not in raw


def test_a_refusal_carries_neither_key_nor_text() -> None:
    with pytest.raises(CannotUnseal) as refused:
        unseal("not base64!", keys=[KEY], place="here")
    assert refused.value.args == ()
    assert refused.value.__suppress_context__

import base64
import copy
import dataclasses
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secret_manager import MAX_VALUE_BYTES, InvalidArgument, SecretVersion, Value
from secret_manager.values import encode_value

PLAIN = st.characters(exclude_categories=["Cs"], exclude_characters=[chr(c) for c in range(32)])
TEXTS = st.text(PLAIN | st.sampled_from("\t\n\r"), min_size=1, max_size=2000)


@given(TEXTS)
def test_text_comes_back_as_it_was(text):
    value = Value.from_wire(encode_value(text))
    assert (value.encoding, value.text) == ("text", text)


@given(st.binary(min_size=1, max_size=2000))
def test_bytes_come_back_as_they_were(raw):
    assert Value.from_wire(encode_value(raw)).raw == raw


@pytest.mark.parametrize("text", [" lead and trail ", "a\r\nb\tc\n", "秘密🔑", "x" * 60_000])
def test_spaces_lines_and_scripts_survive(text):
    assert Value.from_wire(encode_value(text)).text == text


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"a\x00b", b"\x1b[31m", b"\x0b", b"\xed\xa0\x80"])
def test_what_no_text_box_can_hold_is_binary(raw):
    value = Value.from_wire(base64.b64encode(raw).decode())
    assert (value.encoding, value.raw, value.is_text) == ("binary", raw, False)
    with pytest.raises(ValueError, match="not text"):
        _ = value.text


@pytest.mark.parametrize("wire", ["YQ==YQ==", "-_-_", "YQ", "a b=", "YQ==\n", "ｙｑ＝＝", "!"])
def test_what_is_not_strict_base64_is_unreadable_and_kept(wire):
    value = Value.from_wire(wire)
    assert (value.encoding, value.raw) == ("unreadable", wire.encode())
    with pytest.raises(ValueError, match="not text"):
        _ = value.text


@given(st.text(max_size=200))
def test_nothing_a_server_sends_breaks_the_reading(wire):
    assert Value.from_wire(wire).size >= 0


def test_a_value_does_not_show_itself():
    value = Value.from_wire(encode_value("hunter2"))
    version = SecretVersion(id="1", organization_id="1", secret_id="1", value=value)
    for shown in (repr(value), str(value), f"{value}", repr(version), repr([value])):
        assert "hunter2" not in shown
    assert repr(value) == "<Value: text, 7 bytes>"


@pytest.mark.parametrize("copying", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_value_is_never_pickled_or_copied(copying):
    value = Value.from_wire(encode_value("hunter2"))
    version = SecretVersion(id="1", organization_id="1", secret_id="1", value=value)
    with pytest.raises(TypeError, match="never"):
        copying(value)
    if copying is not copy.copy:
        with pytest.raises(TypeError, match="never"):
            copying(version)
        with pytest.raises(TypeError, match="never"):
            dataclasses.asdict(version)


def test_values_are_compared_but_not_hashed():
    one, same, other = (Value.from_wire(encode_value(text)) for text in ("a", "a", "b"))
    assert one == same
    assert one != other
    assert one != "a"
    assert Value(b"a", "text") != Value(b"a", "binary")
    with pytest.raises(TypeError):
        hash(one)


def test_equality_takes_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr("hmac.compare_digest", lambda a, b: compared.append((a, b)) or a == b)
    assert Value(b"a", "text") == Value(b"a", "text")
    assert compared == [(b"a", b"a")]


@pytest.mark.parametrize("value", ["", b"", "x" * (MAX_VALUE_BYTES + 1), "é" * 40_000, None, 7])
def test_an_empty_or_too_large_value_is_refused(value):
    with pytest.raises(InvalidArgument) as caught:
        encode_value(value)
    assert caught.value.field == "value"


def test_the_largest_value_is_accepted():
    assert Value.from_wire(encode_value("x" * MAX_VALUE_BYTES)).size == MAX_VALUE_BYTES


def test_a_lone_surrogate_is_refused_without_repeating_the_value():
    with pytest.raises(InvalidArgument) as caught:
        encode_value("hunter2\ud800")
    assert "hunter2" not in repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("text", ["hunter2", " spaces\r\n", "秘密🔑", "\x1b[31m"])
def test_a_text_makes_the_value_that_the_api_would_return(text):
    assert Value.of_text(text) == Value.from_wire(encode_value(text))
    assert Value.of_text(text) != Value.of_text(text + ".")


@pytest.mark.parametrize("text", ["", "x" * (MAX_VALUE_BYTES + 1), "\ud800"])
def test_a_text_that_could_not_be_saved_makes_no_value(text):
    with pytest.raises(InvalidArgument):
        Value.of_text(text)

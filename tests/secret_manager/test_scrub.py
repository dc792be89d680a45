import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secret_manager.scrub import MAX_MESSAGE, clean_text, repeats

SECRET = 'pa55 wörd/<with>&"marks" 秘密の言葉です'


def test_control_and_direction_marks_are_removed():
    assert clean_text("a\r\nb\x1b[31m\u202ec\u200b\u2028d\ud800\x00") == "a b [31m c d"


@given(st.text(max_size=1000))
def test_a_message_is_one_short_printable_line(text):
    cleaned = clean_text(text)
    assert len(cleaned) <= MAX_MESSAGE
    assert cleaned.isprintable() or "\u3000" in cleaned or "\xa0" in cleaned
    cleaned.encode()


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET.upper(),
        repr(SECRET),
        json.dumps(SECRET),
        html.escape(SECRET),
        quote(SECRET),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        SECRET[:9],
        SECRET[-9:],
        SECRET.replace(" ", "\n"),
        base64.b64encode(SECRET.encode()).decode()[:12] + "...",
    ],
)
def test_a_secret_is_found_in_every_form(form):
    assert repeats(f"Invalid value: {form} (too long)", [b"other", SECRET.encode()])


def test_a_short_secret_is_found_whole():
    assert repeats("value 'x7' is not valid", [b"x7"])
    assert not repeats("value is not valid", [b"x7"])


def test_other_words_are_left_alone():
    assert not repeats("The name is already in use.", [SECRET.encode(), b""])


@given(st.binary(max_size=300), st.text(max_size=300))
def test_nothing_breaks_the_search(secret, text):
    repeats(text, [secret])

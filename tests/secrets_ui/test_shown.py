import sys
import unicodedata

import pytest

from secrets_ui.shown import shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (None, ""),
        ("", ""),
        ("crm-webhook", "crm-webhook"),
        ("請求の鍵 🔑 é", "請求の鍵 🔑 é"),
        ("two lines\r\nand\ta tab", "two lines\r\nand\ta tab"),
        ("user\u202egpj.exe", "usergpj.exe"),
        ("\u2066a\u2069\u200fb\u061c", "ab"),
        ("bill\u200bing\u200d\u2060_key\ufeff", "billing_key"),
        ("a\x1b[31m\x00\x7f\x85b", "a[31mb"),
        ("half\ud800", "half"),
    ],
)
def test_what_nobody_sees_is_left_out_and_everything_else_stays(
    text: str | None, seen: str
) -> None:
    assert shown(text) == seen


def test_no_character_that_sets_a_direction_is_shown() -> None:
    setters = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    every = map(chr, range(sys.maxunicode + 1))
    text = "".join(
        character for character in every if unicodedata.bidirectional(character) in setters
    )
    assert len(text) == len(setters)
    assert shown(text) == ""

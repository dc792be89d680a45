import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_ui.catalog.folding import LONGEST_QUERY, MOST_WORDS, folded, parts_of, words_of

# Those that are folded at all: the others are ideographs and syllables that stay what they are.
FOLDED_CODES = (
    *range(0x3400),
    *range(0xA000, 0xAC00),
    *range(0xF900, 0x20000),
    *range(0x2F800, 0x2FA20),
)
# Any character that a request can carry, and halves of pairs, which JSON can.
TEXTS = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AWS", "aws"),
        ("ＡＷＳ－１", "aws-1"),
        ("ﾊﾞｯｸｱｯﾌﾟ", "バックアップ"),
        ("ばっくあっぷ", "バックアップ"),
        ("か\u3099", "ガ"),
        ("わ\u3099", "ヷ"),
        ("ゔぁいおりん", "ヴァイオリン"),
        ("STRASSE", "straße"),
        ("㌔", "キロ"),
        ("3ヶ月", "３か月"),
        ("3ヵ月", "３か月"),
        ("すゞき", "スヾキ"),
        ("pay\u200broll\u00ad", "payroll"),
        ("\u202eabc", "abc"),
    ],
)
def test_what_people_take_for_the_same_is_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize("one", ["が", "きゃ", "a-b", "キー"])
def test_other_letters_are_not(one: str) -> None:
    other = {"が": "か", "きゃ": "きや", "a-b": "ab", "キー": "キ"}[one]
    assert folded(one) != folded(other)


@pytest.mark.parametrize("dash", "-－‐‑–—―−─ｰ")
def test_a_dash_among_kana_is_a_long_vowel_mark(dash: str) -> None:
    assert folded(f"サ{dash}バ{dash}") == "サーバー"
    assert folded(f"さ{dash}ば") == "サーバ"


def test_a_hyphen_before_a_letter_or_a_digit_stays_one() -> None:
    assert folded("テスト-API") == "テスト-api"
    assert folded("ライン-3") == "ライン-3"
    assert folded("分析-用") == "分析-用"


@given(TEXTS)
def test_folding_once_more_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_no_single_character_folds_differently_the_second_time() -> None:
    once = [folded(chr(code)) for code in FOLDED_CODES]
    assert [text for text in once if folded(text) != text] == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", []),
        (" \t　\n", []),
        ("- _ 、 … ・", []),
        ("aws　SES", ["aws", "ses"]),
        ("aws-ses_smtp", ["aws-ses_smtp"]),
        ("aws-", ["aws"]),
        ("「請求書」、送付", ["請求書", "送付"]),
        ("シングル・サインオン", ["シングル", "サインオン"]),
        ("key KEY ｋｅｙ", ["key"]),
        ("#infra-backup!", ["infra-backup"]),
        ("サーバー", ["サーバ"]),
        ("さーばー", ["サーバ"]),
        ("キー", ["キー"]),
        ("ー", ["ー"]),
    ],
)
def test_the_words_of_a_query(query: str, words: list[str]) -> None:
    assert words_of(query) == words


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("aws-ses", ["aws", "ses"]),
        ("s3/backup", ["s3", "backup"]),
        ("AWSバックアップ", ["aws", "バックアップ"]),
        ("給与のパスフレーズ", ["給与", "パスフレーズ"]),
        ("サーバーから取得", ["サーバ", "取得"]),
        ("ぱすわーど", ["パスワード"]),
        ("の", ["ノ"]),
        ("デ-タ", ["データ"]),
    ],
)
def test_the_parts_of_the_words_of_a_query(query: str, parts: list[str]) -> None:
    assert parts_of(query) == parts


@given(TEXTS)
def test_words_and_parts_are_folded_and_bounded(query: str) -> None:
    for words in (words_of(query), parts_of(query)):
        assert len(words) <= MOST_WORDS
        assert all(word == folded(word) for word in words)


def test_a_pasted_page_costs_no_more_than_a_sentence() -> None:
    page = " ".join(f"word{number}" for number in range(100_000))
    assert words_of(page) == [f"word{number}" for number in range(MOST_WORDS)]
    assert words_of("x" * 100_000) == ["x" * LONGEST_QUERY]

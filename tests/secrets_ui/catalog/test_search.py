import gc
import weakref
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secret_manager import Summary
from secrets_ui.catalog.folding import folded
from secrets_ui.catalog.index import index_of
from secrets_ui.catalog.marks import LETTER_BY_LETTER
from secrets_ui.catalog.search import FEW, find, marked
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.catalog.spelling import (
    MOST_PASSAGES,
    MOST_WORDS,
    Vocabulary,
    meant,
    vocabulary_of,
)

# Any character that a request can carry, and halves of pairs, which JSON can.
TEXTS = st.text(st.characters(exclude_categories=()))
# What is near to one another often enough to be found.
WORDS = st.text(alphabet="ab1-_ かガ社ー㌔", max_size=12)


def secret(
    name: str = "other-key",
    description: str = "",
    *,
    id: str = "5000000000000",
    user_id: str = "",
    app_ids: tuple[str, ...] = (),
) -> Summary:
    return Summary(
        id=id,
        name=name,
        description=description,
        user_id=user_id,
        app_ids=app_ids,
        expired_at=None,
        created_at=None,
        updated_at=None,
        on=1,
        versions=1,
        current_id="",
        current_number=None,
        value_at=None,
    )


def names_found(query: str, *secrets: Summary) -> list[str]:
    """Ask for secrets that were listed the wrong way around, so that no order is right by chance."""
    listed = secrets[::-1]
    found = find(Snapshot(listed), query)
    assert found is not None
    return [listed[position].name for position in found]


# What is searched


@pytest.mark.parametrize(
    "one",
    [
        secret("the-needle"),
        secret(description="Take the needle."),
        secret(description="縫い針Needle用"),
        secret(id="0000NEEDLE000"),
        secret(user_id="Needle"),
        secret(app_ids=("99", "needle")),
    ],
)
def test_everything_that_is_known_of_a_secret_is_searched(one: Summary) -> None:
    assert names_found("needle", secret("hay-stack"), one) == [one.name]


def test_our_own_notes_are_searched_whatever_the_api_tells() -> None:
    snapshot = Snapshot([secret(id="1", name="one"), secret(id="2", name="two")])
    notes = {"2": folded("Ask Tanaka"), "gone": "tanaka"}
    assert find(snapshot, "ＴＡＮＡＫＡ", notes) == [1]
    assert find(snapshot, "two tanaka", notes) == [1]
    assert find(snapshot, "tanaak", notes) == [1]
    assert find(snapshot, "tanaka") == []
    assert find(snapshot, "one tanaka", notes) == []


def test_without_a_word_nothing_is_asked_for() -> None:
    snapshot = Snapshot([secret()])
    assert find(snapshot, "") is None
    assert find(snapshot, " 　") is None
    assert find(snapshot, "- 、") is None


def test_every_word_has_to_fit_in_any_order() -> None:
    secrets = secret("aws-ses-key"), secret("aws-sqs-key"), secret("ses-mail", "For AWS")
    assert names_found("ses aws", *secrets) == ["aws-ses-key", "ses-mail"]
    assert names_found("aws ses azure", *secrets) == []


def test_no_word_reaches_from_one_text_into_the_next() -> None:
    assert names_found("key500", secret("a-key", id="5000")) == []


@pytest.mark.parametrize("query", ["aws ses", "aws_ses", "aws-ses", "aws.ses", "awsses", "AWSSES"])
@pytest.mark.parametrize(
    "name", ["aws-ses-smtp-password", "aws_ses_smtp_password", "aws.ses smtp.password"]
)
def test_what_stands_between_the_parts_does_not_matter(query: str, name: str) -> None:
    assert names_found(query, secret(name), secret("aws-kms-material")) == [name]


def test_a_short_word_is_not_put_together_across_a_hyphen() -> None:
    assert names_found("pin", secret("map-input")) == []


def test_parts_that_were_left_out_between_hyphens_are_no_hindrance() -> None:
    assert names_found("aws-smtp", secret("aws-ses-smtp"), secret("aws-kms")) == ["aws-ses-smtp"]


def test_parts_are_for_where_whole_words_find_nothing() -> None:
    secrets = secret("legal-esign-key"), secret("edge-signing")
    assert names_found("e-sign", *secrets)[0] == "legal-esign-key"
    assert names_found("aws-ses", secret("aws-ses"), secret("aws-x-ses")) == ["aws-ses"]


def test_japanese_needs_no_blanks() -> None:
    one = secret("payroll", "給与振込用SFTP秘密鍵のパスフレーズ")
    for query in ("給与のパスフレーズ", "SFTPパスフレーズ", "ぱすふれーず", "ﾊﾟｽﾌﾚｰｽﾞ 給与"):
        assert names_found(query, one, secret("other", "給与明細")) == ["payroll"]


@pytest.mark.parametrize("query", ["サーバー", "サーバ", "さーば", "サーハ\uff9e", "サ-バ-"])
@pytest.mark.parametrize("text", ["踏み台サーバーの鍵", "踏み台サーバの鍵"])
def test_a_long_vowel_mark_at_the_end_may_be_missing(query: str, text: str) -> None:
    assert names_found(query, secret("host", text), secret("other", "センサー")) == ["host"]


# What comes first


@pytest.mark.parametrize(
    ("query", "secrets"),
    [
        pytest.param("ses", [secret("ses"), secret("ses-key")], id="whole name, first part"),
        pytest.param("ses", [secret("ses-key-2"), secret("a-ses")], id="first part, another part"),
        pytest.param("ses", [secret("aws-ses-2"), secret("sesame")], id="part, start of the name"),
        pytest.param(
            "ses", [secret("session"), secret("a-sesam")], id="name's start, part's start"
        ),
        pytest.param(
            "500",
            [secret("key-500a"), secret("two", id="5001")],
            id="start of a part, start of an id",
        ),
        pytest.param(
            "500",
            [secret("two", id="9500"), secret("one", "at 500", id="9")],
            id="end of an id, word of a text",
        ),
        pytest.param(
            "line",
            [secret("plc", "of line 3"), secret("online")],
            id="word of a text, inside a name",
        ),
        pytest.param(
            "line",
            [secret("zz-online"), secret("a", "deadlines")],
            id="inside a name, inside a text",
        ),
        pytest.param(
            "line",
            [secret("online"), secret("a", "the deadline")],
            id="inside a name, end of a word",
        ),
        pytest.param("line", [secret("online"), secret("a", "two lines")], id="and a word's start"),
        pytest.param("500", [secret("long-name", id="500"), secret("500-a")], id="whole id, part"),
        pytest.param(
            "a key", [secret("z-a-key"), secret("a-b-key")], id="words together, words apart"
        ),
        pytest.param(
            "web db",
            [secret("one-longer", "the web db"), secret("one", "db of the web")],
            id="words together in a text, apart",
        ),
        pytest.param("key", [secret("z-key"), secret("a-longer-key")], id="short name, long name"),
        pytest.param("key", [secret("a-key"), secret("b-key")], id="by name"),
        pytest.param(
            "wifi", [secret("wi-fi-key"), secret("office-wifis")], id="across hyphens, part's start"
        ),
    ],
)
def test_the_better_fit_comes_first(query: str, secrets: list[Summary]) -> None:
    assert names_found(query, *secrets) == [one.name for one in secrets]


# Slips


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("pasword", "my-password"),
        ("passsword", "my-password"),
        ("paswsord", "my-password"),
        ("passwird", "my-password"),
        ("terafrom", "terraform-key"),
        ("tokne", "a-token"),
        ("asw", "aws-key"),
        ("terrafr", "terraform-key"),
        ("aws-sess", "aws-ses"),
    ],
)
def test_a_slip_of_the_finger_still_finds(query: str, name: str) -> None:
    assert names_found(query, secret("elsewhere"), secret(name)) == [name]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("議事禄", "議事録の自動文字起こし"),
        ("需用予測", "需要予測アプリ"),
        ("パスフレズ", "秘密鍵のパスフレーズ"),
        ("ダッシュボート", "経営ダッシュボードの表示用"),
        ("踏台サーバー", "踏み台サーバーの鍵"),
    ],
)
def test_so_does_one_in_japanese(query: str, text: str) -> None:
    assert names_found(query, secret("b", "請求書の控え"), secret("a", text)) == ["a"]


@pytest.mark.parametrize(
    "query", ["tok", "toe", "pssword1x", "paswrod", "xasxworx", "議会", "20245"]
)
def test_what_is_too_far_or_too_short_is_not_guessed(query: str) -> None:
    one = secret("password-tan-20246", "議事録")
    assert names_found(query, one) == []


def test_an_id_may_have_a_slip_and_other_numbers_not() -> None:
    one = secret("one", "in 2024", id="8418119237787")
    assert names_found("8418119237778", one) == ["one"]
    assert names_found("841811923778", one) == ["one"]
    assert names_found("2025", one) == []


def test_what_fits_as_typed_comes_before_what_nearly_does() -> None:
    exact, near = secret("z-long-name", "of form 7"), secret("from")
    assert names_found("form", exact, near) == ["z-long-name", "from"]


def test_fewer_slips_come_first() -> None:
    one, two = secret("zzz-certificate"), secret("certificant")
    assert names_found("certificatte", one, two) == ["zzz-certificate", "certificant"]


def test_where_enough_is_found_no_word_is_taken_for_another() -> None:
    enough = [secret(f"form-{number}") for number in range(FEW)]
    assert "from" not in names_found("form", *enough, secret("from"))
    assert "from" in names_found("form", *enough[1:], secret("from"))


def test_nor_where_the_parts_of_words_find_enough() -> None:
    enough = [secret(f"form-{number}-a") for number in range(FEW)]
    assert "from-a" not in names_found("a-form", *enough, secret("from-a"))


# Whatever comes in


@given(query=TEXTS, texts=st.lists(TEXTS, max_size=4))
def test_no_query_and_no_text_makes_it_fail(query: str, texts: list[str]) -> None:
    snapshot = Snapshot([secret(text, text, id=text) for text in texts])
    found = find(snapshot, query, {text: folded(text) for text in texts})
    assert found is None or sorted(set(found)) == sorted(found)


@pytest.mark.parametrize(
    "with_text",
    [
        lambda text: secret("n", f"a {text} b", id="9"),
        lambda text: secret(f"a{text}b", id="9"),
        lambda text: secret("n", id="9", user_id=f"a{text}b"),
    ],
    ids=["description", "name", "creator"],
)
@given(query=WORDS, texts=st.lists(WORDS, max_size=6))
def test_whatever_holds_the_query_is_found(
    with_text: Callable[[str], Summary], query: str, texts: list[str]
) -> None:
    snapshot = Snapshot([with_text(text) for text in texts])
    found = find(snapshot, query)
    holding = {at for at, text in enumerate(texts) if query.strip() in text}
    assert found is None or holding <= set(found)


def test_a_query_of_any_length_is_answered() -> None:
    snapshot = Snapshot([secret("x" * 10_000, "ア" * 10_000), secret("a-" * 5_000)])
    for query in ("x" * 100_000, "a-" * 50_000, "ア" * 100_000, "ﷺ" * 100_000, "ー-" * 50_000):
        assert find(snapshot, query) is not None


def test_texts_made_to_slow_us_down_are_not_learnt_to_the_end() -> None:
    words = vocabulary_of([" ".join(f"w{number}" for number in range(2 * MOST_WORDS))]).words
    assert len(words) <= MOST_WORDS
    assert vocabulary_of(["word " + "x" * 10_000]).words == ["word"]
    texts = (f"需用{chr(0x4E00 + number)}" for number in range(2 * MOST_PASSAGES))
    meant("需用予測", Vocabulary([], []), texts)
    assert next(texts, None) is not None


def test_what_is_laid_out_for_a_snapshot_is_made_once_and_goes_with_it() -> None:
    snapshot = Snapshot([secret("aws-ses")])
    find(snapshot, "sess")
    index = weakref.ref(index_of(snapshot))
    assert index() is index_of(snapshot)
    del snapshot
    gc.collect()
    assert index() is None


def test_of_a_catalog_without_secrets_nothing_is_found() -> None:
    assert find(Snapshot([]), "aws") == []


def test_letters_that_mean_something_in_patterns_mean_themselves() -> None:
    assert marked("axxb", "a.*b") == [("axxb", False)]
    assert names_found("a+b?c", secret("one", "A+B?C")) == ["one"]
    assert names_found("c++(", secret("one", "for C++ (new)")) == ["one"]
    assert marked("a.*b (x", "a.*b") == [("a.*b", True), (" (x", False)]


# Marks


def in_brackets(text: str, query: str) -> str:
    return "".join(f"[{piece}]" if is_match else piece for piece, is_match in marked(text, query))


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("aws-ses-smtp", "ses", "aws-[ses]-smtp"),
        ("aws-ses-smtp", "SMTP aws", "[aws]-ses-[smtp]"),
        ("aws-ses-smtp", "awsses", "[aws-ses]-smtp"),
        ("aws-ses-smtp", "aws_ses", "[aws-ses]-smtp"),
        ("aws-ses-smtp", "aws-smtp", "[aws]-ses-[smtp]"),
        ("aws-ses-smtp", "kms", "aws-ses-smtp"),
        ("aws-ses-smtp", "", "aws-ses-smtp"),
        ("", "aws", ""),
        ("Key keystore", "key keystore", "[Key] [keystore]"),
        ("vpn-site-a", "vpn a", "[vpn]-site-[a]"),
        ("data-b", "a", "data-b"),
        ("a-w-s", "aws", "a-w-s"),
        ("see A+B?CD", "a+b?cd", "see [A+B?CD]"),
        ("鍵（ア+イ）", "ア+イ", "鍵（[ア+イ]）"),
        ("ＡＷＳの鍵", "aws", "[ＡＷＳ]の鍵"),
        ("夜間ﾊﾞｯｸｱｯﾌﾟ用", "ばっくあっぷ", "夜間[ﾊﾞｯｸｱｯﾌﾟ]用"),
        ("夜間バックアップ用", "ﾊﾞｯｸｱｯﾌﾟ", "夜間[バックアップ]用"),
        ("踏み台サーバーの鍵", "サーバ", "踏み台[サーバー]の鍵"),
        ("踏み台サーバの鍵", "サーバー", "踏み台[サーバ]の鍵"),
        ("給与用のパスフレーズ", "給与のパスフレーズ", "[給与]用の[パスフレーズ]"),
        ("5㌔先", "ロ", "5[㌔]先"),
        ("5㌔先", "キ ロ", "5[㌔]先"),
        ("Große Straße 1", "strasse", "Große [Straße] 1"),
        ("pay\u200broll", "payroll", "[pay\u200broll]"),
        ("Cafe\u0301 au lait", "café", "[Cafe\u0301] au lait"),
        ("ﷺ aws ﷺ", "aws", "ﷺ [aws] ﷺ"),
    ],
)
def test_matches_are_marked_where_they_stand(text: str, query: str, expected: str) -> None:
    assert in_brackets(text, query) == expected


def test_where_no_place_is_sure_nothing_is_marked() -> None:
    # Conjoining letters become one syllable only together (Unicode Standard, 3.12).
    text = "\u1112\u1161\u11ab aws"
    assert marked(text, "aws") == [(text, False)]


@given(st.from_regex(LETTER_BY_LETTER, fullmatch=True))
def test_letters_of_which_none_changes_another_stay_where_they_are(text: str) -> None:
    assert [len(folded(text[:end])) for end in range(len(text) + 1)] == [*range(len(text) + 1)]


@given(text=TEXTS | WORDS, query=TEXTS | WORDS)
def test_the_pieces_are_the_text(text: str, query: str) -> None:
    pieces = marked(text, query)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece for piece, _ in pieces)


@given(text=WORDS, query=WORDS)
def test_only_what_is_searched_for_is_marked(text: str, query: str) -> None:
    letters = set(folded(query)) | set("-_. \n") | {"ー"}
    for piece, is_match in marked(text, query):
        assert not is_match or set(folded(piece)) & letters

import datetime
import re
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secret_manager import (
    NAME_MAX_LENGTH,
    NAME_PATTERN,
    NAME_SUFFIX_PATTERN,
    InvalidArgument,
    check_id,
    check_name,
)
from secret_manager.rules import check_expiry, check_ids, check_page, check_status, check_text

SAFE = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(SAFE)
def test_an_opaque_id_is_accepted(value):
    assert check_id(value) == value


@given(st.text(max_size=70))
def test_an_accepted_id_cannot_change_a_path(value):
    try:
        check_id(value)
    except InvalidArgument:
        return
    assert not set(value) & set("/\\.%?#&;: \n\r\t")


@pytest.mark.parametrize(
    "value", ["", "..", "../../2/secrets", "1/2", "1\n", "1?a=b", "%2e%2e", "１", "1" * 65, None, 7]
)
def test_anything_else_is_no_id(value):
    with pytest.raises(InvalidArgument) as caught:
        check_id(value, "secret_id")
    assert caught.value.field == "secret_id"


@pytest.mark.parametrize(
    "name", ["a", "A_b-9", "-", "a-12345", "a-1234567", "a-b_12345", "a_abcdef"]
)
def test_names_of_the_api_document_are_accepted(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "a b", "a\n", "\na", "日本", "a.b", "a/b", "a-abcdef", "-123456", "x-ABC123"),
        *("a-abc_ef", "a-______", "a-b-cdef", "-------", "my-key-1-2-34"),
        *(None, 7, "a" * (NAME_MAX_LENGTH + 1)),
    ],
)
def test_other_names_are_refused(name):
    with pytest.raises(InvalidArgument) as caught:
        check_name(name)
    assert caught.value.field == "name"


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True))
def test_the_patterns_say_the_same_as_the_check(name):
    by_pattern = bool(re.fullmatch(NAME_PATTERN, name)) and not re.search(NAME_SUFFIX_PATTERN, name)
    try:
        check_name(name)
    except InvalidArgument:
        assert not by_pattern
    else:
        assert by_pattern


@pytest.mark.parametrize(("offset", "limit"), [(0, 1), (0, 100), (10_000, 50)])
def test_pages_within_the_limits(offset, limit):
    check_page(offset, limit)


@pytest.mark.parametrize(
    ("offset", "limit", "field"),
    [
        *((-1, 50, "offset"), (0, 0, "limit"), (0, 101, "limit"), ("0", 50, "offset")),
        *((0, "50", "limit"), (True, 50, "offset"), (0, True, "limit"), (0, 1.5, "limit")),
    ],
)
def test_pages_beyond_the_limits(offset, limit, field):
    with pytest.raises(InvalidArgument) as caught:
        check_page(offset, limit)
    assert caught.value.field == field


def test_an_expiry_keeps_its_offset():
    tokyo = datetime.datetime(2024, 12, 15, 16, 50, 33, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))
    assert check_expiry(tokyo) == "2024-12-15T16:50:33+09:00"
    assert check_expiry("2024-12-15T16:50:33+09:00") == "2024-12-15T16:50:33+09:00"
    assert check_expiry("2024-12-15T16:50:33Z") == "2024-12-15T16:50:33+00:00"


@pytest.mark.parametrize(
    "moment",
    [
        *("2024-12-15T16:50:33", "2024-12-15", "tomorrow", "", 1734249033, None),
        *(datetime.datetime(2024, 12, 15), datetime.date(2024, 12, 15)),
    ],
)
def test_an_expiry_without_a_zone_is_refused(moment):
    with pytest.raises(InvalidArgument):
        check_expiry(moment)


@pytest.mark.parametrize("status", ["ACTIVE", "on", "", None, "active\n"])
def test_only_two_statuses_exist(status):
    assert check_status("active") == "active"
    with pytest.raises(InvalidArgument):
        check_status(status)


def test_ids_come_as_a_list():
    assert check_ids(("1", "2"), "ids") == ["1", "2"]
    for wrong in ("1,2", ["1", "../2"]):
        with pytest.raises(InvalidArgument):
            check_ids(wrong, "ids")


def test_text_must_fit_into_json():
    assert check_text("説明\n", "description") == "説明\n"
    for wrong in ("\ud800", 7, b"x"):
        with pytest.raises(InvalidArgument):
            check_text(wrong, "description")

"""Summaries are what the whole secrets would have said, whatever a server sends."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secret_manager import Secret, SecretVersion, Summary, summaries, summary_of
from secret_manager.answers import Unreadable, read_document
from secret_manager.summaries import SummaryPage, read_summary_page
from secret_manager.wire import read_secret_page

WHOLE = {
    "id": "1001",
    "organization_id": "1410000000000",
    "name": "billing-key",
    "description": "Pays",
    "user_id": "user-7",
    "expired_at": "2026-12-04T23:59:00+09:00",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-02-01T00:00:00.999999Z",
    "integration_service_ids": ["51", "52"],
    "versions": [
        {"id": "1", "version": 1, "status": "active", "created_at": "2026-01-01T00:00:00Z"},
        {"id": "3", "version": 3, "status": "inactive", "created_at": "2026-03-01T00:00:00Z"},
        {"id": "2", "version": 2, "status": "active", "created_at": "2026-02-01T00:00:00Z"},
    ],
}
MOMENTS = [
    *(
        "2026-12-04T23:59:00+09:00",
        "2026-12-04 23:59",
        "2026-W49",
        "20261204",
        "1969-12-31T23:59:59.5Z",
    ),
    *("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00-14:00", "9999-12-31T23:59:59.999999Z"),
    *("9999-12-31T23:59:59-12:00", "10000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "", "x"),
]
# What servers, old ones, broken ones and hostile ones, put where something else is expected.
ODD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [None, True, False, 0, -1, 7, 2**53, 10**20, 10**400, 1.5, "", " ", "7", " 7 "]
    ),
    st.sampled_from(["active", "inactive", "51,52", "\ud800", "../x", "a" * 65, "é", "\x00", "７"]),
    st.sampled_from(MOMENTS),
    st.sampled_from(
        [[], {}, [[]], [{}], [None], ["51", 52], ["51", None], ["51", ["x"]], {"id": 1}]
    ),
    st.text(max_size=3),
)
VERSIONS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"id": st.sampled_from(["1", 2, None, "x y"])},
            optional={
                "version": st.one_of(st.integers(-1, 5), ODD),
                "status": st.one_of(st.just("active"), ODD),
                "created_at": ODD,
                "value": st.just("bGVha2Vk"),
            },
        ),
        ODD,
    ),
    max_size=4,
)
ENTRIES = st.one_of(
    ODD,
    st.fixed_dictionaries(
        {"id": st.one_of(st.sampled_from(["1", "2", 3]), ODD)},
        optional={
            **{name: ODD for name in ("name", "description", "user_id", "integration_service_ids")},
            **{name: ODD for name in ("expired_at", "created_at", "updated_at", "organization_id")},
            "versions": st.one_of(VERSIONS, ODD),
        },
    ),
)
PAGES = st.one_of(
    ODD,
    st.fixed_dictionaries(
        {},
        optional={
            "secrets": st.one_of(st.lists(ENTRIES, max_size=4), ODD),
            "has_next": ODD,
            "limit": ODD,
            "offset": ODD,
            "pagination": st.one_of(ODD, st.fixed_dictionaries({"has_next": ODD, "limit": ODD})),
        },
    ),
)


def as_sent(document: Any) -> bytes:
    return json.dumps(document).encode()


def read(body: bytes) -> SummaryPage:
    return read_summary_page(body, offset=0, limit=100)


def summarized(document: Any) -> Summary:
    (found,) = read(as_sent({"secrets": [document]})).summaries
    return found


def test_a_summary_says_what_a_long_list_needs() -> None:
    assert summarized(WHOLE) == Summary(
        id="1001",
        name="billing-key",
        description="Pays",
        user_id="user-7",
        app_ids=("51", "52"),
        expired_at=int(datetime(2026, 12, 4, 14, 59, tzinfo=UTC).timestamp()),
        created_at=int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()),
        updated_at=int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()),
        on=2,
        versions=3,
        current_id="2",
        current_number=2,
        value_at=int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()),
    )


@settings(max_examples=400)
@given(PAGES)
@example({"secrets": [{"id": "1", "expired_at": "0001-01-01T00:00:00+14:00"}]})
@example({"secrets": [{"id": "1", "expired_at": "9999-12-31T23:59:59-12:00"}]})
@example({"secrets": None})
@example({"secrets": [{"id": "1", "versions": [{"id": "1", "status": "active", "version": None}]}]})
@example({"secrets": [{"id": "1", "expired_at": "2026-12-04T23:59:00"}]})
@example({"secrets": [{"id": "1", "integration_service_ids": [" 7 ", "x y"], "user_id": ""}]})
@example({"secrets": [{"id": "1", "versions": [{"id": "x y", "status": "active"}]}]})
@example({"secrets": [{"id": "1"}, {"id": "x y"}], "has_next": True})
@example({"secrets": [{"id": "1"}], "limit": 1, "pagination": {"has_next": True}})
def test_a_page_of_summaries_says_the_same_as_a_page_of_secrets(document: Any) -> None:
    body = as_sent(document)
    try:
        whole = read_secret_page(read_document(body), organization_id="1", offset=0, limit=100)
    except Unreadable:
        with pytest.raises(Unreadable):
            read(body)
        return
    page = read(body)
    assert page.summaries == tuple(map(summary_of, whole.secrets))
    assert (page.dropped, page.has_next) == (whole.dropped, whole.has_next)
    assert page.received == len(whole.secrets) + whole.dropped


@pytest.mark.parametrize("document", [None, [], "x", 7, {}, {"secrets": "x"}, {"secrets": {}}])
def test_what_is_no_page_is_unreadable(document: Any) -> None:
    with pytest.raises(Unreadable):
        read(as_sent(document))


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"secrets": [NaN]}', b'{"secrets": []} x', b'{"secrets":' + b"[" * 9**6],
    ids=["nothing", "half", "not UTF-8", "not a number", "more behind it", "too deep"],
)
def test_what_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_what_is_deep_where_nobody_looks_is_no_hindrance() -> None:
    deep = b'{"secrets": [{"id": "1", "properties": %s1%s}]}' % (b"[" * 300, b"]" * 300)
    assert [one.id for one in read(deep).summaries] == ["1"]


def test_a_byte_order_mark_and_half_a_surrogate_are_no_hindrance() -> None:
    body = b'\xef\xbb\xbf{"secrets": [{"id": "1", "name": "a\\ud800"}]}'
    assert [one.name for one in read(body).summaries] == ["a\ufffd"]


def test_a_page_that_is_as_described_is_read_the_short_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = summarized(WHOLE)
    monkeypatch.setattr(summaries, "_read_leniently", None)
    described = {"properties": None, "provider": "aws-secret-manager", "rotation": False}
    page = {"organization_id": "1410000000000", "offset": 0, "limit": 100, "has_next": False}
    body = as_sent({**page, "secrets": [{**WHOLE, **described}]})
    assert read(body) == SummaryPage((expected,), received=1, has_next=False)


def test_a_value_that_a_server_sends_unasked_is_in_no_summary() -> None:
    version = {**WHOLE["versions"][0], "value": "bGVha2Vk"}  # type: ignore[index,dict-item]
    document = {**WHOLE, "value": "bGVha2Vk", "versions": [version]}
    assert "bGVha2Vk" not in json.dumps(summarized(document))


def test_versions_that_were_not_listed_are_not_known_and_none_on_is_none() -> None:
    assert summarized({"id": "1"}).on is None
    assert summarized({"id": "1", "versions": []}).on == 0
    off = summarized({"id": "1", "versions": [{"id": "1", "status": "inactive", "version": 1}]})
    assert (off.on, off.versions) == (0, 1)
    assert (off.current_id, off.current_number, off.value_at) == ("", None, None)


def test_the_first_of_two_versions_without_a_number_is_the_current_one() -> None:
    versions = [{"id": "8", "status": "active"}, {"id": "9", "status": "active"}]
    assert summarized({"id": "1", "versions": versions}).current_id == "8"


def test_a_secret_read_by_itself_gives_the_same_summary() -> None:
    secret = Secret(
        id="1",
        organization_id="1",
        versions=(SecretVersion(id="2", organization_id="1", secret_id="1", status="active"),),
    )
    assert summary_of(secret)[-5:] == (1, 1, "2", None, None)

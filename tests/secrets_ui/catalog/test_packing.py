"""Summaries go into the cache and come out as they were, small, and as plain text."""

import json

from hypothesis import given
from hypothesis import strategies as st

from secret_manager import Summary
from secrets_ui.catalog.packing import packed, summary_of_row, unpacked
from tests.secrets_ui.catalog.support import a_summary

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
NUMBER = st.none() | st.integers(-(2**40), 2**40)
ENTRIES = st.lists(
    st.builds(
        Summary,
        **dict.fromkeys(("id", "name", "description", "user_id", "current_id"), TEXT),
        app_ids=st.lists(TEXT, max_size=3).map(tuple),
        **dict.fromkeys(("expired_at", "created_at", "updated_at", "on", "value_at"), NUMBER),
        versions=st.integers(0, 2**20),
        current_number=NUMBER,
    ),
    max_size=5,
)


@given(ENTRIES)
def test_what_is_packed_comes_out_the_same(entries: list[Summary]) -> None:
    found = unpacked(packed(entries))
    assert found == entries
    # Hashable as before: a list in the place of a tuple would be equal to nothing.
    assert all(hash(one) == hash(other) for one, other in zip(found, entries, strict=True))


@given(ENTRIES)
def test_one_row_goes_through_json(entries: list[Summary]) -> None:
    assert [summary_of_row(json.loads(json.dumps(one))) for one in entries] == entries


def test_it_is_text_that_a_cache_of_json_takes() -> None:
    text = packed([a_summary(description="給与\x00\u202e\ufffd")])
    assert json.loads(json.dumps(text)) == text
    assert text.isascii()


def test_it_is_much_smaller_than_what_was_read() -> None:
    entries = [
        a_summary(
            1_410_000_000_000 + number * 7919,
            name=f"service-{number * 31 % 977}-production-key",
            description=f"Used by team {number % 40} for deployments",
            user_id="user-1410000000001",
            created_at=1_700_000_000 + number * 4321,
        )
        for number in range(1000)
    ]
    assert len(packed(entries)) / len(entries) < 120

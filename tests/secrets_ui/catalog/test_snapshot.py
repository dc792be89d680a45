"""A snapshot: what the pages ask of it, and moments that no calendar has."""

from datetime import UTC, datetime

import pytest

from secrets_ui.catalog.snapshot import Snapshot, moment
from tests.secrets_ui.catalog.support import a_summary


def test_it_knows_where_each_secret_is_and_what_can_be_chosen() -> None:
    entries = [
        a_summary(2, name="Ｂ", app_ids=("52", "51"), user_id="8"),
        a_summary(1, app_ids=("51",), user_id="7"),
        a_summary(3),
    ]
    snapshot = Snapshot(entries)
    assert len(snapshot) == 3
    assert snapshot.position_of == {"2": 0, "1": 1, "3": 2}
    assert snapshot.app_ids == ["51", "52"]
    assert snapshot.creators == ["7", "8"]
    assert snapshot.names[0] == "b"


def test_an_empty_one_is_no_mistake() -> None:
    assert (len(Snapshot([])), Snapshot([]).app_ids, Snapshot([]).creators) == (0, [], [])


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, None),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (-62_135_596_800, datetime(1, 1, 1, tzinfo=UTC)),
        (253_402_300_800, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_moments(seconds: int | None, shown: datetime | None) -> None:
    assert moment(seconds) == shown

"""What is different since somebody's last visit, and whether it happened here."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError

from audit.models import Event
from secret_manager import Summary
from secrets_ui import visits
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.models import Visit
from secrets_ui.since import MOST_SHOWN, Differences, differences, pack, read_at_of, unpack
from secrets_ui.since_rows import SinceRow, author_of, since_groups
from secrets_ui.visits import LastVisit
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.summaries import a_secret

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIST = "/organizations/1/secrets/"


def compared(before: list[Summary], now: list[Summary]) -> Differences:
    """What somebody is told who saw `before`, through the packed form that is kept."""
    return differences(unpack(pack(before, read_at=0)), now)


def kinds(found: Differences) -> list[tuple[str, str]]:
    return [(group, each.kind) for group, rows in found.first.items() for each in rows]


# What is compared


def test_what_is_kept_comes_back_as_it_was() -> None:
    secret = a_secret(name="名前 \udce9\u202e", on=None, expired_at=None, updated_at=-5)
    packed = pack([secret], read_at=1234.5)
    assert read_at_of(packed) == 1234.5
    assert unpack(packed)[0] == (secret.id, secret.name, None, -5, 1, None, secret.current_id)


def test_only_what_is_compared_is_kept() -> None:
    secret = a_secret(description="a description", user_id="a-user", app_ids=("an-app",))
    kept = repr(unpack(pack([secret], read_at=0)))
    assert not any(text in kept for text in ("a description", "a-user", "an-app"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"current_id": "other"}, [("changed", "value")]),
        ({"current_id": "", "on": 0}, [("changed", "none-on")]),
        ({"on": 2, "versions": 2}, [("changed", "turned")]),
        ({"versions": 2}, [("changed", "versions")]),
        ({"updated_at": 1_800_000_000}, [("changed", "details")]),
        ({"expired_at": 1_800_000_000}, [("expiry", "expiry")]),
        # The date is a part of the details, so it explains that they were changed.
        ({"expired_at": 1_800_000_000, "updated_at": 1_800_000_000}, [("expiry", "expiry")]),
        (
            {"expired_at": 1_800_000_000, "current_id": "other"},
            [("changed", "value"), ("expiry", "expiry")],
        ),
        # The API did not list the versions this time: that says nothing about them.
        ({"on": None, "versions": 0, "current_id": ""}, []),
        # What is not kept is not compared.
        ({"value_at": 5, "description": "other", "current_number": 9}, []),
    ],
    ids=lambda each: "-".join(each) if isinstance(each, dict) else None,
)
def test_what_counts_as_a_change(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    secret = a_secret()
    assert kinds(compared([secret], [secret._replace(**changes)])) == expected


def test_what_came_and_what_went() -> None:
    stays, goes, comes = a_secret(), a_secret(), a_secret()
    found = compared([stays, goes], [comes, stays])
    assert kinds(found) == [("new", "new"), ("gone", "gone")]
    assert [each.secret.id for each in (*found.first["new"], *found.first["gone"])] == [
        comes.id,
        goes.id,
    ]


def test_a_secret_that_was_made_again_under_its_name_is_gone_and_new() -> None:
    found = compared([a_secret(name="same_name")], [a_secret(name="same_name")])
    assert found.counts == {"new": 1, "changed": 0, "gone": 1, "expiry": 0}


def test_ten_are_shown_and_all_are_counted() -> None:
    found = compared([], [a_secret() for _ in range(MOST_SHOWN + 3)])
    assert found.counts["new"] == 13
    group = since_groups(found, [], list_url=LIST, since=NOW, now=NOW)[0]
    assert (group.count, len(group.rows), group.more) == (13, 10, 3)


# When a visit ends, and what is written down


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def looks(clock: time_machine.Traveller, entries: list[Summary], **at: float) -> LastVisit | None:
    """Somebody looks some time after NOW, at a catalog that was read just before."""
    clock.move_to(NOW + timedelta(**at))
    read_at = (NOW + timedelta(**at)).timestamp() - 1
    return looks_at(Snapshot(entries, read_at=read_at))


def looks_at(snapshot: Snapshot, *, person_id: int = 7) -> LastVisit | None:
    return visits.look(person_id=person_id, organization_id=ORGANIZATION_ID, snapshot=snapshot)


def test_at_the_first_visit_there_is_nothing_to_compare_with(clock) -> None:
    assert looks(clock, [a_secret()]) is None
    assert looks(clock, [a_secret()], minutes=5) is None


def test_a_visit_goes_on_while_somebody_looks_at_least_once_an_hour(clock) -> None:
    first = [a_secret()]
    looks(clock, first)
    for minutes in (50, 100, 150):
        assert looks(clock, [*first, a_secret()], minutes=minutes) is None


@pytest.mark.storage
def test_the_next_visit_is_compared_with_the_last_look_of_the_one_before(clock) -> None:
    old, during, since = a_secret(), a_secret(), a_secret()
    looks(clock, [old])
    looks(clock, [old, during], minutes=10)
    last = looks(clock, [old, during, since], hours=3)
    assert last is not None
    assert last.at == NOW + timedelta(minutes=10)
    assert last.read_at == NOW + timedelta(minutes=10, seconds=-1)
    assert [each.secret.id for each in last.found.first["new"]] == [since.id]


def test_all_through_a_visit_it_is_compared_with_the_same(clock) -> None:
    old, since, later = a_secret(), a_secret(), a_secret()
    looks(clock, [old])
    looks(clock, [old, since], hours=3)
    last = looks(clock, [old, since, later], hours=3, minutes=30)
    assert last is not None
    assert last.found.counts["new"] == 2
    assert last.at == NOW


def test_exactly_an_hour_is_still_the_same_visit(clock) -> None:
    looks(clock, [a_secret()])
    assert looks(clock, [a_secret()], hours=1) is None
    assert looks(clock, [a_secret()], hours=2, seconds=1) is not None


@pytest.mark.storage
def test_one_reading_is_written_down_once(clock, monkeypatch) -> None:
    packed = []
    monkeypatch.setattr(visits, "pack", lambda *a, **k: packed.append(1) or pack(*a, **k))
    snapshot = Snapshot([a_secret()], read_at=NOW.timestamp())
    looks_at(snapshot)
    for minutes in range(1, 5):
        clock.move_to(NOW + timedelta(minutes=minutes))
        looks_at(snapshot)
    assert len(packed) == 1
    looks_at(Snapshot([a_secret()], read_at=NOW.timestamp() + 60))
    assert len(packed) == 2


def test_an_older_reading_never_replaces_a_newer_one(clock) -> None:
    new, old = a_secret(), a_secret()
    looks_at(Snapshot([new], read_at=NOW.timestamp()))
    looks_at(Snapshot([old], read_at=NOW.timestamp() - 500))
    kept = Visit.objects.get()
    assert [seen.id for seen in unpack(bytes(kept.latest))] == [new.id]


def test_a_reading_that_is_as_old_as_the_last_visit_is_nothing_new(clock) -> None:
    """What is in the cache is shown first; only the reading that follows has anything to tell."""
    stale = Snapshot([a_secret()], read_at=NOW.timestamp() - 1)
    looks_at(stale)
    clock.move_to(NOW + 3 * HOUR)
    last = looks_at(stale)
    assert last is not None
    assert not any(last.found.counts.values())
    fresh = Snapshot([*stale.entries, a_secret()], read_at=(NOW + 3 * HOUR).timestamp())
    last = looks_at(fresh)
    assert last is not None
    assert last.found.counts["new"] == 1


@pytest.mark.storage
def test_two_first_looks_at_the_same_moment_begin_one_visit(clock, monkeypatch) -> None:
    """The second would make what the first has just written down its baseline."""
    old, since = a_secret(), a_secret()
    looks(clock, [old])
    now = Snapshot([old, since], read_at=(NOW + 3 * HOUR).timestamp())
    clock.move_to(NOW + 3 * HOUR)

    def looking_in_between(*args: Any, **kwargs: Any) -> bytes:
        monkeypatch.setattr(visits, "pack", pack)
        clock.move_to(NOW + 3 * HOUR + timedelta(milliseconds=1))
        looks_at(now)
        return pack(*args, **kwargs)

    monkeypatch.setattr(visits, "pack", looking_in_between)
    last = looks_at(now)
    assert last is not None
    assert last.at == NOW
    assert last.found.counts["new"] == 1


def test_people_and_organizations_have_visits_of_their_own(clock) -> None:
    looks(clock, [a_secret()])
    snapshot = Snapshot([a_secret()], read_at=NOW.timestamp())
    clock.move_to(NOW + 3 * HOUR)
    assert looks_at(snapshot, person_id=8) is None
    assert visits.look(person_id=7, organization_id="1420000000000", snapshot=snapshot) is None


def test_a_database_that_cannot_write_takes_no_page_away(clock, monkeypatch) -> None:
    def fail(*args: object) -> Visit:
        raise DatabaseError("disk full")

    monkeypatch.setattr(visits, "_noted", fail)
    assert looks(clock, [a_secret()]) is None


# Whether it happened here


def event(action: str, secret: Summary, **fields: Any) -> Event:
    usual = {"outcome": "ok", "actor": "hanako", "at": NOW - HOUR, "secret_id": secret.id}
    return Event(action=action, **{**usual, **fields})


def row_of(found: Differences, events: list[Event] | None, *, since: datetime = NOW) -> SinceRow:
    (group,) = since_groups(found, events, list_url=LIST, since=since, now=NOW)
    (row,) = group.rows
    return row


SECRET = a_secret(name="bank-api", created_at=1_900_000_000)
EDITED = SECRET._replace(updated_at=1_800_000_000)
MOVED = SECRET._replace(expired_at=1_796_396_340)
REPLACED = SECRET._replace(current_id="92", versions=2, current_number=2)


@pytest.mark.parametrize(
    ("before", "now", "acts", "is_here"),
    [
        ([], [SECRET], [event("secret.created", SECRET)], True),
        ([], [SECRET], [event("secret.changed", SECRET, detail="description")], False),
        ([SECRET], [], [event("secret.deleted", SECRET)], True),
        ([SECRET], [EDITED], [event("secret.changed", SECRET, detail="description")], True),
        ([SECRET], [EDITED], [event("secret.changed", SECRET, detail="expired_at")], False),
        ([SECRET], [EDITED], [event("version.added", SECRET)], False),
        ([SECRET], [MOVED], [event("secret.changed", SECRET, detail="expired_at")], True),
        (
            [SECRET],
            [MOVED],
            [event("secret.changed", SECRET, detail="description, expired_at")],
            True,
        ),
        ([SECRET], [MOVED], [event("secret.changed", SECRET, detail="description")], False),
        ([SECRET], [REPLACED], [event("version.added", SECRET, version_id="92")], True),
        ([SECRET], [REPLACED], [event("version.added", SECRET, version_id="77")], False),
        ([SECRET], [REPLACED], [event("version.added", a_secret(), version_id="92")], False),
        # The answer was lost, and looked up later.
        ([SECRET], [REPLACED], [event("version.added", SECRET, outcome="unknown")], True),
        ([], [SECRET], [event("write.looked_up", SECRET, detail="secret.created: saved")], True),
        ([], [SECRET], [event("write.looked_up", SECRET, detail="secret.created: taken")], False),
    ],
)
def test_an_act_of_the_trail_explains_what_it_did_and_nothing_else(
    before: list[Summary], now: list[Summary], acts: list[Event], is_here: bool
) -> None:
    row = row_of(compared(before, now), acts)
    assert row.is_here == is_here
    assert ("here, by hanako, 1 hour ago" in row.where) == is_here
    assert ("outside this dashboard" in row.where) == (not is_here)


def test_the_newest_act_is_named() -> None:
    acts = [
        event("secret.deleted", SECRET, actor="second"),
        event("secret.deleted", SECRET, actor="first"),
    ]
    found = compared([SECRET], []).first["gone"][0]
    author = author_of(found, acts)
    assert author is not None
    assert author.actor == "second"


def test_what_is_no_longer_listed_is_not_said_to_be_deleted() -> None:
    row = row_of(compared([SECRET], []), [])
    assert row.where == "outside this dashboard, or your credential sees less than before"
    assert row.url == ""


def test_what_another_credential_lists_first_is_not_said_to_be_new() -> None:
    old = a_secret(created_at=int(NOW.timestamp()) - 99)
    assert "your credential did not list it then" in row_of(compared([], [old]), []).where
    new = a_secret(created_at=int(NOW.timestamp()) + 1)
    assert row_of(compared([], [new]), []).where == "outside this dashboard"


def test_where_the_trail_cannot_be_read_nothing_is_said_to_come_from_outside() -> None:
    assert "cannot be read" in row_of(compared([], [SECRET]), None).where


def test_what_changed_is_said_in_words() -> None:
    assert row_of(compared([SECRET], [REPLACED]), []).what == "version 2 is in use"
    assert row_of(compared([SECRET], [MOVED]), []).what == "none → Fri 4 Dec 2026 14:59 UTC"

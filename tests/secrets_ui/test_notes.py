"""What is kept here of a secret: changed by several people, handed on by name, and asked all at once."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from accounts.models import Person
from accounts.roles import Role
from audit import words
from audit.trail import TrailUnavailable
from secret_manager import Secret, SecretManagerClient
from secrets_ui import notes
from secrets_ui.connection import Connection
from secrets_ui.models import Favourite, Note
from secrets_ui.notes import NOTHING, ChangedMeanwhile, Fields, NothingOffered, index
from tests.emulator.threads import at_once
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.support import ACTOR, last_event, of_another_name
from tests.secrets_ui.views.support import trail

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

THEIRS = "1420000000000"
WRITTEN = Fields(labels=("billing", "on call"), how_to_renew="Ask the bank.")

Change = Callable[..., None]


@pytest.fixture
def change(connection: Connection, secret: Secret) -> Change:
    """Change the notes of the secret, by default from nothing."""

    def change(wanted: Fields, *, seen: Fields = NOTHING) -> None:
        notes.change(connection=connection, actor=ACTOR, secret=secret, seen=seen, wanted=wanted)

    return change


@pytest.fixture
def again(api: SecretManagerClient, change: Change, secret: Secret) -> Secret:
    """The secret with notes was deleted, and this one was made under its name."""
    change(WRITTEN)
    api.delete_secret(ORGANIZATION_ID, secret.id)
    return api.create_secret(ORGANIZATION_ID, secret.name, "another value")


def kept(secret: Secret) -> Fields:
    """Return what the database holds of a secret."""
    return notes.fields_of(Note.objects.filter(secret_id=secret.id).first())


def keep(organization_id: str = ORGANIZATION_ID, secret_id: str = "1", **fields: Any) -> Note:
    return Note.objects.create(organization_id=organization_id, secret_id=secret_id, **fields)


# Changing


def test_a_change_is_kept_and_recorded_with_the_names_of_its_fields(
    change: Change, secret: Secret, person: Person
) -> None:
    wanted = replace(WRITTEN, owner=person.pk)
    change(wanted)
    assert kept(secret) == wanted
    assert trail() == [("notes.changed", "attempted"), ("notes.changed", "ok")]
    event = last_event()
    assert (event.secret_id, event.secret_name) == (secret.id, secret.name)
    assert event.detail == "owner, labels, how_to_renew"
    assert words.about(event.action, event.detail) == "owner, labels, how to renew it"


def test_every_act_has_words() -> None:
    assert {"notes.changed", "notes.adopted", "notes.dismissed"} <= words.PHRASES.keys()


def test_what_is_as_it_was_shown_is_no_act(change: Change, secret: Secret) -> None:
    change(WRITTEN, seen=WRITTEN)
    assert kept(secret) == NOTHING
    assert trail() == []


def test_notes_that_say_nothing_any_more_go(change: Change) -> None:
    change(WRITTEN)
    change(NOTHING, seen=WRITTEN)
    assert not Note.objects.exists()


def test_nothing_changes_where_the_trail_cannot_record(
    change: Change, secret: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(WRITTEN)

    def fail(**fields: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("audit.chain.append", fail)
    with pytest.raises(TrailUnavailable):
        change(replace(WRITTEN, how_to_renew="Mine"), seen=WRITTEN)
    assert kept(secret) == WRITTEN


def test_whoever_did_not_see_a_change_does_not_undo_it(change: Change, secret: Secret) -> None:
    theirs = replace(WRITTEN, how_to_renew="Theirs")
    change(WRITTEN)
    change(theirs, seen=WRITTEN)
    with pytest.raises(ChangedMeanwhile) as told:
        change(replace(WRITTEN, how_to_renew="Mine"), seen=WRITTEN)
    assert (told.value.current, told.value.fields) == (theirs, ["how_to_renew"])
    assert kept(secret) == theirs


def test_edits_of_different_fields_both_stay(change: Change, secret: Secret) -> None:
    change(WRITTEN)
    change(replace(WRITTEN, how_to_renew="Theirs"), seen=WRITTEN)
    change(replace(WRITTEN, labels=("mine",)), seen=WRITTEN)
    assert kept(secret) == Fields(labels=("mine",), how_to_renew="Theirs")


def test_two_who_want_the_same_are_not_in_each_others_way(change: Change, secret: Secret) -> None:
    change(WRITTEN)
    change(WRITTEN)
    assert kept(secret) == WRITTEN


def test_of_several_at_the_same_moment_one_is_saved_and_the_others_are_told(
    served_databases: None, connection: Connection, secret: Secret
) -> None:
    def write(number: int) -> object:
        wanted = Fields(how_to_renew=f"Editor {number}")
        try:
            notes.change(
                connection=connection, actor=ACTOR, secret=secret, seen=NOTHING, wanted=wanted
            )
        except ChangedMeanwhile as meanwhile:
            return meanwhile.current
        return wanted

    ends = at_once(write)
    assert ends == [kept(secret)] * len(ends), "each got its own, or was shown the one that is kept"
    assert trail().count(("notes.changed", "ok")) == 1


def test_an_owner_who_is_removed_leaves_the_rest(
    change: Change, secret: Secret, person: Person
) -> None:
    change(replace(WRITTEN, owner=person.pk))
    person.delete()
    assert kept(secret) == WRITTEN


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"owner": "x"}', '{"owner": null, "labels": 3}', "[" * 100_000],
    ids=lambda text: text[:20],
)
def test_a_form_that_does_not_say_what_it_showed_showed_nothing(text: str) -> None:
    assert Fields.from_json(text) == NOTHING


def test_what_a_form_showed_comes_back_whole() -> None:
    shown = Fields(owner=7, labels=("a", "経"), how_to_renew='two\nlines "<\u2028>"')
    assert Fields.from_json(shown.as_json()) == shown
    assert json.loads(shown.as_json())


# An earlier secret of the same name


def test_a_deleted_secret_leaves_its_notes_to_the_next_of_its_name(
    connection: Connection, secret: Secret, again: Secret
) -> None:
    offered = notes.offered(connection=connection, secret=again)
    assert offered
    assert notes.fields_of(offered) == WRITTEN
    assert notes.find(connection=connection, secret=again) is None, (
        "they are not taken by themselves"
    )
    before = offered.changed_at
    notes.adopt(connection=connection, actor=ACTOR, secret=again, note_id=offered.pk)
    assert (kept(again), kept(secret)) == (WRITTEN, NOTHING)
    assert notes.offered(connection=connection, secret=again) is None
    assert Note.objects.get().changed_at == before, "nobody changed what they say"
    assert trail("notes.adopted") == [("notes.adopted", "attempted"), ("notes.adopted", "ok")]
    assert (last_event().secret_id, last_event().detail) == (again.id, secret.id)


def test_notes_that_are_left_are_forgotten(
    connection: Connection, secret: Secret, again: Secret
) -> None:
    offered = notes.offered(connection=connection, secret=again)
    assert offered
    notes.dismiss(connection=connection, actor=ACTOR, secret=again, note_id=offered.pk)
    assert not Note.objects.exists()
    assert trail("notes.dismissed") == [("notes.dismissed", "attempted"), ("notes.dismissed", "ok")]
    assert last_event().detail == secret.id


@pytest.mark.parametrize("act", [notes.adopt, notes.dismiss])
def test_neither_happens_where_the_trail_cannot_record(
    connection: Connection, again: Secret, act: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = Note.objects.get()

    def fail(**fields: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("audit.chain.append", fail)
    with pytest.raises(TrailUnavailable):
        act(connection=connection, actor=ACTOR, secret=again, note_id=note.pk)
    assert Note.objects.get().secret_id == note.secret_id


def test_the_latest_of_several_earlier_notes_is_offered(
    connection: Connection, secret: Secret
) -> None:
    for number in (2, 1, 3):
        with time_machine.travel(timezone.now() + timedelta(days=number), tick=False):
            keep(secret_id=str(number), secret_name=secret.name)
    offered = notes.offered(connection=connection, secret=secret)
    assert offered
    assert offered.secret_id == "3"


def test_notes_of_ones_own_are_not_replaced(
    connection: Connection, change: Change, secret: Secret
) -> None:
    earlier = keep(secret_name=secret.name, how_to_renew="Old")
    change(WRITTEN)
    assert notes.offered(connection=connection, secret=secret) is None
    with pytest.raises(NothingOffered):
        notes.adopt(connection=connection, actor=ACTOR, secret=secret, note_id=earlier.pk)
    assert kept(secret) == WRITTEN
    assert trail("notes.adopted")[-1] == ("notes.adopted", "denied")


@pytest.mark.parametrize(
    "other",
    [
        {"organization_id": THEIRS, "secret_name": "crm-webhook-signing"},
        {"secret_name": "another-name"},
        {"secret_name": "CRM-webhook-signing"},
        {"secret_name": ""},
    ],
    ids=["organization", "name", "case", "no name"],
)
@pytest.mark.parametrize("act", [notes.adopt, notes.dismiss])
def test_what_is_not_an_earlier_secret_of_this_name_is_out_of_reach(
    connection: Connection, secret: Secret, other: dict[str, str], act: Change
) -> None:
    note = keep(**other)
    assert notes.offered(connection=connection, secret=secret) is None
    with pytest.raises(NothingOffered):
        act(connection=connection, actor=ACTOR, secret=secret, note_id=note.pk)
    assert Note.objects.get().secret_id == "1"


@pytest.mark.parametrize("name", ["", "crm\u202esigning", "crm\x00", "x" * 256])
def test_a_name_that_cannot_be_kept_as_it_is_tells_nothing(
    connection: Connection, change: Change, secret: Secret, name: str
) -> None:
    """Otherwise another name could pass for it."""
    hostile = of_another_name(secret, name)
    notes.change(connection=connection, actor=ACTOR, secret=hostile, seen=NOTHING, wanted=WRITTEN)
    assert Note.objects.get().secret_name == ""
    successor = replace(hostile, id="2")
    assert notes.offered(connection=connection, secret=successor) is None


# All of an organization


def test_the_index_is_folded_and_knows_labels_however_they_are_spelled() -> None:
    owner = Person.objects.create_user("taro", name="Tarō やまだ", role=Role.VIEWER)
    keep(secret_id="1", labels=["Billing", "ｱｸｾｽ"], how_to_renew="Ask the BANK", owner=owner)
    keep(secret_id="2", labels=["billing"])
    keep(THEIRS, secret_id="3", labels=["theirs"], how_to_renew="theirs")
    found = notes.index_of(ORGANIZATION_ID)
    assert found.texts["1"].split("\n") == ["billing", "アクセス", "ask the bank", "tarō ヤマダ"]
    assert found.labels_of == {"1": ("Billing", "ｱｸｾｽ"), "2": ("billing",)}
    assert len(found.labels) == 2
    assert found.with_label("BILLING") == {"1", "2"}
    assert found.with_label("あくせす") == {"1"}
    assert found.with_label("theirs") == set()


def test_an_organization_without_notes_has_an_empty_index(db: None) -> None:
    found = notes.index_of(ORGANIZATION_ID)
    assert (found.texts, found.labels, found.labels_of) == ({}, [], {})


def test_the_index_costs_one_query_and_then_none(django_assert_num_queries: Callable) -> None:
    keep(labels=["one"])
    with django_assert_num_queries(1):
        first = notes.index_of(ORGANIZATION_ID)
    with django_assert_num_queries(0):
        assert notes.index_of(ORGANIZATION_ID) == first


def test_a_reader_that_a_change_overtakes_leaves_nothing_old_behind(
    change: Change, secret: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = index._read

    def slow_read(organization_id: str) -> notes.NotesIndex:
        found = read(organization_id)
        monkeypatch.setattr(index, "_read", read)
        change(WRITTEN)
        return found

    monkeypatch.setattr(index, "_read", slow_read)
    assert notes.index_of(ORGANIZATION_ID).labels == []
    assert notes.index_of(ORGANIZATION_ID).labels_of == {secret.id: WRITTEN.labels}


def test_what_another_process_changed_shows_once_the_stamp_is_gone(db: None) -> None:
    assert notes.index_of(ORGANIZATION_ID).labels == []
    keep(labels=["new"])
    assert notes.index_of(ORGANIZATION_ID).labels == []
    cache.clear()
    assert notes.index_of(ORGANIZATION_ID).labels == ["new"]


def test_a_process_keeps_no_more_notes_ready_than_there_is_room(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "MOST_READY", 2)
    monkeypatch.setattr(index, "_ready", {})
    for organization_id, count in ((ORGANIZATION_ID, 1), (THEIRS, 1), ("143", 3), ("144", 1)):
        for number in range(count):
            keep(organization_id, secret_id=str(number), labels=["one"])
    ready = []
    for organization_id in (ORGANIZATION_ID, THEIRS, "143", "144"):
        assert notes.index_of(organization_id).labels == ["one"]
        ready.append(set(index._ready))
    assert ready == [{ORGANIZATION_ID}, {ORGANIZATION_ID, THEIRS}, {"143"}, {"144"}]


@pytest.mark.parametrize("act", [notes.adopt, notes.dismiss])
def test_every_change_shows_in_the_index_at_once(
    connection: Connection, change: Change, secret: Secret, again: Secret, act: Change
) -> None:
    assert notes.index_of(ORGANIZATION_ID).labels_of == {secret.id: WRITTEN.labels}
    act(connection=connection, actor=ACTOR, secret=again, note_id=Note.objects.get().pk)
    expected = {again.id: WRITTEN.labels} if act is notes.adopt else {}
    assert notes.index_of(ORGANIZATION_ID).labels_of == expected


# Favourites


def test_favourites_are_a_persons_own_in_one_organization(
    connection: Connection, secret: Secret, django_assert_num_queries: Callable
) -> None:
    def favour(person_id: int, *, is_favourite: bool = True) -> None:
        notes.set_favourite(
            connection=connection, person_id=person_id, secret=secret, is_favourite=is_favourite
        )

    assert notes.favourites_of(1, ORGANIZATION_ID) == frozenset()
    favour(1)
    favour(1)
    favour(2)
    assert notes.favourites_of(1, ORGANIZATION_ID) == {secret.id}
    assert notes.favourites_of(1, THEIRS) == frozenset()
    favour(1, is_favourite=False)
    assert notes.favourites_of(1, ORGANIZATION_ID) == frozenset()
    assert notes.favourites_of(2, ORGANIZATION_ID) == {secret.id}
    assert Favourite.objects.count() == 1
    assert trail() == []


def test_favourites_cost_one_query_and_then_none(
    db: None, django_assert_num_queries: Callable
) -> None:
    with django_assert_num_queries(1):
        notes.favourites_of(1, ORGANIZATION_ID)
    with django_assert_num_queries(0):
        notes.favourites_of(1, ORGANIZATION_ID)


# Owners


def test_whoever_gets_in_can_own_a_secret(person: Person) -> None:
    Person.objects.create_user("no-role")
    Person.objects.create_user("gone", role=Role.VIEWER, is_active=False)
    Person.objects.create_user("elsewhere", role=Role.VIEWER, issuer="https://id", subject="1")
    taro = Person.objects.create_user("taro", name="Taro", role=Role.VIEWER)
    assert notes.owner_choices(current=None) == [(str(person.pk), "hanako"), (str(taro.pk), "Taro")]


def test_an_owner_who_does_not_get_in_any_more_can_stay(person: Person) -> None:
    gone = Person.objects.create_user("gone", role=Role.VIEWER, is_active=False)
    names = dict(notes.owner_choices(current=gone.pk))
    assert names[str(gone.pk)] == "gone, who does not get in any more"


def test_behind_single_sign_on_its_people_own_secrets(person: Person, settings: Any) -> None:
    settings.AUTH_MODE = "proxy"
    Person.objects.create_user("a-hash", name="Ken", role=Role.VIEWER, issuer="i", subject="1")
    assert [name for _, name in notes.owner_choices(current=None)] == ["Ken"]


def test_namesakes_can_be_told_apart(db: None) -> None:
    for username, email in (("one", "one@example.com"), ("two", "")):
        Person.objects.create_user(username, email, name="Aoi", role=Role.VIEWER)
    assert [name for _, name in notes.owner_choices(current=None)] == [
        "Aoi (one@example.com)",
        "Aoi (two)",
    ]

from collections.abc import Callable

import pytest
from django.db import DatabaseError
from django.utils import timezone

from audit.models import Event
from audit.trail import TrailUnavailable
from secret_manager import (
    Conflict,
    Credential,
    InvalidArgument,
    NotAuthenticated,
    NotFound,
    Secret,
    SecretManagerClient,
)
from secrets_ui import journal, leases, writes
from secrets_ui.connection import Connection
from secrets_ui.models import Intent, Lease
from secrets_ui.outcomes import (
    AlreadyGone,
    ChangedMeanwhile,
    NameTaken,
    NotKnownYet,
    NotSaved,
    TakenOver,
)
from tests.secrets_ui.conftest import ORGANIZATION_ID, USER_ID
from tests.secrets_ui.lossy import Line
from tests.secrets_ui.support import (
    LATER,
    VALUE,
    a_new_secret,
    claimed,
    doing,
    kept,
    last_event,
    names_in,
    of_another_name,
    settle,
    values_of,
)
from tests.secrets_ui.views.support import trail

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
State = Intent.State


def change(connection: Connection, secret: Secret, **changes: object) -> None:
    writes.update_secret(
        doing=doing(connection),
        secret_id=secret.id,
        changes=changes,
        is_in_the_way=lambda current: False,
    )


class Broken:
    """Rows of a journal that cannot be written."""

    def filter(self, **_: object) -> "Broken":
        return self

    def update(self, **_: object) -> int:
        raise DatabaseError("disk full")


# Every act: what it is called in the trail, and a call of it.
ACTS: dict[str, Callable[[Connection, Secret, str], object]] = {
    "secret.created": lambda c, s, v: writes.create_secret(doing=doing(c), new=a_new_secret()),
    "secret.changed": lambda c, s, v: change(c, s, description="new"),
    "secret.deleted": lambda c, s, v: writes.delete_secret(doing=doing(c), secret=s),
    "version.added": lambda c, s, v: writes.add_version(doing=doing(c), secret=s, value=VALUE),
    "version.turned_on": lambda c, s, v: writes.turn_version(
        doing=doing(c), secret=s, version_id=v, on=True
    ),
    "version.turned_off": lambda c, s, v: writes.turn_version(
        doing=doing(c), secret=s, version_id=v, on=False
    ),
    "version.deleted": lambda c, s, v: writes.delete_version(
        doing=doing(c), secret=s, version_id=v
    ),
}
ON_A_VERSION = ["version.turned_on", "version.turned_off", "version.deleted"]
# These look at how things stand before they are recorded, so a stranger gets no further.
LOOK_FIRST = ["secret.changed", "version.added"]
each_act = pytest.mark.parametrize("action", ACTS)


def writes_in(asked: list[tuple[str, str]]) -> list[str]:
    """Return what the trail held when each request that changes something was made."""
    return [outcome for name, outcome in asked if name.startswith(("create", "update", "delete"))]


@each_act
def test_every_act_is_recorded_before_and_after(
    action: str,
    connection: Connection,
    secret: Secret,
    version_id: str,
    asked: list[tuple[str, str]],
) -> None:
    ACTS[action](connection, secret, version_id)
    assert trail() == [(action, "attempted"), (action, "ok")]
    assert writes_in(asked) == ["attempted"]
    event = last_event()
    assert (event.actor, event.actor_address) == ("hanako", "192.0.2.7")
    assert (event.organization_id, event.api_identity) == (ORGANIZATION_ID, USER_ID)
    if action in ON_A_VERSION:
        assert event.version_id == version_id
    if action != "secret.created":
        assert (event.secret_id, event.secret_name) == (secret.id, "crm-webhook-signing")


@each_act
def test_where_the_trail_cannot_record_nothing_is_sent(
    action: str,
    connection: Connection,
    secret: Secret,
    version_id: str,
    asked: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(Event.objects, "create", refuse)
    with pytest.raises(TrailUnavailable) as unavailable:
        ACTS[action](connection, secret, version_id)
    assert not unavailable.value.act_was_done
    assert writes_in(asked) == []


@each_act
def test_where_the_journal_cannot_note_it_nothing_is_sent(
    action: str,
    connection: Connection,
    secret: Secret,
    version_id: str,
    asked: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal, "_own", lambda intent: Broken())
    with pytest.raises(TrailUnavailable) as unavailable:
        ACTS[action](connection, secret, version_id)
    assert not unavailable.value.act_was_done
    assert writes_in(asked) == []
    assert trail()[-1] == (action, "failed")


@each_act
def test_an_outcome_that_cannot_be_noted_is_not_called_a_failure(
    action: str,
    connection: Connection,
    secret: Secret,
    version_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note = journal.sent

    def note_and_break(intent: Intent, **facts: object) -> None:
        note(intent, **facts)  # type: ignore[arg-type]
        monkeypatch.setattr(Intent, "objects", Broken())

    monkeypatch.setattr(journal, "sent", note_and_break)
    with pytest.raises(TrailUnavailable) as unavailable:
        ACTS[action](connection, secret, version_id)
    assert unavailable.value.act_was_done
    assert trail()[-1] == (action, "unknown")


@each_act
def test_a_refused_act_is_recorded_as_denied(action: str, secret: Secret, version_id: str) -> None:
    stranger = Connection(
        organization_id=ORGANIZATION_ID,
        label="",
        credential=Credential.personal(USER_ID, "not-the-token"),
    )
    with pytest.raises(NotAuthenticated):
        ACTS[action](stranger, secret, version_id)
    assert trail() == ([] if action in LOOK_FIRST else [(action, "attempted"), (action, "denied")])


@each_act
def test_no_value_and_no_credential_is_in_the_trail_or_the_journal(
    action: str, connection: Connection, secret: Secret, version_id: str
) -> None:
    ACTS[action](connection, secret, version_id)
    lines = repr([*Event.objects.values(), *Intent.objects.values()])
    for hidden in (VALUE, "the first value", connection.credential.secret):
        assert hidden not in lines


@pytest.mark.parametrize("action", ON_A_VERSION)
@pytest.mark.parametrize("bad", ["../2", "x" * 5000, "a\0b", "雪"])
def test_an_id_that_is_none_is_neither_sent_nor_recorded(
    action: str, bad: str, connection: Connection, secret: Secret, asked: list[tuple[str, str]]
) -> None:
    with pytest.raises(InvalidArgument):
        ACTS[action](connection, secret, bad)
    assert asked == []
    assert trail() == []


def test_a_new_secret_is_kept_with_all_that_was_typed(
    connection: Connection, api: SecretManagerClient
) -> None:
    new = a_new_secret(description="Bank", expired_at=LATER, app_ids=["51", "52"])
    created_id = writes.create_secret(doing=doing(connection), new=new)
    stored = api.get_secret(ORGANIZATION_ID, created_id)
    assert (stored.name, stored.description, stored.expired_at) == ("bank-api", "Bank", LATER)
    assert stored.integration_service_type == writes.LABS
    assert stored.integration_service_ids == ("51", "52")
    attempted, done = Event.objects.order_by("pk")
    assert (attempted.secret_name, attempted.secret_id) == ("bank-api", "")
    assert (done.secret_name, done.secret_id) == ("bank-api", created_id)


def test_a_taken_name_is_recorded_as_failed(connection: Connection, secret: Secret) -> None:
    with pytest.raises(Conflict):
        writes.create_secret(doing=doing(connection), new=a_new_secret(name=secret.name))
    assert trail()[-1] == ("secret.created", "failed")


def test_only_the_changes_are_sent_and_their_names_recorded(
    connection: Connection, api: SecretManagerClient, secret: Secret
) -> None:
    change(connection, secret, expired_at=LATER, app_ids=["51"])
    changed = api.get_secret(ORGANIZATION_ID, secret.id)
    assert last_event().detail == "expired_at, app_ids"
    assert changed.description == "Signs CRM calls"
    assert (changed.expired_at, changed.integration_service_ids) == (LATER, ("51",))
    assert changed.integration_service_type == writes.LABS
    change(connection, secret, description=None, expired_at=None, app_ids=[])
    cleared = api.get_secret(ORGANIZATION_ID, secret.id)
    assert not cleared.description
    assert cleared.expired_at is None
    assert cleared.integration_service_ids == ()
    assert not cleared.integration_service_type


def test_a_new_version_leaves_the_old_ones_as_they_are(
    connection: Connection, api: SecretManagerClient, secret: Secret
) -> None:
    writes.add_version(doing=doing(connection), secret=secret, value=VALUE)
    versions = api.list_secret_versions(ORGANIZATION_ID, secret.id)
    assert {version.version: version.is_on for version in versions} == {1: True, 2: True}
    assert last_event().version_id == next(each.id for each in versions if each.version == 2)


def test_a_version_is_turned_off_and_on_and_deleted(
    connection: Connection, api: SecretManagerClient, secret: Secret, version_id: str
) -> None:
    def is_on() -> bool:
        return api.get_secret_version(ORGANIZATION_ID, secret.id, version_id).is_on

    ACTS["version.turned_off"](connection, secret, version_id)
    assert not is_on()
    ACTS["version.turned_on"](connection, secret, version_id)
    assert is_on()
    ACTS["version.deleted"](connection, secret, version_id)
    with pytest.raises(NotFound):
        is_on()


@pytest.mark.parametrize("action", ["secret.deleted", "version.deleted"])
def test_what_somebody_else_has_deleted_is_said_to_be_theirs(
    action: str, connection: Connection, secret: Secret, version_id: str
) -> None:
    ACTS[action](connection, secret, version_id)
    with pytest.raises(AlreadyGone):
        ACTS[action](connection, secret, version_id)
    assert [outcome for _, outcome in trail()] == ["attempted", "ok", "attempted", "failed"]


@pytest.mark.parametrize("action", ["secret.deleted", "version.deleted"])
def test_what_is_gone_after_our_own_lost_attempt_is_deleted(
    action: str, connection: Connection, secret: Secret, version_id: str, line: Line
) -> None:
    line.loses("DELETE", arrives=True)
    ACTS[action](connection, secret, version_id)
    assert line.count("DELETE") == 1
    assert trail()[-1] == (action, "ok")


@pytest.mark.parametrize("action", ["secret.deleted", "version.deleted"])
def test_what_is_gone_at_the_second_attempt_of_one_form_is_our_own_doing(
    action: str,
    connection: Connection,
    secret: Secret,
    version_id: str,
    truth: SecretManagerClient,
    line: Line,
) -> None:
    delete = writes.delete_secret if action == "secret.deleted" else writes.delete_version
    ids = {} if action == "secret.deleted" else {"version_id": version_id}
    line.loses("DELETE", arrives=False)
    intent = claimed("0123456789abcdef")
    with pytest.raises(NotKnownYet):
        delete(doing=doing(connection, intent), secret=secret, **ids)  # type: ignore[operator]
    assert settle(connection, intent) == State.NOT_SAVED
    # The request was under way for longer than anybody waits, and arrives only now.
    if action == "secret.deleted":
        truth.delete_secret(ORGANIZATION_ID, secret.id)
    else:
        truth.delete_secret_version(ORGANIZATION_ID, secret.id, version_id)
    again = doing(connection, claimed("0123456789abcdef"))
    delete(doing=again, secret=secret, **ids)  # type: ignore[operator]
    assert kept(intent).state == State.SAVED


@pytest.mark.parametrize("name", ["line\nbreak\0\x1b[31m", "n" * 5000, "", "\u202eevil"])
def test_a_hostile_name_can_be_acted_on_and_recorded(
    name: str, connection: Connection, secret: Secret
) -> None:
    writes.delete_secret(doing=doing(connection), secret=of_another_name(secret, name))
    assert trail()[-1] == ("secret.deleted", "ok")
    recorded = last_event().secret_name
    assert recorded.isprintable()
    assert len(recorded) <= 255


def test_what_is_in_the_way_is_looked_for_just_before_and_nothing_is_sent(
    connection: Connection, truth: SecretManagerClient, secret: Secret, line: Line
) -> None:
    seen = []

    def is_in_the_way(current: Secret) -> bool:
        seen.append(current.description)
        return True

    truth.update_secret(ORGANIZATION_ID, secret.id, description="Theirs")
    intent = claimed()
    with pytest.raises(ChangedMeanwhile) as meanwhile:
        writes.update_secret(
            doing=doing(connection, intent),
            secret_id=secret.id,
            changes={"description": "Mine"},
            is_in_the_way=is_in_the_way,
        )
    assert seen == ["Theirs"]
    assert meanwhile.value.current.description == "Theirs"
    assert line.count("PATCH") == 0
    assert kept(intent).state == State.CLAIMED


def test_a_write_between_our_reading_and_ours_makes_us_start_over(
    connection: Connection, truth: SecretManagerClient, secret: Secret, line: Line
) -> None:
    line.meets("PATCH", first=lambda: truth.update_secret(ORGANIZATION_ID, secret.id, "Theirs"))
    change(connection, secret, app_ids=["51"])
    now = truth.get_secret(ORGANIZATION_ID, secret.id)
    assert (now.description, now.integration_service_ids) == ("Theirs", ("51",))
    assert [outcome for _, outcome in trail()] == ["attempted", "failed", "attempted", "ok"]


def test_starting_over_looks_again_for_what_is_in_the_way(
    connection: Connection, truth: SecretManagerClient, secret: Secret, line: Line
) -> None:
    line.meets("PATCH", first=lambda: truth.update_secret(ORGANIZATION_ID, secret.id, "Theirs"))
    with pytest.raises(ChangedMeanwhile):
        writes.update_secret(
            doing=doing(connection),
            secret_id=secret.id,
            changes={"description": "Mine"},
            is_in_the_way=lambda current: current.description == "Theirs",
        )
    assert truth.get_secret(ORGANIZATION_ID, secret.id).description == "Theirs"


def test_starting_over_ends_where_the_writing_elsewhere_does_not(
    connection: Connection, truth: SecretManagerClient, secret: Secret, line: Line
) -> None:
    for number in range(writes.EDIT_ATTEMPTS):
        text = f"Theirs {number}"
        line.meets(
            "PATCH",
            first=lambda text=text: truth.update_secret(ORGANIZATION_ID, secret.id, text),
        )
    with pytest.raises(Conflict):
        change(connection, secret, app_ids=["51"])
    assert line.count("PATCH") == writes.EDIT_ATTEMPTS
    assert truth.get_secret(ORGANIZATION_ID, secret.id).integration_service_ids == ()


def test_an_edit_that_cannot_be_leased_is_not_sent(
    connection: Connection, secret: Secret, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(Lease.objects, "create", refuse)
    with pytest.raises(TrailUnavailable) as unavailable:
        change(connection, secret, description="Mine")
    assert not unavailable.value.act_was_done
    assert line.count("PATCH") == 0


def test_an_edit_is_leased_while_it_reads_and_writes_and_no_longer(
    connection: Connection, secret: Secret, line: Line
) -> None:
    held = []
    for method in ("GET", "PATCH"):
        line.meets(method, first=lambda: held.append(Lease.objects.count()))
    change(connection, secret, description="Mine")
    assert held == [1, 1]
    assert Lease.objects.count() == 0
    assert leases.LASTS.total_seconds() > 15  # all that one form may take


def test_two_people_with_one_nonce_do_not_meet_in_the_secret_manager_either(
    connection: Connection, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    # A key is sent only where it was announced.
    connection.client.get_secret(ORGANIZATION_ID, secret.id)
    ours, theirs = (claimed("0123456789abcdef", person_id=person_id) for person_id in (1, 2))
    for intent, name in ((ours, "ours"), (theirs, "theirs")):
        writes.create_secret(doing=doing(connection, intent), new=a_new_secret(name=name))
    assert set(names_in(truth)) == {secret.name, "ours", "theirs"}
    keys = [each.headers["Idempotency-Key"] for each in line.sent if each.method == "POST"]
    assert len(set(keys)) == 2


@each_act
def test_an_arrival_that_another_has_taken_over_sends_nothing(
    action: str,
    connection: Connection,
    secret: Secret,
    version_id: str,
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note = journal.sent

    def note_too_late(intent: Intent, **facts: object) -> None:
        Intent.objects.update(working_since=timezone.now() - journal.IN_FLIGHT * 2)
        claimed(intent.nonce)
        note(intent, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(journal, "sent", note_too_late)
    with pytest.raises(TakenOver):
        ACTS[action](connection, secret, version_id)
    assert [line.count(method) for method in ("POST", "PATCH", "DELETE")] == [0, 0, 0]
    assert trail()[-1] == (action, "failed")
    assert Intent.objects.get().state == State.CLAIMED


def test_what_is_sent_anew_from_one_form_has_the_same_key(
    connection: Connection, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    """Here the first request is so late that two looks miss it, and only the key can help."""
    line.loses("POST", arrives=False)
    with pytest.raises(NotSaved):
        writes.add_version(
            doing=doing(connection, claimed("0123456789abcdef")), secret=secret, value=VALUE
        )
    (first,) = [request for request in line.sent if request.method == "POST"]
    # A key is sent only where it was announced, and this client has not heard of it yet.
    truth.get_secret(ORGANIZATION_ID, secret.id)
    truth.create_secret_version(
        ORGANIZATION_ID, secret.id, VALUE, idempotency_key=first.headers["Idempotency-Key"]
    )
    writes.add_version(
        doing=doing(connection, claimed("0123456789abcdef")), secret=secret, value=VALUE
    )
    assert values_of(truth, secret.id).count(VALUE) == 1


def not_saved_at_first(connection: Connection, line: Line) -> None:
    """Lose a new secret on the way to a server without keys, and look it up after a quiet time."""
    line.announces = False
    line.loses("POST", arrives=False)
    intent = claimed("0123456789abcdef")
    with pytest.raises(NotKnownYet):
        writes.create_secret(doing=doing(connection, intent), new=a_new_secret())
    assert settle(connection, intent) == State.NOT_SAVED


def test_a_name_that_our_own_late_request_took_is_not_somebody_elses(
    connection: Connection, truth: SecretManagerClient, line: Line
) -> None:
    not_saved_at_first(connection, line)
    late = truth.create_secret(ORGANIZATION_ID, "bank-api", VALUE)
    again = doing(connection, claimed("0123456789abcdef"))
    assert writes.create_secret(doing=again, new=a_new_secret()) == late.id


def test_a_refusal_between_two_tries_does_not_forget_the_lost_one(
    connection: Connection, truth: SecretManagerClient, line: Line
) -> None:
    not_saved_at_first(connection, line)
    line.loses("POST", arrives=False, status=401)
    with pytest.raises(NotAuthenticated):
        writes.create_secret(
            doing=doing(connection, claimed("0123456789abcdef")), new=a_new_secret()
        )
    late = truth.create_secret(ORGANIZATION_ID, "bank-api", VALUE)
    again = doing(connection, claimed("0123456789abcdef"))
    assert writes.create_secret(doing=again, new=a_new_secret()) == late.id


def test_a_name_that_is_taken_at_the_second_try_is_taken(
    connection: Connection, truth: SecretManagerClient, line: Line
) -> None:
    not_saved_at_first(connection, line)
    truth.create_secret(ORGANIZATION_ID, "bank-api", "somebody else's value")
    with pytest.raises(NameTaken):
        writes.create_secret(
            doing=doing(connection, claimed("0123456789abcdef")), new=a_new_secret()
        )

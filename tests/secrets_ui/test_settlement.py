from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone

from audit.models import Event
from audit.trail import TrailUnavailable
from dashboard.embedded import EmbeddedAdapter
from emulator.auth import issue_token
from emulator.models import Organization, Token
from emulator.models import Secret as StoredSecret
from secret_manager import (
    Credential,
    Listing,
    Secret,
    SecretManagerClient,
    SecretManagerError,
    Transport,
)
from secrets_ui import settlement, writes
from secrets_ui.connection import EMBEDDED_BASE_URL, Connection
from secrets_ui.models import Intent
from secrets_ui.outcomes import NameTaken, NotKnownYet, NotSaved
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.lossy import Line
from tests.secrets_ui.support import (
    LATER,
    VALUE,
    a_new_secret,
    claimed,
    doing,
    kept,
    names_in,
    settle,
    values_of,
)
from tests.secrets_ui.views.support import trail

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
State = Intent.State

Act = Callable[[], object]
# How an answer gets lost: the connection drops, or a proxy answers in the server's place. What is then
# stored is the same, so on PostgreSQL one way of each test is enough.
PROXIED = [
    pytest.param(status, marks=pytest.mark.soak) for status in (500, 502, 503, 504, 408, 302)
]
each_loss = pytest.mark.parametrize("status", [None, *PROXIED], ids=str)


@pytest.fixture
def intent(db: None) -> Intent:
    return claimed()


@pytest.fixture
def create(connection: Connection, intent: Intent, line: Line) -> Act:
    return lambda: writes.create_secret(doing=doing(connection, intent), new=a_new_secret())


@pytest.fixture
def add(connection: Connection, intent: Intent, secret: Secret, line: Line) -> Act:
    return lambda: writes.add_version(doing=doing(connection, intent), secret=secret, value=VALUE)


@pytest.fixture
def another(organization: Organization, user_id: str) -> SecretManagerClient:
    """Somebody in the organization, past the line that a test breaks."""
    _, token = issue_token(organization=organization, kind=Token.Kind.BEARER, principal=user_id)
    transport = Transport(EMBEDDED_BASE_URL, adapter=EmbeddedAdapter())
    return SecretManagerClient(Credential.bearer(token), transport=transport)


@pytest.fixture
def key(connection: Connection, line: Line) -> None:
    """Let the client hear of the server's keys before it writes: it sends one only then."""
    connection.client.list_secrets(ORGANIZATION_ID)


def is_from(when: timedelta) -> None:
    """Let the server say that every secret was made so far from now."""
    StoredSecret.objects.update(created_at=timezone.now() + when)


class Killed(BaseException):
    """What ends a process without giving it time to note anything more."""


def dies_sending(line: Line, method: str, act: Act, *, arrives: bool) -> None:
    """Let the process end before it gets the answer."""

    def die() -> None:
        raise Killed

    line.loses(method, arrives=arrives, later=die)
    with pytest.raises(Killed):
        act()


# A new secret whose answer was lost


@each_loss
def test_a_new_secret_that_is_there_is_saved(
    create: Act, intent: Intent, truth: SecretManagerClient, line: Line, status: int | None
) -> None:
    line.loses("POST", arrives=True, status=status)
    created_id = create()
    (made,) = truth.list_secrets(ORGANIZATION_ID)
    assert (made.id, made.name, values_of(truth, made.id)) == (created_id, "bank-api", [VALUE])
    assert line.count("POST") == 1
    assert (kept(intent).state, kept(intent).secret_id) == (State.SAVED, made.id)
    assert trail("secret.created")[-1] == ("secret.created", "ok")


@each_loss
def test_a_new_secret_that_is_not_there_yet_may_still_come(
    create: Act,
    intent: Intent,
    connection: Connection,
    truth: SecretManagerClient,
    line: Line,
    status: int | None,
) -> None:
    line.loses("POST", arrives=False, status=status)
    with pytest.raises(NotKnownYet):
        create()
    assert kept(intent).state == State.UNKNOWN
    assert trail("secret.created")[-1] == ("secret.created", "unknown")
    late = truth.create_secret(ORGANIZATION_ID, "bank-api", VALUE)
    assert settle(connection, intent, seconds=settlement.QUIET.total_seconds() - 2) == State.SAVED
    assert kept(intent).secret_id == late.id
    assert line.count("POST") == 1


@pytest.mark.usefixtures("key")
@each_loss
def test_where_the_server_knows_keys_a_new_secret_that_is_not_there_is_not_saved(
    create: Act, intent: Intent, truth: SecretManagerClient, line: Line, status: int | None
) -> None:
    line.loses("POST", arrives=False, status=status)
    with pytest.raises(NotSaved):
        create()
    assert names_in(truth) == []
    assert line.count("POST") == 1
    assert kept(intent).state == State.NOT_SAVED
    assert trail("secret.created")[-1] == ("secret.created", "failed")


def test_a_new_secret_that_appears_at_the_second_look_is_saved(
    create: Act, truth: SecretManagerClient, line: Line
) -> None:
    line.loses("POST", arrives=False)
    line.meets("GET", later=lambda: truth.create_secret(ORGANIZATION_ID, "bank-api", VALUE))
    assert create() == truth.list_secrets(ORGANIZATION_ID).items[0].id


@pytest.mark.parametrize("user_id", ["user-1410000000001", "user-1410000000002"])
def test_a_name_that_another_took_meanwhile_is_taken(
    create: Act, intent: Intent, another: SecretManagerClient, line: Line
) -> None:
    line.loses(
        "POST",
        arrives=True,
        first=lambda: another.create_secret(ORGANIZATION_ID, "bank-api", "another's value"),
    )
    with pytest.raises(NameTaken):
        create()
    assert kept(intent).state == State.TAKEN
    assert trail("secret.created")[-1] == ("secret.created", "failed")


@pytest.mark.parametrize("creator", ["1410000000002", ""])
def test_with_the_value_at_hand_it_decides_and_not_the_creator(
    create: Act, intent: Intent, line: Line, creator: str
) -> None:
    """A data source's secret may have its owner as creator."""
    line.loses("POST", arrives=True, later=lambda: StoredSecret.objects.update(user_id=creator))
    create()
    assert kept(intent).state == State.SAVED
    assert trail("value.compared") == [("value.compared", "attempted"), ("value.compared", "ok")]


def test_a_secret_from_long_before_is_not_ours(
    connection: Connection, truth: SecretManagerClient, line: Line
) -> None:
    truth.create_secret(ORGANIZATION_ID, "bank-api", VALUE)
    with time_machine.travel(timezone.now() + settlement.SKEW * 2, tick=True):
        line.loses("POST", arrives=True)
        with pytest.raises(NameTaken):
            writes.create_secret(doing=doing(connection), new=a_new_secret())
    assert trail("value.compared") == []


each_clock = pytest.mark.parametrize("minutes", [-6, 6, -600, 600])


@each_clock
def test_a_new_secret_is_ours_however_wrong_the_servers_clock_is(
    create: Act, intent: Intent, line: Line, minutes: int
) -> None:
    line.ahead = timedelta(minutes=minutes)
    line.loses("POST", arrives=True, later=lambda: is_from(timedelta(minutes=minutes)))
    create()
    assert kept(intent).state == State.SAVED


@each_clock
def test_a_secret_from_long_before_by_the_servers_clock_is_not_ours(
    create: Act, intent: Intent, line: Line, minutes: int
) -> None:
    line.ahead = timedelta(minutes=minutes)
    long_before = line.ahead - settlement.SKEW * 2
    line.loses("POST", arrives=True, later=lambda: is_from(long_before))
    with pytest.raises(NameTaken):
        create()
    assert trail("value.compared") == []


@pytest.mark.parametrize("act", ["create", "add"])
def test_a_comparison_that_cannot_be_recorded_does_not_call_it_undone(
    act: str,
    intent: Intent,
    line: Line,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, record = request.getfixturevalue(act), Event.objects.create

    def refuse(**facts: object) -> Event:
        if facts["action"] == "value.compared":
            raise DatabaseError("disk full")
        return record(**facts)

    monkeypatch.setattr(Event.objects, "create", refuse)
    line.loses("POST", arrives=True)
    with pytest.raises(TrailUnavailable) as unavailable:
        write()
    assert unavailable.value.act_was_done
    assert kept(intent).state == State.UNKNOWN
    assert trail()[-1][1] == "unknown"
    fetched = [request for request in line.sent if "return_secret_value" in (request.url or "")]
    assert fetched == [], "what cannot be recorded is not fetched"


def test_a_new_secret_that_cannot_be_looked_up_is_not_known(
    create: Act, intent: Intent, truth: SecretManagerClient, line: Line
) -> None:
    line.loses("POST", arrives=True)
    line.loses("GET", arrives=False, times=1000)
    with pytest.raises(NotKnownYet):
        create()
    assert kept(intent).state == State.UNKNOWN
    assert trail("secret.created")[-1] == ("secret.created", "unknown")
    assert names_in(truth) == ["bank-api"]


def test_a_list_that_is_itself_not_found_proves_nothing(
    create: Act, intent: Intent, line: Line
) -> None:
    line.loses("POST", arrives=True)
    line.loses("GET", arrives=False, status=404, times=1000)
    with pytest.raises(NotKnownYet):
        create()
    assert kept(intent).state == State.UNKNOWN


def test_a_list_that_may_be_incomplete_proves_nothing(
    create: Act, intent: Intent, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.loses("POST", arrives=False)
    monkeypatch.setattr(
        SecretManagerClient,
        "list_secrets",
        lambda self, organization_id: Listing(items=(), complete=False),
    )
    with pytest.raises(NotKnownYet):
        create()
    assert kept(intent).state == State.UNKNOWN


@pytest.mark.parametrize("act", ["create", "add"])
def test_a_comparison_without_a_value_proves_nothing(
    act: str, intent: Intent, line: Line, request: pytest.FixtureRequest
) -> None:
    write = request.getfixturevalue(act)
    line.loses("POST", arrives=True, later=lambda: line.lacks.add("value"))
    with pytest.raises(NotKnownYet):
        write()
    assert kept(intent).state == State.UNKNOWN


def test_a_list_of_versions_with_holes_does_not_prove_that_a_name_is_taken(
    create: Act, intent: Intent, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.loses("POST", arrives=True)
    monkeypatch.setattr(
        SecretManagerClient,
        "list_secret_versions",
        lambda self, *ids: Listing(items=(), complete=False),
    )
    with pytest.raises(NotKnownYet):
        create()
    assert kept(intent).state == State.UNKNOWN


@pytest.mark.usefixtures("key", "secret")
@pytest.mark.parametrize("lacking", ["name", "id"])
def test_a_list_with_holes_proves_nothing_until_a_person_has_to_look(
    create: Act, intent: Intent, connection: Connection, line: Line, lacking: str
) -> None:
    line.lacks.add(lacking)
    line.loses("POST", arrives=False)
    with pytest.raises(NotKnownYet):
        create()
    assert kept(intent).state == State.UNKNOWN
    a_day = settlement.GIVEN_UP.total_seconds()
    assert settle(connection, intent, seconds=a_day - 5) == State.UNKNOWN
    assert settle(connection, intent, seconds=a_day + 5) == State.UNSURE
    assert kept(intent).state == State.UNSURE
    line.heals()


def test_a_refused_new_secret_is_not_looked_up(create: Act, intent: Intent, line: Line) -> None:
    line.loses("POST", arrives=False, status=403)
    with pytest.raises(SecretManagerError):
        create()
    assert line.count("GET") == 0
    assert kept(intent).state == State.NOT_SAVED


# A new version whose answer was lost: it has no name to be known by


@each_loss
def test_a_new_version_with_our_value_is_saved(
    add: Act,
    secret: Secret,
    intent: Intent,
    truth: SecretManagerClient,
    line: Line,
    status: int | None,
) -> None:
    line.loses("POST", arrives=True, status=status)
    add()
    assert values_of(truth, secret.id) == ["the first value", VALUE]
    assert line.count("POST") == 1
    newest = max(truth.list_secret_versions(ORGANIZATION_ID, secret.id), key=lambda v: v.version)
    assert (kept(intent).state, kept(intent).version_id) == (State.SAVED, newest.id)


def test_a_comparison_is_recorded_and_only_what_is_new_is_compared(
    add: Act, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    line.loses("POST", arrives=True)
    add()
    assert trail() == [
        ("version.added", "attempted"),
        ("value.compared", "attempted"),
        ("value.compared", "ok"),
        ("version.added", "ok"),
    ]
    (compared,) = Event.objects.filter(action="value.compared", outcome="ok")
    (_, new) = sorted(
        truth.list_secret_versions(ORGANIZATION_ID, secret.id), key=lambda v: v.version
    )
    assert (compared.secret_id, compared.version_id) == (secret.id, new.id)
    assert compared.actor == "hanako"
    fetched = [request for request in line.sent if "return_secret_value" in (request.url or "")]
    assert len(fetched) == 1


def test_the_comparison_takes_as_long_whatever_differs(
    add: Act, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("secret_manager.values.hmac.compare_digest", compare)
    line.loses("POST", arrives=True)
    add()
    assert (VALUE.encode(), VALUE.encode()) in compared


def test_a_version_of_somebody_else_is_not_ours(
    add: Act, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    line.loses(
        "POST",
        arrives=False,
        first=lambda: truth.create_secret_version(ORGANIZATION_ID, secret.id, "another's"),
    )
    with pytest.raises(NotSaved):
        add()


def test_where_the_server_knows_keys_a_version_that_is_not_there_may_be_sent_again_at_once(
    add: Act, intent: Intent, line: Line
) -> None:
    line.loses("POST", arrives=False)
    with pytest.raises(NotSaved):
        add()
    assert kept(intent).state == State.NOT_SAVED


def test_where_it_does_not_a_version_that_is_not_there_is_not_known_yet(
    add: Act, intent: Intent, line: Line
) -> None:
    line.announces = False
    line.loses("POST", arrives=False)
    with pytest.raises(NotKnownYet):
        add()
    assert kept(intent).state == State.UNKNOWN


def test_a_key_counts_only_where_the_lost_request_had_it(
    add: Act, connection: Connection, secret: Secret, line: Line
) -> None:
    """A server that is updated meanwhile announces keys too late for what was sent before."""
    line.announces = False

    def is_updated_and_read_by_others() -> None:
        line.announces = True
        connection.client.get_secret(ORGANIZATION_ID, secret.id)

    line.loses("POST", arrives=False, later=is_updated_and_read_by_others)
    with pytest.raises(NotKnownYet):
        add()


def test_a_version_that_appears_at_the_second_look_is_saved(
    add: Act, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    line.announces = False

    def arrive() -> None:
        truth.create_secret_version(ORGANIZATION_ID, secret.id, VALUE)

    def wait_for_the_look() -> None:
        line.meets("GET", later=arrive)

    line.loses("POST", arrives=False, later=wait_for_the_look)
    add()
    assert values_of(truth, secret.id) == ["the first value", VALUE]


def test_more_new_versions_than_are_compared_leave_it_unsure(
    add: Act, intent: Intent, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    def others() -> None:
        for number in range(settlement.COMPARED + 1):
            truth.create_secret_version(ORGANIZATION_ID, secret.id, f"another's {number}")

    line.loses("POST", arrives=False, first=others)
    with pytest.raises(NotKnownYet):
        add()
    assert kept(intent).state == State.UNSURE
    assert trail("value.compared").count(("value.compared", "ok")) == settlement.COMPARED


def test_a_server_whose_clock_is_slow_hides_no_version(
    add: Act, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    def an_hour_ago() -> None:
        with time_machine.travel(timezone.now() - timedelta(hours=1)):
            truth.create_secret_version(ORGANIZATION_ID, secret.id, VALUE)

    line.loses("POST", arrives=False, first=an_hour_ago)
    add()


# What a killed process left behind, looked up without the value


@pytest.mark.parametrize("arrives", [True, False])
def test_a_new_secret_left_behind_is_settled_by_its_name(
    create: Act, intent: Intent, connection: Connection, line: Line, arrives: bool
) -> None:
    dies_sending(line, "POST", create, arrives=arrives)
    assert kept(intent).state == State.SENT
    assert settle(connection, intent) == (State.SAVED if arrives else State.NOT_SAVED)
    assert trail("value.compared") == []
    assert trail("write.looked_up") == [("write.looked_up", "attempted"), ("write.looked_up", "ok")]


@pytest.mark.parametrize("user_id", ["user-1410000000002"])
def test_a_new_secret_left_behind_whose_name_another_has_may_still_be_ours(
    create: Act, intent: Intent, connection: Connection, another: SecretManagerClient, line: Line
) -> None:
    dies_sending(line, "POST", create, arrives=False)
    another.create_secret(ORGANIZATION_ID, "bank-api", VALUE)
    assert settle(connection, intent) == State.UNSURE


def test_a_new_secret_left_behind_whose_name_was_taken_long_before_is_taken(
    create: Act, intent: Intent, connection: Connection, truth: SecretManagerClient, line: Line
) -> None:
    dies_sending(line, "POST", create, arrives=False)
    truth.create_secret(ORGANIZATION_ID, "bank-api", VALUE)
    is_from(-settlement.SKEW * 2)
    assert settle(connection, intent) == State.TAKEN


def test_what_was_made_long_after_with_our_credential_is_not_called_ours(
    create: Act, intent: Intent, connection: Connection, truth: SecretManagerClient, line: Line
) -> None:
    dies_sending(line, "POST", create, arrives=False)
    truth.create_secret(ORGANIZATION_ID, "bank-api", "somebody else's value")
    is_from(timedelta(hours=2))
    assert settle(connection, intent, seconds=7200) == State.UNSURE
    assert trail("value.compared") == []


@each_clock
def test_what_was_left_behind_is_placed_in_time_by_the_servers_clock(
    create: Act, intent: Intent, connection: Connection, line: Line, minutes: int
) -> None:
    line.ahead = timedelta(minutes=minutes)
    dies_sending(line, "POST", create, arrives=True)
    is_from(timedelta(minutes=minutes))
    assert settle(connection, intent) == State.SAVED


def test_without_a_time_nobody_can_tell_whose_a_secret_is(
    create: Act, intent: Intent, connection: Connection, line: Line
) -> None:
    dies_sending(line, "POST", create, arrives=True)
    line.lacks.add("created_at")
    assert settle(connection, intent) == State.UNSURE


def test_a_bearer_token_does_not_tell_whose_a_secret_is(
    create: Act, intent: Intent, organization: Organization, line: Line
) -> None:
    dies_sending(line, "POST", create, arrives=True)
    _, token = issue_token(organization=organization, kind=Token.Kind.BEARER, principal="user-1")
    bearer = Connection(
        organization_id=ORGANIZATION_ID, label="", credential=Credential.bearer(token)
    )
    assert settle(bearer, intent) == State.UNSURE


@pytest.mark.parametrize("arrives", [True, False])
def test_a_look_up_records_what_it_looked_for_and_what_it_found(
    create: Act, intent: Intent, connection: Connection, line: Line, arrives: bool
) -> None:
    dies_sending(line, "POST", create, arrives=arrives)
    state = settle(connection, intent)
    attempted, done = Event.objects.filter(action="write.looked_up").order_by("pk")
    assert (attempted.detail, done.detail) == ("secret.created", f"secret.created: {state}")
    assert done.secret_name == "bank-api"
    assert bool(done.secret_id) == arrives


def test_a_new_version_left_behind_stays_unsure_and_no_value_is_fetched(
    add: Act, intent: Intent, connection: Connection, line: Line
) -> None:
    dies_sending(line, "POST", add, arrives=True)
    assert settle(connection, intent) == State.UNSURE
    assert trail("value.compared") == []
    assert not [request for request in line.sent if "return_secret_value" in (request.url or "")]


@pytest.mark.parametrize("announces", [True, False])
def test_a_version_that_is_not_there_is_not_saved_only_after_a_quiet_time(
    add: Act, intent: Intent, connection: Connection, line: Line, announces: bool
) -> None:
    """The form is gone with its key, so also a server that knows keys must have let go of it."""
    line.announces = announces
    dies_sending(line, "POST", add, arrives=False)
    quiet = settlement.QUIET.total_seconds()
    assert quiet == 30
    assert settle(connection, intent, seconds=quiet - 2) == State.UNKNOWN
    assert settle(connection, intent, seconds=quiet + 1) == State.NOT_SAVED


def test_what_cannot_be_looked_up_stays_open(
    create: Act, intent: Intent, connection: Connection, line: Line
) -> None:
    dies_sending(line, "POST", create, arrives=True)
    line.is_dead()
    with pytest.raises(SecretManagerError):
        settle(connection, intent)
    assert kept(intent).state == State.UNKNOWN
    line.heals()
    assert settle(connection, kept(intent)) == State.SAVED


def test_what_cannot_be_looked_up_rests_and_is_a_persons_to_look_at_after_a_day(
    create: Act, intent: Intent, connection: Connection, line: Line
) -> None:
    dies_sending(line, "POST", create, arrives=False)
    line.is_dead()
    before = kept(intent).working_since
    with pytest.raises(SecretManagerError):
        settle(connection, kept(intent))
    assert kept(intent).working_since > before
    a_day = settlement.GIVEN_UP + timedelta(hours=1)
    Intent.objects.update(sent_at=timezone.now() - a_day)
    with pytest.raises(SecretManagerError):
        settle(connection, kept(intent))
    assert kept(intent).state == State.UNSURE


# What has a name of its own: changes and deletions


@pytest.fixture
def edit(connection: Connection, intent: Intent, secret: Secret, line: Line) -> Act:
    return lambda: writes.update_secret(
        doing=doing(connection, intent),
        secret_id=secret.id,
        changes={"description": "Mine", "expired_at": LATER, "app_ids": ["52", "51"]},
        is_in_the_way=lambda current: False,
    )


@pytest.fixture
def turn_off(
    connection: Connection, intent: Intent, secret: Secret, version_id: str, line: Line
) -> Act:
    return lambda: writes.turn_version(
        doing=doing(connection, intent), secret=secret, version_id=version_id, on=False
    )


@pytest.fixture
def delete(connection: Connection, intent: Intent, secret: Secret, line: Line) -> Act:
    return lambda: writes.delete_secret(doing=doing(connection, intent), secret=secret)


@pytest.fixture
def delete_version(
    connection: Connection, intent: Intent, secret: Secret, version_id: str, line: Line
) -> Act:
    return lambda: writes.delete_version(
        doing=doing(connection, intent), secret=secret, version_id=version_id
    )


each_change = pytest.mark.parametrize(
    ("act", "method"),
    [("edit", "PATCH"), ("turn_off", "PATCH"), ("delete", "DELETE"), ("delete_version", "DELETE")],
)


@each_change
@each_loss
def test_a_change_that_shows_is_saved(
    act: str,
    method: str,
    status: int | None,
    intent: Intent,
    line: Line,
    request: pytest.FixtureRequest,
) -> None:
    change = request.getfixturevalue(act)
    line.loses(method, arrives=True, status=status)
    change()
    assert line.count(method) == 1
    assert kept(intent).state == State.SAVED
    assert trail()[-1][1] == "ok"


@each_change
@each_loss
def test_a_change_that_does_not_show_yet_is_not_saved_only_after_a_quiet_time(
    act: str,
    method: str,
    status: int | None,
    intent: Intent,
    connection: Connection,
    line: Line,
    request: pytest.FixtureRequest,
) -> None:
    change = request.getfixturevalue(act)
    line.loses(method, arrives=False, status=status)
    with pytest.raises(NotKnownYet):
        change()
    assert line.count(method) == 1
    assert kept(intent).state == State.UNKNOWN
    assert trail()[-1][1] == "unknown"
    quiet = settlement.QUIET.total_seconds()
    assert settle(connection, intent, seconds=quiet - 2) == State.UNKNOWN
    assert settle(connection, intent, seconds=quiet + 1) == State.NOT_SAVED
    assert kept(intent).state == State.NOT_SAVED


@each_change
def test_a_change_that_the_server_makes_after_our_two_looks_is_saved(
    act: str,
    method: str,
    intent: Intent,
    connection: Connection,
    secret: Secret,
    version_id: str,
    truth: SecretManagerClient,
    line: Line,
    request: pytest.FixtureRequest,
) -> None:
    change = request.getfixturevalue(act)
    line.loses(method, arrives=False)
    with pytest.raises(NotKnownYet):
        change()
    ids = (ORGANIZATION_ID, secret.id)
    match act:
        case "edit":
            truth.update_secret(
                *ids,
                "Mine",
                expired_at=LATER,
                integration_service_type=writes.LABS,
                integration_service_ids=["51", "52"],
            )
        case "turn_off":
            truth.update_secret_version(*ids, version_id, "inactive")
        case "delete":
            truth.delete_secret(*ids)
        case "delete_version":
            truth.delete_secret_version(*ids, version_id)
    assert settle(connection, intent) == State.SAVED


each_hole = pytest.mark.parametrize(
    ("act", "lacking"), [("edit", "name"), ("edit", "created_at"), ("turn_off", "status")]
)


@each_hole
@pytest.mark.parametrize("arrives", [True, False])
def test_an_answer_with_holes_proves_nothing(
    act: str,
    lacking: str,
    arrives: bool,
    intent: Intent,
    connection: Connection,
    line: Line,
    request: pytest.FixtureRequest,
) -> None:
    change = request.getfixturevalue(act)
    line.loses("PATCH", arrives=arrives, later=lambda: line.lacks.add(lacking))
    with pytest.raises(NotKnownYet):
        change()
    assert kept(intent).state == State.UNKNOWN
    assert settle(connection, intent) == State.UNKNOWN
    line.heals()
    assert settle(connection, intent) == (State.SAVED if arrives else State.NOT_SAVED)


def test_an_edit_that_another_wrote_over_is_unsure(
    edit: Act, intent: Intent, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    def write_over() -> None:
        truth.update_secret(ORGANIZATION_ID, secret.id, description="Theirs")

    line.loses("PATCH", arrives=True, later=write_over)
    with pytest.raises(NotKnownYet):
        edit()
    assert kept(intent).state == State.UNSURE


@pytest.mark.parametrize("arrives", [True, False])
def test_an_edit_left_behind_that_another_wrote_over_is_unsure(
    edit: Act,
    intent: Intent,
    connection: Connection,
    secret: Secret,
    truth: SecretManagerClient,
    line: Line,
    arrives: bool,
) -> None:
    dies_sending(line, "PATCH", edit, arrives=arrives)
    truth.update_secret(ORGANIZATION_ID, secret.id, description="Theirs")
    assert settle(connection, intent) == State.UNSURE


def test_what_another_changes_elsewhere_in_the_secret_leaves_an_edit_certain(
    connection: Connection, intent: Intent, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    def edit() -> None:
        writes.update_secret(
            doing=doing(connection, intent),
            secret_id=secret.id,
            changes={"description": "Mine"},
            is_in_the_way=lambda current: False,
        )

    dies_sending(line, "PATCH", edit, arrives=False)
    truth.update_secret(ORGANIZATION_ID, secret.id, expired_at=LATER)
    assert settle(connection, intent) == State.NOT_SAVED


@each_change
@pytest.mark.parametrize("arrives", [True, False])
def test_a_change_left_behind_is_settled_by_how_things_stand(
    act: str,
    method: str,
    arrives: bool,
    intent: Intent,
    connection: Connection,
    line: Line,
    request: pytest.FixtureRequest,
) -> None:
    dies_sending(line, method, request.getfixturevalue(act), arrives=arrives)
    assert settle(connection, intent) == (State.SAVED if arrives else State.NOT_SAVED)


@each_change
def test_a_change_that_cannot_be_looked_up_is_not_known(
    act: str, method: str, intent: Intent, line: Line, request: pytest.FixtureRequest
) -> None:
    change = request.getfixturevalue(act)

    def silence() -> None:
        line.loses("GET", arrives=False, times=1000)

    line.loses(method, arrives=True, later=silence)
    with pytest.raises(NotKnownYet):
        change()
    assert kept(intent).state == State.UNKNOWN
    assert trail()[-1][1] == "unknown"


def test_a_change_to_what_was_deleted_meanwhile_is_not_saved_after_a_quiet_time(
    edit: Act,
    intent: Intent,
    connection: Connection,
    secret: Secret,
    truth: SecretManagerClient,
    line: Line,
) -> None:
    def delete() -> None:
        truth.delete_secret(ORGANIZATION_ID, secret.id)

    line.loses("PATCH", arrives=False, first=delete)
    with pytest.raises(NotKnownYet):
        edit()
    assert kept(intent).state == State.UNKNOWN
    assert settle(connection, intent) == State.NOT_SAVED

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audit.models import Event
from dashboard.embedded import EmbeddedAdapter
from emulator.auth import issue_token
from emulator.models import Organization, Token
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
    ACTOR,
    LATER,
    VALUE,
    a_new_secret,
    claimed,
    doing,
    kept,
    names_in,
    values_of,
)
from tests.secrets_ui.views.support import trail

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
State = Intent.State

Act = Callable[[], object]
# How an answer gets lost: the connection drops, or a proxy answers in the server's place.
each_loss = pytest.mark.parametrize("status", [None, 500, 502, 503, 504, 408, 302], ids=str)


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


class Killed(BaseException):
    """What ends a process without giving it time to note anything more."""


def dies_sending(line: Line, method: str, act: Act, *, arrives: bool) -> None:
    """Let the process end before it gets the answer."""

    def die() -> None:
        raise Killed

    line.loses(method, arrives=arrives, later=die)
    with pytest.raises(Killed):
        act()


def settle(connection: Connection, intent: Intent, *, seconds: float = 60) -> Intent.State:
    """Look an intent up at a later visit."""
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True):
        return writes.settle(connection=connection, actor=ACTOR, intent=kept(intent))


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
def test_a_new_secret_that_is_not_there_is_not_saved(
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


@pytest.mark.parametrize("user_id", ["user-1410000000002"])
def test_a_secret_of_another_person_is_not_ours_and_its_value_is_not_fetched(
    create: Act, another: SecretManagerClient, line: Line
) -> None:
    line.loses(
        "POST",
        arrives=True,
        first=lambda: another.create_secret(ORGANIZATION_ID, "bank-api", VALUE),
    )
    with pytest.raises(NameTaken):
        create()
    assert trail("value.compared") == []


def test_a_secret_from_long_before_is_not_ours(
    connection: Connection, truth: SecretManagerClient, line: Line
) -> None:
    truth.create_secret(ORGANIZATION_ID, "bank-api", VALUE)
    with time_machine.travel(timezone.now() + settlement.SKEW * 2, tick=True):
        line.loses("POST", arrives=True)
        with pytest.raises(NameTaken):
            writes.create_secret(doing=doing(connection), new=a_new_secret())


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
def test_a_new_secret_left_behind_whose_name_another_has_is_taken(
    create: Act, intent: Intent, connection: Connection, another: SecretManagerClient, line: Line
) -> None:
    dies_sending(line, "POST", create, arrives=False)
    another.create_secret(ORGANIZATION_ID, "bank-api", VALUE)
    assert settle(connection, intent) == State.TAKEN


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
    assert kept(intent).state == State.SENT
    line.heals()
    assert settle(connection, intent) == State.SAVED


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
def test_a_change_that_does_not_show_is_not_saved(
    act: str,
    method: str,
    status: int | None,
    intent: Intent,
    line: Line,
    request: pytest.FixtureRequest,
) -> None:
    change = request.getfixturevalue(act)
    line.loses(method, arrives=False, status=status)
    with pytest.raises(NotSaved):
        change()
    assert line.count(method) == 1
    assert kept(intent).state == State.NOT_SAVED
    assert trail()[-1][1] == "failed"


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


def test_a_change_to_what_was_deleted_meanwhile_is_not_saved(
    edit: Act, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    def delete() -> None:
        truth.delete_secret(ORGANIZATION_ID, secret.id)

    line.loses("PATCH", arrives=False, first=delete)
    with pytest.raises(NotSaved):
        edit()

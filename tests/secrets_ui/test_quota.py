"""How many values somebody may look at within an hour. The trail is what counts."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connections as databases
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from audit.trail import Actor, TrailUnavailable
from secret_manager import NotReached, Secret
from secrets_ui import services
from secrets_ui.connection import Connection
from secrets_ui.services import QUOTA_WINDOW, QuotaReached
from tests.secrets_ui.conftest import HTMX
from tests.secrets_ui.views.support import text_of, trail

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
HANAKO = Actor(name="hanako", address="192.0.2.7", person_id=7)
QUOTA = 3


@pytest.fixture(autouse=True)
def low_quota(settings: Settings) -> None:
    settings.REVEALS_PER_HOUR = QUOTA


@pytest.fixture
def reveal_url(secret_url: str, version_id: str) -> str:
    return f"{secret_url}versions/{version_id}/reveal/"


def read(
    connection: Connection,
    secret: Secret,
    *,
    actor: Actor = HANAKO,
    purpose: services.Purpose = "revealed",
) -> str:
    assert secret.versions
    return services.read_value(
        connection=connection,
        actor=actor,
        secret=secret,
        version_id=secret.versions[0].id,
        purpose=purpose,
    ).text


def use_up(connection: Connection, secret: Secret) -> None:
    for _ in range(QUOTA):
        assert read(connection, secret) == "the first value"


def test_so_many_and_no_more(
    connection: Connection, secret: Secret, asked: list[tuple[str, str]]
) -> None:
    use_up(connection, secret)
    with pytest.raises(QuotaReached):
        read(connection, secret)
    assert [name for name, _ in asked] == ["get_secret_version"] * QUOTA
    assert trail("value.revealed")[-2:] == [
        ("value.revealed", "attempted"),
        ("value.revealed", "denied"),
    ]


@pytest.mark.parametrize("purpose", ["revealed", "copied", "downloaded"])
def test_looking_copying_and_downloading_count_together(
    connection: Connection, secret: Secret, purpose: services.Purpose
) -> None:
    for each in ("revealed", "copied", "downloaded"):
        read(connection, secret, purpose=each)
    with pytest.raises(QuotaReached):
        read(connection, secret, purpose=purpose)


def test_an_hour_later_there_are_as_many_again(connection: Connection, secret: Secret) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        use_up(connection, secret)
        clock.move_to(start + QUOTA_WINDOW - timedelta(seconds=1))
        with pytest.raises(QuotaReached):
            read(connection, secret)
        clock.move_to(start + QUOTA_WINDOW + timedelta(seconds=1))
        use_up(connection, secret)  # what was refused did not count
        with pytest.raises(QuotaReached):
            read(connection, secret)


def test_it_counts_for_a_person_wherever_they_are(connection: Connection, secret: Secret) -> None:
    use_up(connection, secret)
    for same in (
        Actor(name="hanako", address="198.51.100.9", person_id=7),
        Actor(name="another name", address="192.0.2.7", person_id=7),
    ):
        with pytest.raises(QuotaReached):
            read(connection, secret, actor=same)
    assert read(connection, secret, actor=Actor(name="hanako", address="192.0.2.7", person_id=8))


def test_neither_a_lost_cache_nor_a_new_session_gives_more(
    browser: Client, person: Person, reveal_url: str, connection: Connection, secret: Secret
) -> None:
    theirs = Actor(name="hanako", address=None, person_id=person.pk)
    for _ in range(QUOTA):
        read(connection, secret, actor=theirs)
    cache.clear()
    assert browser.post(reveal_url, {"purpose": "show"}).status_code == 429


def test_an_attempt_that_the_api_does_not_answer_counts(
    connection: Connection, secret: Secret
) -> None:
    """Whether the value came through is not known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "client", property(_unreachable))
        for _ in range(QUOTA):
            with pytest.raises(NotReached):
                read(connection, secret)
    with pytest.raises(QuotaReached):
        read(connection, secret)


def _unreachable(connection: Connection) -> object:
    raise NotReached("no answer")


def test_where_it_cannot_be_counted_nothing_is_shown(
    connection: Connection,
    secret: Secret,
    asked: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**named: object) -> int:
        raise TrailUnavailable(act_was_done=False)

    monkeypatch.setattr(services, "count_of", fail)
    with pytest.raises(TrailUnavailable):
        read(connection, secret)
    assert asked == []


@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
@pytest.mark.usefixtures("served_databases")
def test_many_at_once_get_no_more_than_there_are(connection: Connection, secret: Secret) -> None:
    threads_at_once = 8
    start, got = threading.Barrier(threads_at_once), []

    def look() -> None:
        try:
            start.wait(timeout=10)
            got.append(read(connection, secret))
        except QuotaReached:
            got.append("refused")
        finally:
            databases.close_all()

    threads = [threading.Thread(target=look) for _ in range(threads_at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(got) == threads_at_once
    assert got.count("the first value") <= QUOTA
    assert Event.objects.filter(outcome="denied").count() == got.count("refused")
    assert Event.objects.filter(outcome="ok").count() == got.count("the first value")


# On the pages


@pytest.fixture
def used_up(browser: Client, reveal_url: str) -> Client:
    for _ in range(QUOTA):
        assert browser.post(reveal_url, {"purpose": "show"}).status_code == 200
    return browser


@pytest.mark.parametrize("purpose", ["show", "copy", "download"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_the_page_says_so(
    used_up: Client, reveal_url: str, purpose: str, headers: dict[str, str]
) -> None:
    answer = used_up.post(reveal_url, {"purpose": purpose}, headers=headers)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3600"
    assert "You have looked at too many values within an hour" in text_of(answer)
    assert "the first value" not in text_of(answer)
    assert ("<html" in text_of(answer)) == (not headers)


def test_everything_else_goes_on(used_up: Client, secret_url: str, reveal_url: str) -> None:
    used_up.post(reveal_url)
    assert used_up.get(secret_url).status_code == 200
    assert used_up.get(f"{secret_url}edit/").status_code == 200


def test_no_role_is_above_it(used_up: Client, person: Person, reveal_url: str) -> None:
    assert person.role == Role.ADMINISTRATOR
    assert used_up.post(reveal_url).status_code == 429

"""Fifty people share one process, its threads and its transport; each acts with their own credential."""

import base64
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as product
from django.db import connections as databases
from django.test import Client

from accounts.models import Person
from accounts.roles import Role
from secret_manager import Transport
from secrets_ui import connection as connections
from secrets_ui.connection import Connection
from tests.secrets_ui.recording import CALLS, VERSION_ID, name_of, serving, value_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
PEOPLE, THREADS, ORGANIZATIONS = 50, 16, 10
CALLS_IN_ALL, PAGES = 20_000, 300
CALLS_A_VISIT, VISITS_OVER_SOCKETS = 20, 100


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser, signed in and connected."""

    number: int
    person: Person
    browser: Client
    secret: str
    """What their credential is made of."""
    authorization: str
    """The header that their calls have to carry."""

    @property
    def organization_id(self) -> str:
        return str(1410000000000 + self.number % ORGANIZATIONS)

    @property
    def list_url(self) -> str:
        return f"/organizations/{self.organization_id}/secrets/"

    def connection(self) -> Connection:
        """Return the connection as a request finds it: in the session, which is read anew."""
        key = self.browser.cookies[product.SESSION_COOKIE_NAME].value
        session = import_module(product.SESSION_ENGINE).SessionStore(key)
        found = connections.find(
            session, person_id=self.person.pk, organization_id=self.organization_id
        )
        assert found is not None
        return found


@pytest.fixture
def often_switched() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def visitors(served_databases: None, settings: Any) -> Iterator[list[Visitor]]:
    """Fifty people in ten organizations, with all kinds of credentials."""
    settings.SECRET_MANAGER_ADAPTER = "tests.secrets_ui.recording.RecordingAdapter"
    settings.THREADS = THREADS + connections.THREADS_KEPT_FREE
    settings.REVEALS_PER_HOUR = CALLS_IN_ALL
    connections.shared_transport.cache_clear()
    CALLS.clear()
    yield [newcomer(number) for number in range(PEOPLE)]
    CALLS.clear()


def newcomer(number: int) -> Visitor:
    secret = f"token-{number:02}-of-somebody"
    kind, typed, authorization = [
        (
            "personal",
            {"user_id": f"user-{number}", "personal_access_token": secret},
            basic(f"user-{number}:{secret}"),
        ),
        ("bearer", {"auth_token": secret}, f"Bearer {secret}"),
        (
            "datasource",
            {"datasource_id": f"datasource-{number}", "datasource_secret": secret},
            basic(f"datasource-{number}:{secret}"),
        ),
    ][number % 3]
    person = Person.objects.create(username=f"person-{number}", role=Role.ADMINISTRATOR)
    visitor = Visitor(number, person, Client(), secret, authorization)
    visitor.browser.force_login(person)
    typed |= {"kind": kind, "organization_id": visitor.organization_id}
    assert visitor.browser.post("/connect/", typed).status_code == 302
    assert CALLS.pop().credential == authorization
    return visitor


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def at_once(act: Callable[[Visitor, int], object], visitors: list[Visitor], times: int) -> None:
    """Let everybody act in turn, `times` in all, on threads that they share."""

    def one(number: int) -> None:
        try:
            act(visitors[number % len(visitors)], number)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(times)))


def ask(visitor: Visitor, number: int) -> None:
    """Ask the API a few things, as a page does: every answer is about this person's secret."""
    client = visitor.connection().client
    for step in range(CALLS_A_VISIT // 2):
        secret_id = f"{visitor.number}-{number}-{step}"
        secret = client.get_secret(visitor.organization_id, secret_id)
        version = client.get_secret_version(
            visitor.organization_id, secret_id, VERSION_ID, with_value=True
        )
        assert secret.name == name_of(secret_id)
        assert version.value is not None
        assert version.value.text == value_of(secret_id)


def visit(visitor: Visitor, number: int) -> None:
    """Open a page, or show a value: it is this person's."""
    secret_id = f"{visitor.number}-{number}"
    url = f"{visitor.list_url}{secret_id}/"
    if number % 3:
        page, own = visitor.browser.get(url), name_of(secret_id)
    else:
        page, own = visitor.browser.post(f"{url}versions/{VERSION_ID}/reveal/"), value_of(secret_id)
    assert page.status_code == 200
    assert own in page.content.decode()


def mixed_up(visitors: list[Visitor]) -> Counter[str]:
    """Count the calls that did not carry exactly their caller's credential."""
    own = {str(visitor.number): visitor.authorization for visitor in visitors}
    return Counter(
        call.caller for call in CALLS if call.credential != own[call.caller] or call.cookie
    )


def left_behind(transport: Transport, visitors: list[Visitor]) -> list[str]:
    """Return what a transport still holds of anybody, in any of its parts."""
    session = transport.session
    adapters = [vars(adapter) for adapter in session.adapters.values()]
    pools = [vars(adapter["poolmanager"]) for adapter in adapters if "poolmanager" in adapter]
    held = str([vars(transport), vars(session), adapters, pools, dict(session.headers)])
    secrets = [text for each in visitors for text in (each.secret, each.authorization)]
    cookies = [str(cookie) for cookie in session.cookies]
    return cookies + [text for text in secrets if text in held]


def test_each_of_20000_calls_carries_its_callers_credential(
    visitors: list[Visitor], settings: Any, often_switched: None
) -> None:
    in_process = connections.shared_transport()
    at_once(visit, visitors, PAGES)
    pages_asked = len(CALLS)
    visits = (CALLS_IN_ALL - pages_asked) // CALLS_A_VISIT + 1
    at_once(ask, visitors, visits - VISITS_OVER_SOCKETS)

    with serving() as settings.SECRET_MANAGER_URL:
        settings.SECRET_MANAGER_ADAPTER = None
        connections.shared_transport.cache_clear()
        over_sockets = connections.shared_transport()
        at_once(ask, visitors, VISITS_OVER_SOCKETS)
        assert mixed_up(visitors) == {}
        assert left_behind(over_sockets, visitors) == []
        over_sockets.close()

    assert left_behind(in_process, visitors) == []
    assert len(CALLS) >= CALLS_IN_ALL
    assert pages_asked > PAGES
    assert {call.caller for call in CALLS} == {str(visitor.number) for visitor in visitors}

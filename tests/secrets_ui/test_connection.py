import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.sessions import SessionStore
from secret_manager import ConnectFailed, Credential
from secrets_ui import connection as connections
from secrets_ui.connection import SESSION_FIELD, Connection, find, forget, keep, summaries
from tests.secrets_ui.conftest import ORGANIZATION_ID

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]

HANAKO, TARO = 1, 2
TOKEN = "token-0123456789abcdef"
CREDENTIALS = [
    Credential.personal("user-1410000000001", TOKEN),
    Credential.bearer(TOKEN),
    Credential.datasource("datasource-1410000000009", TOKEN),
]


def new_session() -> SessionStore:
    session = SessionStore()
    session.create()
    return session


def made(organization_id: str = ORGANIZATION_ID, **changes: Any) -> Connection:
    known = {"label": "Example Corp", "credential": CREDENTIALS[0]}
    return Connection(organization_id=organization_id, **{**known, **changes})


@pytest.fixture
def session() -> SessionStore:
    """Hanako's session with one connection, saved and loaded again."""
    session = new_session()
    keep(session, person_id=HANAKO, connection=made())
    session.save()
    return SessionStore(session.session_key)


def opens(session: SessionStore, *, person_id: int = HANAKO, at: str = ORGANIZATION_ID) -> bool:
    return find(session, person_id=person_id, organization_id=at) is not None


def copy_into(session: SessionStore, kept: dict[str, Any], at: str = ORGANIZATION_ID) -> None:
    session[SESSION_FIELD] = {at: kept}


@pytest.mark.parametrize("credential", CREDENTIALS, ids=lambda one: one.kind)
def test_a_connection_is_found_as_it_was_kept(credential: Credential) -> None:
    session = new_session()
    keep(session, person_id=HANAKO, connection=made(credential=credential))
    session.save()
    found = find(
        SessionStore(session.session_key), person_id=HANAKO, organization_id=ORGANIZATION_ID
    )
    assert found == made(credential=credential)


def test_where_there_is_none_none_is_found(session: SessionStore) -> None:
    assert find(session, person_id=HANAKO, organization_id="1420000000000") is None
    assert find(new_session(), person_id=HANAKO, organization_id=ORGANIZATION_ID) is None


def test_it_does_not_open_in_another_session_and_is_forgotten(session: SessionStore) -> None:
    thief = new_session()
    copy_into(thief, session[SESSION_FIELD][ORGANIZATION_ID])
    assert not opens(thief)
    assert summaries(thief) == []
    assert opens(session)


def test_it_does_not_open_for_another_person_and_is_forgotten(session: SessionStore) -> None:
    assert not opens(session, person_id=TARO)
    assert summaries(session) == []


def test_it_does_not_open_under_another_organization_and_is_forgotten(
    session: SessionStore,
) -> None:
    copy_into(session, session[SESSION_FIELD][ORGANIZATION_ID], at="1420000000000")
    assert not opens(session, at="1420000000000")
    assert summaries(session) == []


def test_one_that_does_not_open_takes_no_other_along(session: SessionStore) -> None:
    keep(session, person_id=HANAKO, connection=made("1420000000000"))
    kept = session[SESSION_FIELD]
    kept[ORGANIZATION_ID]["sealed"] = kept["1420000000000"]["sealed"]
    assert not opens(session)
    assert opens(session, at="1420000000000")


def test_a_changed_byte_is_forgotten_without_an_error(session: SessionStore) -> None:
    kept = session[SESSION_FIELD][ORGANIZATION_ID]
    raw = bytearray(base64.b64decode(kept["sealed"]))
    raw[20] ^= 1
    for sealed in (base64.b64encode(raw).decode(), kept["sealed"][:-8], "", "雪", "not base64!"):
        copy_into(session, {**kept, "sealed": sealed})
        assert not opens(session)
        assert summaries(session) == []


def test_a_page_asks_to_connect_again_where_the_copy_does_not_open(browser: Client) -> None:
    assert browser.get(f"/organizations/{ORGANIZATION_ID}/secrets/").status_code == 200
    session = browser.session
    session[SESSION_FIELD][ORGANIZATION_ID]["sealed"] = "AAAA"
    session.save()
    answer = browser.get(f"/organizations/{ORGANIZATION_ID}/secrets/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"/connect/?organization={ORGANIZATION_ID}")
    assert SESSION_FIELD not in browser.session or browser.session[SESSION_FIELD] == {}


def test_a_new_key_in_front_leaves_connections_open(
    session: SessionStore, settings: Settings
) -> None:
    old = settings.CREDENTIAL_KEYS
    new = [secrets.token_bytes(32)]
    settings.CREDENTIAL_KEYS = new + old
    assert opens(session)
    keep(session, person_id=HANAKO, connection=made("1420000000000"))
    settings.CREDENTIAL_KEYS = new
    assert opens(session, at="1420000000000")
    assert not opens(session)


def test_the_cookie_alone_opens_nothing_without_the_keys(
    session: SessionStore, settings: Settings
) -> None:
    settings.CREDENTIAL_KEYS = [secrets.token_bytes(32)]
    assert not opens(session)


@pytest.mark.parametrize("credential", CREDENTIALS, ids=lambda one: one.kind)
def test_the_credential_is_nowhere_in_the_session(credential: Credential) -> None:
    session = new_session()
    keep(session, person_id=HANAKO, connection=made(credential=credential))
    session.save()
    row = Session.objects.get()
    places = json.dumps(dict(session.items())) + json.dumps(row.get_decoded()) + row.session_data
    places += json.dumps(cache.get(f"accounts.session.{row.session_key}"))
    encoded = base64.b64encode(TOKEN.encode()).decode().rstrip("=")[:-1]
    for form in (TOKEN, encoded, TOKEN.encode().hex(), credential.authorization.split(" ")[1]):
        assert form not in places


def test_its_repr_shows_no_credential() -> None:
    for credential in CREDENTIALS:
        assert TOKEN not in repr(made(credential=credential))
        assert TOKEN not in f"{made(credential=credential)}"


def test_summaries_are_by_name_and_open_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    session = new_session()
    for number, label in enumerate(["beta", "Alpha", "beta"]):
        keep(session, person_id=HANAKO, connection=made(f"14{number}", label=label))
    monkeypatch.setattr(connections, "unseal", None)
    found = summaries(session)
    assert [(each.label, each.organization_id) for each in found] == [
        ("Alpha", "141"),
        ("beta", "140"),
        ("beta", "142"),
    ]
    assert {(each.kind, each.identity) for each in found} == {("personal", "user-1410000000001")}


def test_a_bearer_token_does_not_say_who_it_is() -> None:
    session = new_session()
    keep(session, person_id=HANAKO, connection=made(credential=Credential.bearer(TOKEN)))
    (summary,) = summaries(session)
    assert (summary.kind, summary.identity) == ("bearer", "")


def test_connecting_again_replaces_the_credential(session: SessionStore) -> None:
    again = made(credential=Credential.bearer("another-token"), label="Again")
    keep(session, person_id=HANAKO, connection=again)
    assert find(session, person_id=HANAKO, organization_id=ORGANIZATION_ID) == again
    assert len(summaries(session)) == 1


def test_forgetting_one_keeps_the_others(session: SessionStore) -> None:
    keep(session, person_id=HANAKO, connection=made("1420000000000"))
    forget(session, organization_id=ORGANIZATION_ID)
    forget(session, organization_id="never there")
    session.save()
    again = SessionStore(session.session_key)
    assert not opens(again)
    assert opens(again, at="1420000000000")


def test_signing_out_forgets_all(browser: Client) -> None:
    assert summaries(browser.session)
    cookie = browser.cookies["sessionid"].value
    browser.post("/accounts/sign-out/")
    assert summaries(SessionStore(cookie)) == []
    assert not Session.objects.exists()


def test_the_credential_of_another_session_is_not_reached_with_this_cookie(
    browser: Client, person: Any
) -> None:
    other = Client()
    other.force_login(person)
    answer = other.get(f"/organizations/{ORGANIZATION_ID}/secrets/")
    assert answer.status_code == 302
    assert "/connect/" in answer.headers["Location"]


def test_one_way_to_the_api_is_shared_and_holds_no_credential() -> None:
    one, two = made(), made("1420000000000", credential=CREDENTIALS[1])
    assert one.client is not two.client
    transport = connections.shared_transport()
    assert transport is connections.shared_transport()
    assert "Authorization" not in transport.session.headers
    assert transport.session.auth is None
    assert TOKEN not in repr(transport) + repr(vars(transport.session))


@pytest.fixture
def another_transport() -> Iterator[None]:
    """The process's way to the API is made anew, and again after the test."""
    connections.shared_transport.cache_clear()
    yield
    connections.shared_transport.cache_clear()


@pytest.mark.usefixtures("another_transport")
def test_without_an_adapter_the_api_is_reached_at_its_address(settings: Settings) -> None:
    assert django_settings.SECRET_MANAGER_IS_EMBEDDED
    assert connections.shared_transport().base_url == connections.EMBEDDED_BASE_URL
    settings.SECRET_MANAGER_ADAPTER = None
    settings.SECRET_MANAGER_URL = "https://secrets.example.test"
    connections.shared_transport.cache_clear()
    assert connections.shared_transport().base_url == "https://secrets.example.test"


@pytest.mark.parametrize("adapter", [None, "dashboard.embedded.EmbeddedAdapter"])
@pytest.mark.parametrize(("threads", "may_wait"), [(8, 4), (32, 28), (1, 1)])
@pytest.mark.usefixtures("another_transport")
def test_four_threads_never_wait_for_the_api(
    adapter: str | None, threads: int, may_wait: int, settings: Settings
) -> None:
    settings.SECRET_MANAGER_ADAPTER = adapter
    settings.SECRET_MANAGER_URL = "https://secrets.example.test"
    settings.THREADS = threads
    bulkhead = connections.shared_transport().bulkhead
    with ExitStack() as waiting:
        for _ in range(may_wait):
            waiting.enter_context(bulkhead.place(0))
        with pytest.raises(ConnectFailed, match="Too many"):
            waiting.enter_context(bulkhead.place(0))

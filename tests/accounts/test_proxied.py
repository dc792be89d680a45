"""AUTH_MODE=proxy: each request is proved anew, and who it is proved to be is who acts."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpRequest
from django.test import Client, override_settings

from accounts import proxy
from accounts.entry import SIGNED_IN_AT
from accounts.identity import Identity
from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from secret_manager import Credential
from secrets_ui import connection as connections
from secrets_ui.connection import Connection
from tests.accounts.support import CONFIRM, PEOPLE, break_trail, outcomes, somebody
from tests.accounts.test_sessions import browser_with, cookie_of
from tests.product_settings import settings_with
from tests.secrets_ui.conftest import HTMX

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
STATE, SIGN_OUT = "/accounts/session/", "/accounts/sign-out/"
ORGANIZATION, TOKEN = "1410000000000", "canary-token-4c1f"


@pytest.fixture(scope="module", autouse=True)
def proxy_mode(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The product as AUTH_MODE=proxy configures it."""
    product = settings_with(
        tmp_path_factory.mktemp("state"),
        AUTH_MODE="proxy",
        ROLE_MAP="staff=viewer; bosses=administrator; auditors=auditor",
        PROXY_IDENTITY="header",
        PROXY_SECRETS="a-secret-of-32-characters-or-more",
        PROXY_PEERS="127.0.0.1",
    )
    ours = {name: product[name] for name in ("AUTH_MODE", "ROLE_MAP", "MIDDLEWARE", "PROXY")}
    with override_settings(**ours):
        yield


class Proxy:
    """Says who each request is from, in the test's words."""

    def __init__(self) -> None:
        self.says: Identity | proxy.NotProven = proxy.NotProven("nobody was named")
        self.asked = 0

    def identity_of(self, request: HttpRequest) -> Identity:
        self.asked += 1
        if isinstance(self.says, proxy.NotProven):
            raise self.says
        return self.says

    def vouches_for(self, subject: str = "hanako", *groups: str, **facts: Any) -> None:
        known = {"issuer": "sso", "name": subject, "groups": groups or ("staff",)}
        self.says = Identity(**{**known, "subject": subject, **facts})

    def vouches_for_nobody(self) -> None:
        self.says = proxy.NotProven("the token is over")

    def has_no_keys(self) -> None:
        self.says = proxy.KeysUnavailable("the keys cannot be read")


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Proxy:
    front = Proxy()
    monkeypatch.setattr(proxy, "identity_of", front.identity_of)
    return front


@pytest.fixture
def visit(front: Proxy) -> Client:
    """A browser behind the proxy in which somebody has come in."""
    front.vouches_for()
    browser = Client()
    assert browser.get(STATE).status_code == 200
    return browser


def who_is(browser: Client) -> str:
    """Return the subject whose session a browser holds; empty where it holds none."""
    person_id = browser.session.get("_auth_user_id")
    return Person.objects.get(pk=person_id).subject if person_id else ""


def connect(browser: Client) -> None:
    session = browser.session
    kept = Connection(
        organization_id=ORGANIZATION, label="Ours", credential=Credential.bearer(TOKEN)
    )
    person_id = int(session["_auth_user_id"])
    connections.keep(session, person_id=person_id, connection=kept)
    session.save()


def is_connected(browser: Client) -> bool:
    person_id = int(browser.session["_auth_user_id"])
    return bool(
        connections.find(browser.session, person_id=person_id, organization_id=ORGANIZATION)
    )


def test_whoever_the_proxy_vouches_for_is_in_at_once(front: Proxy, client: Client) -> None:
    front.vouches_for("hanako", "bosses")
    page = client.get(PEOPLE, REMOTE_ADDR="192.0.2.7")
    assert page.status_code == 200
    assert who_is(client) == "hanako"
    assert outcomes("person.signed_in") == ["attempted", "ok"]
    event = Event.objects.filter(action="person.signed_in").last()
    assert event is not None
    assert (event.actor, event.actor_address) == ("hanako", "192.0.2.7")


def test_they_come_in_once_and_are_asked_about_each_time(front: Proxy, visit: Client) -> None:
    cookie, asked = cookie_of(visit), front.asked
    for _ in range(3):
        assert visit.get(STATE).status_code == 200
    assert front.asked == asked + 3
    assert cookie_of(visit) == cookie
    assert outcomes("person.signed_in") == ["attempted", "ok"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("address", ["/", PEOPLE, STATE, "/accounts/sign-in/", "/nowhere/"])
def test_without_a_proof_nobody_reaches_anything(
    front: Proxy, client: Client, method: str, address: str
) -> None:
    answer = client.generic(method, address)
    assert answer.status_code == 403
    assert not Session.objects.exists()
    assert not Person.objects.exists()


def test_it_says_so_and_records_it_without_a_name(front: Proxy, client: Client) -> None:
    page = client.get("/", REMOTE_ADDR="192.0.2.7")
    assert "does not say who you are" in page.content.decode()
    event = Event.objects.get()
    assert (event.action, event.outcome) == ("access.refused", "denied")
    assert (event.actor, event.detail) == ("(unknown)", "nobody was named")
    assert event.actor_address == "192.0.2.7"


def test_nobody_fills_the_trail_from_outside(front: Proxy, client: Client) -> None:
    for _ in range(5):
        client.get("/", REMOTE_ADDR="192.0.2.7")
    assert Event.objects.count() == 1
    client.get("/", REMOTE_ADDR="192.0.2.8")
    assert Event.objects.count() == 2
    cache.clear()  # as after a minute
    client.get("/", REMOTE_ADDR="192.0.2.7")
    assert Event.objects.count() == 3


def test_a_refusal_that_cannot_be_recorded_is_still_one(
    front: Proxy, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_trail(monkeypatch)
    assert client.get("/").status_code == 403


def test_a_script_gets_the_refusal_as_a_note(front: Proxy, client: Client) -> None:
    answer = client.get("/", headers=HTMX)
    assert answer.headers["HX-Retarget"] == "#toasts"
    assert "<html" not in answer.content.decode()


# In mid-session


def test_a_cookie_without_a_proof_is_worth_nothing(front: Proxy, visit: Client) -> None:
    connect(visit)
    stolen = browser_with(cookie_of(visit))
    front.vouches_for_nobody()
    assert stolen.get(STATE).status_code == 403
    assert not Session.objects.exists(), "and the session is over"
    front.vouches_for()
    assert stolen.get(STATE).status_code == 200
    assert not is_connected(stolen)
    assert outcomes("person.signed_out") == ["ok"]


def test_a_cookie_with_somebody_elses_proof_is_somebody_elses_session(
    front: Proxy, visit: Client
) -> None:
    connect(visit)
    stolen = browser_with(cookie_of(visit))
    front.vouches_for("mallory")
    assert stolen.get(STATE).status_code == 200
    assert who_is(stolen) == "mallory"
    assert cookie_of(stolen) != cookie_of(visit)
    assert not is_connected(stolen)
    assert Session.objects.count() == 1
    left = Event.objects.get(action="person.signed_out")
    assert (left.actor, left.outcome) == ("hanako", "ok")
    assert "vouches for somebody else" in left.detail


@pytest.mark.parametrize(
    "other", [{"issuer": "sso2"}, {"subject": "Hanako"}, {"subject": "hanako2"}]
)
def test_another_issuer_or_subject_is_somebody_else(
    front: Proxy, visit: Client, other: dict[str, str]
) -> None:
    first = visit.session["_auth_user_id"]
    front.vouches_for(**{"subject": "hanako", "name": "hanako", **other})
    visit.get(STATE)
    assert visit.session["_auth_user_id"] != first


def test_another_name_is_the_same_person(front: Proxy, visit: Client) -> None:
    cookie = cookie_of(visit)
    front.vouches_for("hanako", name="山田 花子", email="h@example.com")
    assert visit.get(STATE).status_code == 200
    assert cookie_of(visit) == cookie


def test_other_groups_are_another_role_at_once(front: Proxy, visit: Client) -> None:
    assert visit.get(PEOPLE).status_code == 403
    before = cookie_of(visit)
    connect(visit)
    front.vouches_for("hanako", "bosses")
    assert visit.get(PEOPLE).status_code == 200
    assert cookie_of(visit) != before
    assert is_connected(visit)
    front.vouches_for("hanako", "auditors")
    assert visit.get(PEOPLE).status_code == 403
    assert visit.get("/connect/").status_code == 403
    changes = Event.objects.filter(action="role.changed", outcome="ok").order_by("sequence")
    assert [change.detail.partition(": ")[2] for change in changes] == [
        "- to viewer",
        "viewer to administrator",
        "administrator to auditor",
    ]


def test_whoever_is_in_no_group_any_more_reaches_nothing(front: Proxy, visit: Client) -> None:
    front.vouches_for("hanako", "guests")
    page = visit.get(STATE)
    assert page.status_code == 403
    assert "You have no role here" in page.content.decode()
    assert Person.objects.get().role == ""


def test_whoever_has_no_role_does_not_come_in(front: Proxy, client: Client) -> None:
    front.vouches_for("guest", "guests")
    for _ in range(3):
        page = client.get("/")
        assert page.status_code == 403
        assert "You have no role here" in page.content.decode()
    assert not who_is(client)
    assert Event.objects.count() <= 2, "an employee without a role does not fill the trail"


def test_whoever_is_disabled_does_not_come_in(front: Proxy, visit: Client) -> None:
    person = Person.objects.get()
    person.is_active = False
    person.save()
    assert visit.get(STATE).status_code == 403
    front.vouches_for("hanako", "bosses")
    assert visit.get(STATE).status_code == 403


def test_ended_sessions_end_with_what_they_held(front: Proxy, visit: Client) -> None:
    """The proxy lets them in again, as it would after closing the browser."""
    connect(visit)
    person = Person.objects.get()
    person.epoch += 1
    person.save()
    assert visit.get(STATE).status_code == 200
    assert not is_connected(visit)
    assert outcomes("person.signed_in") == ["attempted", "ok"] * 2


def test_a_role_that_cannot_be_recorded_is_not_given(
    front: Proxy, visit: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.vouches_for("hanako", "bosses")
    with monkeypatch.context() as patch:
        break_trail(patch)
        assert visit.get(PEOPLE).status_code == 503
    assert Person.objects.get().role == Role.VIEWER


def test_nobody_comes_in_unrecorded(
    front: Proxy, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.vouches_for()
    for headers in ({}, HTMX):
        with monkeypatch.context() as patch:
            break_trail(patch)
            page = client.get("/", headers=headers)
        assert page.status_code == 503
        assert "cannot be recorded in the audit trail" in page.content.decode()
    assert not who_is(client)


# The issuer's keys cannot be read for a moment


def test_without_keys_nobody_gets_further_and_nobody_loses_anything(
    front: Proxy, visit: Client
) -> None:
    connect(visit)
    front.has_no_keys()
    page = visit.get(STATE)
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "60"
    assert "cannot be checked just now" in page.content.decode()
    assert "hanako" not in page.content.decode(), "nobody has proved to be her"
    front.vouches_for()
    assert visit.get(STATE).status_code == 200
    assert is_connected(visit)
    assert outcomes("person.signed_out") == []


# What takes no identity


@pytest.mark.parametrize("address", ["/livez", "/secret-manager/organizations/1/secrets"])
def test_what_takes_no_person_asks_for_none(front: Proxy, client: Client, address: str) -> None:
    assert client.get(address).status_code in {200, 401}
    assert front.asked == 0


@pytest.mark.parametrize(
    "address", ["/livez", "/livez/x", "/static/nothing.js", "/secret-manager/nothing", "/metrics"]
)
def test_a_cookie_alone_shows_nothing_of_its_person_there(
    front: Proxy, visit: Client, address: str
) -> None:
    connect(visit)
    front.vouches_for_nobody()
    page = browser_with(cookie_of(visit)).get(address).content.decode()
    assert "hanako" not in page
    assert "Ours" not in page


@pytest.mark.parametrize("address", ["//livez", "/x/livez", "/Livez", "/accounts/../livez"])
def test_what_only_looks_like_it_asks(front: Proxy, client: Client, address: str) -> None:
    client.get(address)
    assert front.asked == 1


# Coming and going


def test_a_page_that_asks_by_itself_lets_nobody_in(front: Proxy, client: Client) -> None:
    front.vouches_for()
    for address in (f"{STATE}?auto", "/?auto=1"):
        assert client.get(address).status_code == 302
    assert not Session.objects.exists()
    assert not Event.objects.exists()


def test_whoever_signed_out_stays_out_until_they_come_back(front: Proxy, visit: Client) -> None:
    connect(visit)
    answer = visit.post(SIGN_OUT)
    assert answer.headers["Location"] == "/accounts/signed-out/"
    assert visit.get("/accounts/signed-out/").status_code == 200
    assert not Session.objects.exists()
    visit.get("/")
    assert who_is(visit) == "hanako"
    assert not is_connected(visit)


def test_the_sign_in_page_leads_back_to_where_somebody_was(front: Proxy, visit: Client) -> None:
    answer = visit.get("/accounts/sign-in/", {"next": "/connect/"})
    assert answer.headers["Location"] == "/connect/"


def test_an_account_that_is_kept_here_is_nobody(front: Proxy, client: Client) -> None:
    hanako = somebody(Role.ADMINISTRATOR, "hanako", password="hanako's password")
    client.force_login(hanako)
    front.vouches_for("hanako", "staff")
    assert client.get(PEOPLE).status_code == 403
    assert client.session["_auth_user_id"] != str(hanako.pk)


# Step-up: what the proxy says of the last proof, or one's own credential


def is_fresh(browser: Client) -> bool:
    return browser.session[SIGNED_IN_AT] > time.time() - 60


def test_a_proof_that_the_proxy_tells_of_counts(front: Proxy, visit: Client) -> None:
    front.vouches_for(signed_in_at=datetime.now(UTC))
    visit.get(STATE)
    assert is_fresh(visit)


def test_an_older_proof_takes_nothing_away(front: Proxy, visit: Client) -> None:
    front.vouches_for(signed_in_at=datetime.now(UTC))
    visit.get(STATE)
    front.vouches_for(signed_in_at=datetime(2020, 1, 1, tzinfo=UTC))
    visit.get(STATE)
    assert is_fresh(visit)


def test_coming_in_again_proves_nothing_where_the_proxy_tells_of_no_proof(
    front: Proxy, client: Client
) -> None:
    """Whoever sits at a browser that was left open can sign out and come in, as often as they like."""
    front.vouches_for("hanako", "bosses")
    for _ in range(2):
        assert client.get(f"{PEOPLE}new/").headers["Location"].startswith(CONFIRM)
        client.post(SIGN_OUT)


def test_ones_own_credential_is_a_proof(front: Proxy, visit: Client) -> None:
    connect(visit)
    page = visit.get(CONFIRM)
    assert "The token of one of your connections" in page.content.decode()
    before = cookie_of(visit)
    assert visit.post(CONFIRM, {"proof": f" {TOKEN} "}).status_code == 302
    assert is_fresh(visit)
    assert cookie_of(visit) != before
    assert is_connected(visit)
    assert outcomes("person.confirmed") == ["ok"]


@pytest.mark.parametrize("proof", ["", "wrong", TOKEN[:-1], TOKEN.upper(), "bearer"])
def test_anything_else_is_none(front: Proxy, visit: Client, proof: str) -> None:
    connect(visit)
    assert visit.post(CONFIRM, {"proof": proof}).status_code == 422
    assert not is_fresh(visit)
    assert outcomes("person.signed_in")[-1] == "denied"


def test_somebody_without_a_connection_is_told_how_to_prove_it(front: Proxy, visit: Client) -> None:
    page = visit.get(CONFIRM).content.decode()
    assert "Connect an organization with your own credential" in page
    assert visit.post(CONFIRM, {"proof": ""}).status_code == 422

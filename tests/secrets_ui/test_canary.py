"""No value and no credential is anywhere but where a person asked for it.

Marked values go through every page and every act. Then every answer, log record, database cell and
file, session and cache entry is searched for them, whole or half, in clear and encoded.
"""

import base64
import logging
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connections

from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from emulator.auth import issue_token
from emulator.models import Organization, SecretVersion, Token
from secret_manager import Credential, Secret, SecretManagerClient
from secrets_ui import services, writes
from secrets_ui.connection import Connection
from tests.secrets_ui.canary import Evidence, Marker, WatchedBrowser
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID, USER_ID
from tests.secrets_ui.views.support import LIST_URL, filled
from tests.services.files import in_files

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "emulator"])


def marked(name: str) -> Marker:
    return Marker(name, f"canary{secrets.token_hex(16)}".encode())


TEXT, FIRST_LINE, LAST_LINE = marked("text"), marked("first line"), marked("last line")
CREATED, ADDED, REFUSED = marked("created"), marked("added"), marked("refused")
JAPANESE = Marker(
    "Japanese", "".join(secrets.choice("秘密の印鑑証明書類") for _ in range(24)).encode()
)
BINARY = Marker("binary", b"\x00\xff" + secrets.token_bytes(30))
TOKEN, WRONG_TOKEN, PASSWORD = marked("token"), marked("wrong token"), marked("password")

STORED = {
    "marked_text": TEXT.raw,
    "marked_lines": b"-----BEGIN-----\n" + FIRST_LINE.raw + b"\n\t" + LAST_LINE.raw + b"\n",
    "marked_japanese": JAPANESE.raw,
    "marked_binary": BINARY.raw,
}
SHOWN = [TEXT, FIRST_LINE, LAST_LINE, JAPANESE, CREATED, ADDED]
NEVER_SHOWN = [REFUSED, TOKEN, WRONG_TOKEN, PASSWORD]


@pytest.fixture
def evidence(
    transactional_db: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Evidence]:
    """Databases in files, every statement logged with its parameters, every logger at DEBUG."""
    with in_files(tmp_path, *connections):
        caplog.set_level(logging.DEBUG)
        for name in ("django", "django.request", "django.db.backends", "urllib3", "secret_manager"):
            caplog.set_level(logging.DEBUG, logger=name)
        for connection in connections.all():
            connection.force_debug_cursor = True
            if connection.vendor == "sqlite":
                # The files are read while the machine runs: waiting for the disk would show nothing.
                connection.cursor().execute("PRAGMA synchronous=OFF")
        try:
            yield Evidence(tmp_path)
        finally:
            for connection in connections.all():
                connection.force_debug_cursor = False


@pytest.fixture
def api(evidence: Evidence) -> SecretManagerClient:
    organization = Organization.objects.create(id=ORGANIZATION_ID, name="Example Corp")
    token = TOKEN.raw.decode()
    issue_token(organization=organization, kind=Token.Kind.PERSONAL, principal=USER_ID, token=token)
    credential = Credential.personal(USER_ID, token)
    return Connection(organization_id=ORGANIZATION_ID, label="", credential=credential).client


@pytest.fixture
def stored(api: SecretManagerClient) -> list[Secret]:
    return [api.create_secret(ORGANIZATION_ID, name, value) for name, value in STORED.items()]


@pytest.fixture
def browser(evidence: Evidence) -> WatchedBrowser:
    Person.objects.create_user("hanako", password=PASSWORD.raw.decode(), role=Role.ADMINISTRATOR)
    return WatchedBrowser(evidence)


def test_a_marked_value_is_nowhere_but_where_it_was_asked_for(
    browser: WatchedBrowser,
    stored: list[Secret],
    api: SecretManagerClient,
    evidence: Evidence,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_in_and_connect(browser)
    for secret in stored:
        visit_every_page(browser, secret)
    refuse_every_form(browser, stored[0])
    write_with_every_form(browser, api)
    evidence.take_databases("before revealing")
    for secret in [*api.iter_secrets(ORGANIZATION_ID)]:
        ask_for_every_value(browser, secret)
    evidence.take_databases("after revealing")
    delete_everything(browser, api)
    fail_in_every_way(browser, api, monkeypatch)
    browser.post("/accounts/sign-out/")
    browser.get(LIST_URL)
    evidence.take_databases("at the end")
    evidence.take_logs(caplog.records)

    assert len(evidence.places) > 300
    for marker in SHOWN:
        places = evidence.where_is(marker)
        assert places, f"The value marked {marker.name} was never shown: this test shows nothing."
        assert {place for place in places if not is_asked_for(place)} == set()
    downloads = evidence.where_is(BINARY)
    assert len(downloads) == 1
    assert all(is_asked_for(place) for place in downloads)
    for marker in NEVER_SHOWN:
        assert evidence.where_is(marker) == set(), marker.name


def is_asked_for(place: str) -> bool:
    return place.startswith("answer ") and " POST " in place and place.endswith("/reveal/")


def sign_in_and_connect(browser: WatchedBrowser) -> None:
    browser.get("/accounts/sign-in/")
    browser.post("/accounts/sign-in/", {"username": "hanako", "password": PASSWORD.raw.decode()})
    for headers in ({}, HTMX):
        typed = {"user_id": USER_ID, "personal_access_token": WRONG_TOKEN.raw.decode()}
        send(browser, "/connect/", "connection-form", headers, **CONNECT, **typed)
    typed = {"user_id": USER_ID, "personal_access_token": TOKEN.raw.decode()}
    send(browser, "/connect/", "connection-form", {}, **CONNECT, **{**typed, "user_id": ""})
    send(browser, "/connect/", "connection-form", {}, **CONNECT, **typed)
    assert browser.get(LIST_URL).status_code == 200


CONNECT = {"organization_id": ORGANIZATION_ID, "label": "Example Corp"}


def visit_every_page(browser: WatchedBrowser, secret: Secret) -> None:
    url = f"{LIST_URL}{secret.id}/"
    assert secret.versions
    version = f"{url}versions/{secret.versions[0].id}/"
    pages = [
        "/",
        "/connect/",
        LIST_URL,
        f"{LIST_URL}?per_page=25&page=2",
        f"{LIST_URL}new/",
        url,
        f"{url}?page=2",
        f"{url}edit/",
        f"{url}delete/",
        f"{url}versions/new/",
        f"{version}reveal/",
        f"{version}status/?to=off",
        f"{version}delete/",
        f"{version}nowhere/",
    ]
    for page in pages:
        for headers in ({}, HTMX):
            assert browser.get(page, headers=headers).status_code in {200, 302, 404}


def refuse_every_form(browser: WatchedBrowser, secret: Secret) -> None:
    """Type a marked value into forms that are refused, for every reason there is."""
    typed = REFUSED.raw.decode()
    new_version = f"{LIST_URL}{secret.id}/versions/new/"
    assert secret.name
    for headers in ({}, HTMX):
        for wrong in (
            {"name": "not a name", "value": typed},
            {"name": secret.name, "value": typed},
            {"name": "too_long", "value": typed * 2000},
            {"name": "no_nul", "value": typed + "\0"},
            {"name": "in_the_past", "value": typed, "expiry": "date", "expiry_date": "2020-01-01"},
        ):
            answer = send(browser, f"{LIST_URL}new/", "secret-form", headers, **wrong)
            assert answer.status_code == 422
        for wrong in ({"value": typed * 2000}, {"value": typed, "source": "guessed"}):
            answer = send(browser, new_version, "version-form", headers, **wrong)
            assert answer.status_code == 422
        missing = new_version.replace(secret.id, "999")
        assert browser.post(missing, {"value": typed}, headers=headers).status_code == 404


def write_with_every_form(browser: WatchedBrowser, api: SecretManagerClient) -> None:
    value = f"created\r\n{CREATED.raw.decode()}"
    answer = send(browser, f"{LIST_URL}new/", "secret-form", {}, name="by_form", value=value)
    url = answer.headers["Location"]
    added = send(browser, f"{url}versions/new/", "version-form", HTMX, value=ADDED.raw.decode())
    assert added.headers["HX-Redirect"] == url
    send(browser, f"{url}versions/new/", "version-form", {}, source="generated")
    send(browser, f"{url}edit/", "secret-form", {}, description="Changed", expiry="30")
    for version in api.iter_secret_versions(ORGANIZATION_ID, url.split("/")[-2]):
        for to in ("off", "on"):
            address = f"{url}versions/{version.id}/status/?to={to}"
            assert send(browser, address, "confirm", {}).status_code == 302
    for headers in ({}, HTMX):
        browser.get(url, headers=headers)
        browser.get(LIST_URL, headers=headers)


def ask_for_every_value(browser: WatchedBrowser, secret: Secret) -> None:
    for version in secret.versions or ():
        url = f"{LIST_URL}{secret.id}/versions/{version.id}/reveal/"
        for purpose in ("show", "copy", "download"):
            assert browser.post(url, {"purpose": purpose}).status_code in {200, 422}
        browser.post(url, {"purpose": "show"}, headers=HTMX)
        browser.get(url)
    browser.get(LIST_URL)


def delete_everything(browser: WatchedBrowser, api: SecretManagerClient) -> None:
    """All but the first secret, and one version before it."""
    for secret in [*api.iter_secrets(ORGANIZATION_ID)][:-1]:
        assert secret.versions
        url = f"{LIST_URL}{secret.id}/"
        send(browser, f"{url}versions/{secret.versions[0].id}/delete/", "confirm", {})
        send(browser, f"{url}delete/", "confirm", {}, typed_name=str(secret.name))
    assert len(api.get_secrets(ORGANIZATION_ID).secrets) == 1


def fail_in_every_way(
    browser: WatchedBrowser, api: SecretManagerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secret,) = api.get_secrets(ORGANIZATION_ID).secrets
    assert secret.versions
    url = f"{LIST_URL}{secret.id}/versions/{secret.versions[0].id}/reveal/"
    typed = {"name": "failing", "value": REFUSED.raw.decode()}

    def fail_to_record(**fields: Any) -> Event:
        raise DatabaseError

    def break_down(**arguments: Any) -> Secret:
        raise RuntimeError

    form = filled(browser.get(f"{LIST_URL}new/"), "secret-form", **typed)
    for headers in ({}, HTMX):
        with monkeypatch.context() as broken:
            broken.setattr(Event.objects, "create", fail_to_record)
            assert browser.post(url, headers=headers).status_code == 503
            assert browser.post(f"{LIST_URL}new/", form, headers=headers).status_code == 503
        with monkeypatch.context() as broken:
            broken.setattr(writes, "create_secret", break_down)
            broken.setattr(services, "read_value", break_down)
            assert browser.post(f"{LIST_URL}new/", form, headers=headers).status_code == 500
            assert browser.post(url, headers=headers).status_code == 500
    SecretVersion.objects.update(nonce=b"\0" * 12)
    assert browser.post(url).status_code == 502
    Token.objects.all().delete()
    assert browser.post(url).status_code == 403
    assert browser.post(f"{LIST_URL}new/", form).status_code == 403


def send(
    browser: WatchedBrowser, url: str, form_id: str, headers: dict[str, str], **typed: str
) -> Any:
    form = filled(browser.get(url), form_id, **typed)
    return browser.post(url, form, headers=headers)


# The search itself finds what it looks for, wherever and however it is left behind.

ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "clear": lambda raw: raw.decode(),
    "half": lambda raw: raw[: len(raw) // 2].decode(),
    "base64": lambda raw: base64.b64encode(raw).decode(),
    "base64, one byte in": lambda raw: base64.b64encode(b"x" + raw + b"yz").decode(),
    "base64, two bytes in": lambda raw: base64.urlsafe_b64encode(b"xy" + raw).decode(),
    "hex": lambda raw: raw.hex().upper(),
    "URL": lambda raw: "".join(f"%{byte:02x}" for byte in raw),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_planted_leak_is_found_in_every_kind_of_place(
    browser: WatchedBrowser, evidence: Evidence, caplog: pytest.LogCaptureFixture, encoding: str
) -> None:
    leak = ENCODINGS[encoding](TEXT.raw)
    browser.force_login(Person.objects.get())
    browser.get(f"/connect/?organization={quote(leak)}")
    browser.post("/theme/", {"next": f"/?{leak}"})
    logging.getLogger("secrets_ui").debug("seen: %s", leak)
    Organization.objects.create(id="1", name=leak)
    session = browser.session
    session["note"] = leak
    session.save()
    cache.clear()
    cache.set("note", leak)
    evidence.take_sessions_and_cache("now")
    evidence.take_databases("now")
    evidence.take_logs(caplog.records)
    kinds = {place.split(" ")[0] for place in evidence.where_is(TEXT)}
    assert kinds == {"answer", "headers", "log", "table", "file", "session", "cache"}


@pytest.mark.parametrize("marker", [JAPANESE, BINARY], ids=lambda marker: marker.name)
def test_a_planted_leak_of_any_bytes_is_found(evidence: Evidence, marker: Marker) -> None:
    before = {"nothing": secrets.token_bytes(100_000)}
    forms = {
        "clear": b"..." + marker.raw,
        "repr": repr(marker.raw).encode(),
        "base64": base64.b64encode(b"12345" + marker.raw),
        "hex": marker.raw.hex().encode(),
        "URL": quote(marker.raw).encode(),
    }
    evidence.places = {**before, **forms}
    assert evidence.where_is(marker) == set(forms)

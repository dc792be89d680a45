import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.views.support import LIST_URL, filled, text_of, trail
from tests.secrets_ui.views.upstream import SECRET_URL, VALUE, Upstream

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
URL = f"{LIST_URL}new/"
TYPED = {"name": "new_secret", "value": "its value"}


def send(browser: Client, *, headers: dict[str, str] | None = None, **typed: str) -> HttpResponse:
    form = filled(browser.get(URL), "secret-form", **typed)
    return browser.post(URL, form, headers=headers)


def saved(api: SecretManagerClient) -> Secret:
    (secret,) = api.get_secrets(ORGANIZATION_ID).secrets
    return secret


def value_of(api: SecretManagerClient, secret: Secret) -> bytes:
    (version,) = api.get_secret_versions(ORGANIZATION_ID, secret.id).versions
    fetched = api.get_secret_version(ORGANIZATION_ID, secret.id, version.id, with_value=True)
    assert fetched.value
    return fetched.value.raw


def test_a_secret_is_saved_with_everything_typed(browser: Client, api: SecretManagerClient) -> None:
    answer = send(browser, **TYPED, description="For CRM", app_ids="app-1, app-2、app-1 app_3")
    secret = saved(api)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{LIST_URL}{secret.id}/"
    assert "new_secret is saved." in text_of(browser.get(answer.headers["Location"]))
    assert (secret.name, secret.description, secret.expired_at) == ("new_secret", "For CRM", None)
    assert secret.integration_service_ids == ("app-1", "app-2", "app_3")
    assert secret.integration_service_type == "abeja-platform-labs"
    assert value_of(api, secret) == b"its value"


def test_htmx_is_sent_to_the_new_secret(browser: Client, api: SecretManagerClient) -> None:
    answer = send(browser, headers=HTMX, **TYPED)
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == f"{LIST_URL}{saved(api).id}/"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  spaces around\t", b"  spaces around\t"),
        ("line 1\r\nline 2\r\n", b"line 1\nline 2\n"),
        ("a\rb", b"a\rb"),
        ("秘密 🔑 é", "秘密 🔑 é".encode()),
        ("<b>&amp;</b>", b"<b>&amp;</b>"),
        (" ", b" "),
        ("x" * 65_536, b"x" * 65_536),
        ("\r\n" * 65_536, b"\n" * 65_536),
    ],
)
def test_a_value_is_kept_byte_for_byte(
    browser: Client, api: SecretManagerClient, typed: str, stored: bytes
) -> None:
    send(browser, name="exact", value=typed)
    assert value_of(api, saved(api)) == stored


@pytest.mark.parametrize("value", ["", "é" * 32_769, "nul\0byte"])
def test_a_value_that_cannot_be_kept_is_refused(
    browser: Client, api: SecretManagerClient, value: str
) -> None:
    assert send(browser, name="refused", value=value).status_code == 422
    assert api.get_secrets(ORGANIZATION_ID).secrets == ()


@pytest.mark.parametrize(
    "name",
    ["", "with space", "naïve", "slash/", "ends-abc123", "new\nline", " padded", "x" * 256, "秘密"],
)
def test_a_name_that_breaks_a_rule_is_refused(
    browser: Client, api: SecretManagerClient, name: str
) -> None:
    answer = send(browser, name=name, value=VALUE)
    assert answer.status_code == 422
    assert VALUE not in text_of(answer)
    assert api.get_secrets(ORGANIZATION_ID).secrets == ()
    assert trail("secret.created") == []


def test_a_refused_form_keeps_everything_typed_but_the_value(browser: Client) -> None:
    typed = {
        "name": "not allowed",
        "description": "First line\r\nSecond <line>",
        "expiry": "date",
        "expiry_date": "2099-12-31",
        "expiry_time": "08:30",
        "expiry_zone": "Asia/Tokyo",
        "app_ids": "app-1, app-2",
    }
    answer = send(browser, **typed, value=VALUE)
    kept = filled(answer, "secret-form")
    assert answer.status_code == 422
    assert {name: kept[name] for name in typed} == typed
    assert kept["value"] == ""
    assert VALUE not in text_of(answer)


def test_htmx_gets_a_refused_form_as_a_part(browser: Client) -> None:
    answer = send(browser, headers=HTMX, name="not allowed", value=VALUE)
    assert answer.status_code == 422
    assert text_of(answer).strip().startswith('<form id="secret-form"')
    assert VALUE not in text_of(answer)


def test_an_empty_form_says_what_is_missing(browser: Client) -> None:
    answer = browser.post(URL)
    assert answer.status_code == 422
    assert "This field is required." in text_of(answer)


def test_a_taken_name_is_said_beside_the_name(
    browser: Client, api: SecretManagerClient, secret: Secret
) -> None:
    assert secret.name
    answer = send(browser, name=secret.name, value=VALUE, description="kept")
    kept = filled(answer, "secret-form")
    assert answer.status_code == 422
    assert "This name is taken. Choose another one." in text_of(answer)
    assert (kept["name"], kept["description"], kept["value"]) == (secret.name, "kept", "")
    assert VALUE not in text_of(answer)
    assert len(api.get_secrets(ORGANIZATION_ID).secrets) == 1
    assert trail("secret.created") == [
        ("secret.created", "attempted"),
        ("secret.created", "failed"),
    ]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (409, {"error": "conflict", "error_description": "no"}),
        (400, {"error": "bad_request", "error_description": "Secret name already exists"}),
        (400, {"error": "duplicate_name"}),
    ],
)
def test_every_way_to_say_that_a_name_is_taken_is_understood(
    upstream: Upstream, status: int, said: dict[str, str], headers: dict[str, str]
) -> None:
    upstream.says("POST", Upstream.SECRETS, said, status)
    answer = send(upstream.browser, headers=headers, **TYPED)
    assert answer.status_code == 422
    assert "This name is taken. Choose another one." in text_of(answer)


@pytest.mark.parametrize(
    ("recipe", "pattern"),
    [("letters-32", rb"[A-Za-z0-9]{32}"), ("hex-64", rb"[0-9a-f]{64}"), ("digits-8", rb"\d{8}")],
)
def test_a_generated_value_is_stored_and_never_shown(
    browser: Client, api: SecretManagerClient, recipe: str, pattern: bytes
) -> None:
    answer = send(browser, name="made", source="generated", recipe=recipe)
    made = value_of(api, saved(api))
    assert re.fullmatch(pattern, made)
    assert made not in answer.content + answer.serialize_headers()
    assert made not in browser.get(answer.headers["Location"]).content


@time_machine.travel(datetime(2026, 3, 1, 20, 0, tzinfo=UTC), tick=True)
@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ({"expiry": "none"}, None),
        # In Tokyo it is the 2nd already.
        (
            {"expiry": "30", "expiry_zone": "Asia/Tokyo"},
            datetime(2026, 4, 1, 23, 59, tzinfo=ZoneInfo("Asia/Tokyo")),
        ),
        ({"expiry": "365", "expiry_zone": "UTC"}, datetime(2027, 3, 1, 23, 59, tzinfo=UTC)),
        (
            {
                "expiry": "date",
                "expiry_date": "2026-12-24",
                "expiry_time": "18:30",
                "expiry_zone": "America/New_York",
            },
            datetime(2026, 12, 24, 23, 30, tzinfo=UTC),
        ),
        (
            {
                "expiry": "date",
                "expiry_date": "2026-12-24",
                "expiry_time": "",
                "expiry_zone": "UTC",
            },
            datetime(2026, 12, 24, 23, 59, tzinfo=UTC),
        ),
    ],
)
def test_an_expiry_is_the_moment_that_was_chosen(
    browser: Client, api: SecretManagerClient, typed: dict[str, str], moment: datetime | None
) -> None:
    assert send(browser, **TYPED, **typed).status_code == 302
    assert saved(api).expired_at == moment


@pytest.mark.parametrize(
    "typed",
    [
        {"expiry": "date", "expiry_date": ""},
        {"expiry": "date", "expiry_date": "2020-01-01"},
        {"expiry": "date", "expiry_date": "0001-01-01", "expiry_zone": "Asia/Tokyo"},
        {"expiry": "date", "expiry_date": "9999-12-31", "expiry_zone": "America/Los_Angeles"},
        {"expiry": "date", "expiry_date": "tomorrow"},
        {"expiry": "31"},
        {"expiry": "30", "expiry_zone": "../../etc/passwd"},
        {"app_ids": "app 1, <b>"},
        {"source": "guessed"},
        {"source": "generated", "recipe": "1234"},
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(
    browser: Client, api: SecretManagerClient, typed: dict[str, str]
) -> None:
    answer = send(browser, **{**TYPED, **typed})
    assert answer.status_code == 422
    assert api.get_secrets(ORGANIZATION_ID).secrets == ()


def test_the_zone_offered_first_is_the_persons_own(browser: Client) -> None:
    browser.cookies["time_zone"] = "Europe/Paris"
    assert filled(browser.get(URL), "secret-form")["expiry_zone"] == "Europe/Paris"


def test_it_is_recorded_before_and_after_without_the_value(
    browser: Client, api: SecretManagerClient
) -> None:
    send(browser, name="recorded", value=VALUE)
    attempted, ok = Event.objects.filter(action="secret.created").order_by("sequence")
    assert (attempted.outcome, attempted.secret_id) == ("attempted", "")
    assert (ok.outcome, ok.secret_id) == ("ok", saved(api).id)
    assert attempted.act == ok.act
    for event in (attempted, ok):
        assert event.secret_name == "recorded"
        assert event.organization_id == ORGANIZATION_ID
        assert event.actor == "hanako"
        assert event.api_identity == "user-1410000000001"
        assert VALUE not in str(vars(event))


@pytest.mark.usefixtures("broken_trail")
def test_nothing_is_saved_where_it_cannot_be_recorded(
    browser: Client, api: SecretManagerClient
) -> None:
    answer = send(browser, name="unrecorded", value=VALUE)
    assert answer.status_code == 503
    assert "This cannot be recorded in the audit trail" in text_of(answer)
    assert "nothing was changed" in text_of(answer)
    assert VALUE not in text_of(answer)
    names = [secret.name for secret in api.get_secrets(ORGANIZATION_ID).secrets]
    assert "unrecorded" not in names


def test_an_answer_with_the_value_in_it_is_not_passed_on(upstream: Upstream) -> None:
    upstream.shows_one_secret()
    leaky = {"id": "1001", "versions": [{"id": "2001", "value": "aXRzIHZhbHVl"}]}
    upstream.says("POST", Upstream.SECRETS, leaky, 201)
    answer = send(upstream.browser, **TYPED)
    assert answer.headers["Location"] == SECRET_URL
    page = text_of(upstream.browser.get(SECRET_URL))
    assert "its value" not in page
    assert "aXRzIHZhbHVl" not in page


def test_an_expiry_in_the_past_by_minutes_is_refused(browser: Client) -> None:
    just_now = datetime.now(UTC) - timedelta(minutes=2)
    answer = send(
        browser,
        **TYPED,
        expiry="date",
        expiry_date=f"{just_now:%Y-%m-%d}",
        expiry_time=f"{just_now:%H:%M}",
        expiry_zone="UTC",
    )
    assert answer.status_code == 422
    assert "This moment has already passed. Choose a later one." in text_of(answer)

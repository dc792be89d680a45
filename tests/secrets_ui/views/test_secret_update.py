from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse

from audit.models import Event
from tests.secrets_ui.conftest import HTMX
from tests.secrets_ui.views.support import filled, text_of, trail
from tests.secrets_ui.views.upstream import SECRET, SECRET_URL, Upstream

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])
URL = f"{SECRET_URL}edit/"
# With the seconds and fractions that a form does not show.
FULL = {
    **SECRET,
    "description": "Pays\nthe bills",
    "expired_at": "2099-06-30T12:34:56.789Z",
    "integration_service_type": "abeja-platform-labs",
    "integration_service_ids": ["app-1", "app-2"],
}


@pytest.fixture
def full(upstream: Upstream) -> Upstream:
    """A Secret Manager with one secret in which every field is set."""
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.SECRET, FULL)
    upstream.says("PATCH", Upstream.SECRET, FULL)
    return upstream


def send(
    upstream: Upstream, *, headers: dict[str, str] | None = None, **typed: str
) -> HttpResponse:
    form = filled(upstream.browser.get(URL), "secret-form", **typed)
    # A browser sends every line break as CR LF.
    sent = {name: text.replace("\n", "\r\n") for name, text in form.items()}
    return upstream.browser.post(URL, sent, headers=headers)


def test_the_form_shows_the_secret_as_it_is(full: Upstream) -> None:
    form = filled(full.browser.get(URL), "secret-form")
    shown = {name: form[name] for name in form if not name.startswith(("initial-", "csrf"))}
    assert {
        "description": "Pays\nthe bills",
        "expiry": "date",
        "expiry_date": "2099-06-30",
        "expiry_time": "12:34",
        "expiry_zone": "UTC",
        "app_ids": "app-1, app-2",
    }.items() <= shown.items()
    assert "value" not in shown


def test_an_unchanged_form_sends_nothing(full: Upstream) -> None:
    answer = send(full)
    assert answer.headers["Location"] == SECRET_URL
    assert full.sent("PATCH") == []
    assert "You changed nothing" in text_of(full.browser.get(SECRET_URL))
    assert trail("secret.changed") == []


@pytest.mark.parametrize(
    ("typed", "body"),
    [
        ({"description": "New"}, {"description": "New"}),
        ({"description": "Two\nlines"}, {"description": "Two\nlines"}),
        ({"description": ""}, {"description": None}),
        ({"expiry": "none"}, {"expired_at": None}),
        ({"expiry_date": "2099-07-01"}, {"expired_at": "2099-07-01T12:34:00+00:00"}),
        ({"expiry_time": "13:00"}, {"expired_at": "2099-06-30T13:00:00+00:00"}),
        ({"expiry_zone": "Asia/Tokyo"}, {"expired_at": "2099-06-30T12:34:00+09:00"}),
        (
            {"app_ids": "app-2"},
            {
                "integration_service_ids": ["app-2"],
                "integration_service_type": "abeja-platform-labs",
            },
        ),
        (
            {"app_ids": ""},
            {"integration_service_ids": [], "integration_service_type": None},
        ),
    ],
    ids=str,
)
def test_only_what_was_changed_is_sent(
    full: Upstream, typed: dict[str, str], body: dict[str, Any]
) -> None:
    answer = send(full, **typed)
    assert answer.status_code == 302, text_of(answer)
    assert full.sent("PATCH") == [body]


def test_an_expiry_keeps_its_seconds_when_something_else_changes(full: Upstream) -> None:
    send(full, description="New")
    (body,) = full.sent("PATCH")
    assert "expired_at" not in body


def test_a_secret_past_its_expiry_can_still_be_described(full: Upstream) -> None:
    full.says("GET", Upstream.SECRET, {**FULL, "expired_at": "2020-01-01T00:00:00Z"})
    send(full, description="New")
    assert full.sent("PATCH") == [{"description": "New"}]


def test_an_expiry_in_the_past_cannot_be_set(full: Upstream) -> None:
    answer = send(full, expiry_date="2020-01-01")
    assert answer.status_code == 422
    assert "This moment has already passed." in text_of(answer)
    assert full.sent("PATCH") == []


def test_a_preset_replaces_a_date(full: Upstream) -> None:
    send(full, expiry="30")
    (body,) = full.sent("PATCH")
    left = datetime.fromisoformat(body["expired_at"]) - datetime.now(UTC)
    assert 29 <= left.days <= 31


def test_a_long_description_that_others_wrote_is_no_obstacle(full: Upstream) -> None:
    full.says("GET", Upstream.SECRET, {**FULL, "description": "x" * 4096})
    send(full, expiry="none")
    assert full.sent("PATCH") == [{"expired_at": None}]


def test_what_somebody_else_changed_meanwhile_is_left_alone(full: Upstream) -> None:
    form = filled(full.browser.get(URL), "secret-form", description="Mine")
    full.says("GET", Upstream.SECRET, {**FULL, "expired_at": None})
    full.browser.post(URL, form)
    assert full.sent("PATCH") == [{"description": "Mine"}]


def test_htmx_is_sent_to_the_secret(full: Upstream) -> None:
    answer = send(full, headers=HTMX, description="New")
    assert answer.headers["HX-Redirect"] == SECRET_URL


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_refused_form_keeps_everything_typed(full: Upstream, headers: dict[str, str]) -> None:
    typed = {"description": "New <b>", "expiry_date": "2099-01-01", "app_ids": "not an id!"}
    answer = send(full, headers=headers, **typed)
    kept = filled(answer, "secret-form")
    assert answer.status_code == 422
    assert {name: kept[name] for name in typed} == typed
    assert ("<html" in text_of(answer)) == (not headers)


def test_what_is_not_in_the_form_cannot_be_changed(full: Upstream) -> None:
    form = filled(full.browser.get(URL), "secret-form", description="New")
    full.browser.post(URL, {**form, "name": "renamed", "value": "v", "organization_id": "2"})
    assert full.sent("PATCH") == [{"description": "New"}]


def test_it_is_recorded_with_the_names_of_what_changed(full: Upstream) -> None:
    send(full, description="New words", expiry="none")
    assert trail("secret.changed") == [("secret.changed", "attempted"), ("secret.changed", "ok")]
    event = Event.objects.filter(action="secret.changed").latest("sequence")
    assert (event.secret_id, event.secret_name) == ("1001", "billing-key")
    assert event.detail == "description, expired_at"
    assert "New words" not in str(vars(event))


def test_nothing_is_changed_where_it_cannot_be_recorded(
    full: Upstream, break_trail: Callable[[], None]
) -> None:
    break_trail()
    answer = send(full, description="New")
    assert answer.status_code == 503
    assert full.sent("PATCH") == []


def test_what_nobody_sees_in_a_description_stays_when_something_else_changes(
    upstream: Upstream,
) -> None:
    unseen = {**FULL, "description": "Pays\u200b\u202e the bills"}
    upstream.shows_one_secret()
    upstream.says("GET", Upstream.SECRET, unseen)
    upstream.says("PATCH", Upstream.SECRET, unseen)
    form = filled(upstream.browser.get(URL), "secret-form")
    assert form["description"] == unseen["description"]
    send(upstream, app_ids="app-1")
    (body,) = upstream.sent("PATCH")
    assert "description" not in body

"""What was not saved comes back as it was typed, without its value, and only to who typed it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import Secret, SecretManagerClient
from secrets_ui.models import Intent
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.lossy import Line
from tests.secrets_ui.support import VALUE, values_of
from tests.secrets_ui.views.support import LIST_URL, filled, text_of

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
State = Intent.State
NONCE = "0123456789abcdef"
OUTCOME_URL = f"/organizations/{ORGANIZATION_ID}/writes/{NONCE}/"
CREATE_URL = f"{LIST_URL}new/"
AGAIN = f"?again={NONCE}"
ON_A_DATE = {
    "expiry": "date",
    "expiry_date": "2099-06-30",
    "expiry_time": "12:34",
    "expiry_zone": "Asia/Tokyo",
}
MOMENT = datetime(2099, 6, 30, 3, 34, tzinfo=UTC)
TYPED = {"description": "Two\nlines <b>", "app_ids": "app-1, app-2", **ON_A_DATE}


@pytest.fixture
def edit_url(secret_url: str) -> str:
    return f"{secret_url}edit/"


def not_saved(browser: Client, line: Line, url: str, **typed: str) -> HttpResponse:
    """Lose a form on the way, look it up after a quiet time, and return the page that says so."""
    form = filled(browser.get(url), "secret-form", **typed)
    line.announces = False
    line.loses("PATCH" if url.endswith("edit/") else "POST", arrives=False)
    answer = browser.post(url, {**form, "nonce": NONCE})
    assert answer.headers["Location"] == OUTCOME_URL
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=True):
        page = browser.post(OUTCOME_URL, follow=True)
    assert "It was not saved" in text_of(page)
    return page


def not_created(browser: Client, line: Line) -> HttpResponse:
    return not_saved(browser, line, CREATE_URL, name="bank-api", value=VALUE, **TYPED)


def test_a_new_secret_comes_back_as_it_was_typed_but_for_its_value(
    browser: Client, line: Line
) -> None:
    page = not_created(browser, line)
    assert f'href="{CREATE_URL}{AGAIN}">Do it again</a>' in text_of(page)
    answer = browser.get(CREATE_URL + AGAIN)
    assert answer.status_code == 200
    form = filled(answer, "secret-form")
    assert (form["name"], form["value"]) == ("bank-api", "")
    assert (form["description"], form["app_ids"]) == ("Two\nlines <b>", "app-1, app-2")
    # The same moment on the person's own clock, which is UTC.
    shown = [form[part] for part in ("expiry", "expiry_date", "expiry_time", "expiry_zone")]
    assert shown == ["date", "2099-06-30", "03:34", "UTC"]
    assert form["nonce"] != NONCE
    assert VALUE not in text_of(answer) + text_of(page) + repr(list(Intent.objects.values()))


def test_what_came_back_can_be_saved_once_its_value_is_typed_again(
    browser: Client, line: Line, truth: SecretManagerClient
) -> None:
    not_created(browser, line)
    url = CREATE_URL + AGAIN
    form = filled(browser.get(url), "secret-form", value=VALUE)
    saved = browser.post(url, form)
    (made,) = truth.list_secrets(ORGANIZATION_ID)
    assert saved.headers["Location"] == f"{LIST_URL}{made.id}/"
    assert (made.name, made.description, made.expired_at) == ("bank-api", "Two\nlines <b>", MOMENT)
    assert set(made.integration_service_ids) == {"app-1", "app-2"}
    assert values_of(truth, made.id) == [VALUE]


def test_a_new_secret_without_more_than_a_name_comes_back_too(browser: Client, line: Line) -> None:
    not_saved(browser, line, CREATE_URL, name="bank-api", value=VALUE)
    form = filled(browser.get(CREATE_URL + AGAIN), "secret-form")
    assert (form["name"], form["description"], form["app_ids"]) == ("bank-api", "", "")
    assert form["expiry"] == "none"


def test_a_taken_name_comes_back_to_be_changed(browser: Client, line: Line) -> None:
    not_created(browser, line)
    Intent.objects.update(state=State.TAKEN)
    form = filled(browser.get(CREATE_URL + AGAIN), "secret-form")
    assert (form["name"], form["description"]) == ("bank-api", "Two\nlines <b>")


def test_an_edit_comes_back_as_it_was_typed(
    browser: Client, line: Line, edit_url: str, secret: Secret, truth: SecretManagerClient
) -> None:
    page = not_saved(browser, line, edit_url, **TYPED)
    assert f'href="{edit_url}{AGAIN}">Do it again</a>' in text_of(page)
    answer = browser.get(edit_url + AGAIN)
    assert answer.status_code == 200
    form = filled(answer, "secret-form")
    assert form["description"] == "Two\nlines <b>"
    assert form["expiry_date"] == "2099-06-30"
    assert form["expiry_time"].startswith("03:34")
    assert "value" not in form
    assert browser.post(edit_url, form).status_code == 302
    now = truth.get_secret(ORGANIZATION_ID, secret.id)
    assert (now.description, now.expired_at) == ("Two\nlines <b>", MOMENT)
    assert set(now.integration_service_ids) == {"app-1", "app-2"}


def test_an_edit_that_cleared_everything_comes_back_cleared(
    browser: Client, line: Line, edit_url: str, secret: Secret, truth: SecretManagerClient
) -> None:
    not_saved(browser, line, edit_url, description="")
    form = filled(browser.get(edit_url + AGAIN), "secret-form")
    assert form["description"] == ""
    assert browser.post(edit_url, form).status_code == 302
    assert not truth.get_secret(ORGANIZATION_ID, secret.id).description


def test_an_edit_that_comes_back_does_not_undo_what_another_changed_in_other_fields(
    browser: Client, line: Line, edit_url: str, secret: Secret, truth: SecretManagerClient
) -> None:
    not_saved(browser, line, edit_url, app_ids="app-1")
    truth.update_secret(ORGANIZATION_ID, secret.id, description="Theirs")
    form = filled(browser.get(edit_url + AGAIN), "secret-form")
    assert (form["description"], form["app_ids"]) == ("Theirs", "app-1")
    assert browser.post(edit_url, form).status_code == 302
    now = truth.get_secret(ORGANIZATION_ID, secret.id)
    assert (now.description, now.integration_service_ids) == ("Theirs", ("app-1",))


def test_an_edit_comes_back_only_on_its_own_secrets_form(
    browser: Client, line: Line, edit_url: str, truth: SecretManagerClient
) -> None:
    not_saved(browser, line, edit_url, description="Mine")
    other = truth.create_secret(ORGANIZATION_ID, "other", VALUE, description="Other")
    form = filled(browser.get(f"{LIST_URL}{other.id}/edit/{AGAIN}"), "secret-form")
    assert form["description"] == "Other"
    assert filled(browser.get(CREATE_URL + AGAIN), "secret-form")["name"] == ""


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN, State.SAVED, State.UNSURE], ids=str)
def test_what_may_have_been_saved_does_not_come_back(
    browser: Client, line: Line, edit_url: str, state: Intent.State
) -> None:
    not_saved(browser, line, edit_url, description="Mine")
    Intent.objects.update(state=state)
    form = filled(browser.get(edit_url + AGAIN), "secret-form")
    assert form["description"] == "Signs CRM calls"
    Intent.objects.update(action="secret.created")
    assert filled(browser.get(CREATE_URL + AGAIN), "secret-form")["name"] == ""


def test_another_persons_nonce_gives_nothing(
    browser: Client, line: Line, person: Person, edit_url: str
) -> None:
    not_saved(browser, line, edit_url, description="Mine")
    Intent.objects.update(person_id=person.pk + 1)
    answer = browser.get(edit_url + AGAIN)
    assert answer.status_code == 200
    assert "Mine" not in text_of(answer)
    Intent.objects.update(action="secret.created", secret_name="theirs-alone")
    answer = browser.get(CREATE_URL + AGAIN)
    assert answer.status_code == 200
    assert "theirs-alone" not in text_of(answer)


def test_another_organizations_nonce_gives_nothing(browser: Client, line: Line) -> None:
    not_created(browser, line)
    theirs = Organization.objects.create(id="1420000000000", name="Theirs")
    _, token = issue_token(organization=theirs, kind=Token.Kind.BEARER, principal="user-2")
    browser.post("/connect/", {"organization_id": theirs.id, "kind": "bearer", "auth_token": token})
    answer = browser.get(f"/organizations/{theirs.id}/secrets/new/{AGAIN}")
    assert filled(answer, "secret-form")["name"] == ""


@pytest.mark.parametrize("nonce", ["", "unknown" * 3, "%3Cb%3E", "a%00b", "x" * 500])
def test_a_nonce_that_nobody_sent_gives_the_form_as_it_is(
    browser: Client, edit_url: str, nonce: str
) -> None:
    for url, name in ((CREATE_URL, ""), (edit_url, "Signs CRM calls")):
        answer = browser.get(f"{url}?again={nonce}")
        assert answer.status_code == 200
        assert filled(answer, "secret-form")["description"] == name

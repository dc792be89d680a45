"""One form is acted on once, however often it arrives; and a form that failed can be corrected."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from secret_manager import Credential, Secret, SecretManagerClient
from secrets_ui import decorators, journal
from secrets_ui.models import Intent
from secrets_ui.views import writes as outcome_page
from tests.emulator.threads import at_once
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID, USER_ID
from tests.secrets_ui.lossy import Line
from tests.secrets_ui.support import VALUE, names_in, values_of
from tests.secrets_ui.views.support import LIST_URL, filled, text_of, trail

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
State = Intent.State
NEW_URL = f"{LIST_URL}new/"
TYPED = {"name": "bank-api", "value": VALUE}


@dataclass(frozen=True)
class Form:
    """A page that writes: its address after the secret's, and what a person types."""

    page: str
    form: str
    method: str
    action: str
    typed: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)


FORMS = [
    Form("../new/", "secret-form", "POST", "secret.created", TYPED),
    Form("edit/", "secret-form", "PATCH", "secret.changed", {"description": "New"}),
    Form("delete/", "confirm", "DELETE", "secret.deleted", {"typed_name": "crm-webhook-signing"}),
    Form("versions/new/", "version-form", "POST", "version.added", {"value": VALUE}),
    Form("versions/{}/status/", "confirm", "PATCH", "version.turned_off", query={"to": "off"}),
    Form("versions/{}/delete/", "confirm", "DELETE", "version.deleted"),
]
each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.action)


@dataclass
class Opened:
    """A form as a browser holds it, to be sent as often as one likes."""

    url: str
    data: dict[str, str]

    def send(self, browser: Client, **headers: str) -> HttpResponse:
        return browser.post(self.url, self.data, headers=headers)

    def corrected(self, answer: HttpResponse, form_id: str, **typed: str) -> "Opened":
        """Return the form as it came back, typed into once more."""
        return Opened(self.url, filled(answer, form_id, **typed))


Open = Callable[[Form], Opened]


@pytest.fixture
def opened(browser: Client, line: Line, secret_url: str, version_id: str) -> Open:
    def open_form(form: Form) -> Opened:
        url = secret_url + form.page.format(version_id)
        url = NEW_URL if form.page == "../new/" else url
        return Opened(url, filled(browser.get(url, form.query), form.form, **form.typed))

    return open_form


def outcome_url(sent: Opened) -> str:
    return f"/organizations/{ORGANIZATION_ID}/writes/{sent.data['nonce']}/"


@each_form
def test_every_page_that_writes_gives_each_visit_its_own_nonce(form: Form, opened: Open) -> None:
    nonces = {opened(form).data["nonce"] for _ in range(3)}
    assert len(nonces) == 3
    assert all(journal.nonce_of(nonce) == nonce for nonce in nonces)


@each_form
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_form_that_arrives_again_is_shown_the_first_ones_result(
    form: Form, opened: Open, browser: Client, line: Line, headers: dict[str, str]
) -> None:
    """A refresh of the answer, or Back and once more."""
    sent = opened(form)
    first = sent.send(browser)
    second = sent.send(browser, **headers)
    assert second.headers["HX-Redirect" if headers else "Location"] == outcome_url(sent)
    assert line.count(form.method) == 1
    assert trail(form.action) == [(form.action, "attempted"), (form.action, "ok")]
    # Once the first one's own words are read, the second one's say the same.
    browser.get(first.headers["Location"])
    shown = browser.get(outcome_url(sent))
    expected = LIST_URL if form.action == "secret.deleted" else first.headers["Location"]
    assert shown.headers["Location"] == expected
    name = "bank-api" if form.action == "secret.created" else "crm-webhook-signing"
    is_gone = form.action == "secret.deleted"
    said = f"{name} is deleted." if is_gone else f"Your change to {name} is saved."
    assert said in text_of(browser.get(shown.headers["Location"]))


def test_an_old_form_with_other_words_is_not_acted_on_and_says_what_was_saved(
    opened: Open, browser: Client, truth: SecretManagerClient, secret: Secret
) -> None:
    sent = opened(FORMS[0])
    sent.send(browser)
    sent.data["name"] = "another-name"
    sent.send(browser)
    shown = browser.get(outcome_url(sent), follow=True)
    assert set(names_in(truth)) == {secret.name, "bank-api"}
    assert "Your change to bank-api is saved." in text_of(shown)


@pytest.mark.parametrize("nonce", [None, "", "short", "<b>" * 8])
def test_a_form_without_a_usable_nonce_is_acted_on(
    nonce: str | None, opened: Open, browser: Client, truth: SecretManagerClient
) -> None:
    sent = opened(FORMS[0])
    del sent.data["nonce"]
    sent.data.update({} if nonce is None else {"nonce": nonce})
    assert sent.send(browser).status_code == 302
    assert "bank-api" in names_in(truth)


def test_two_people_with_the_same_nonce_are_apart(
    opened: Open, browser: Client, truth: SecretManagerClient, credential: Credential
) -> None:
    colleague = Client()
    colleague.force_login(Person.objects.create_user("jiro", role=Role.ADMINISTRATOR))
    colleague.post(
        "/connect/",
        {
            "organization_id": ORGANIZATION_ID,
            "kind": "personal",
            "user_id": USER_ID,
            "personal_access_token": credential.as_dict()["personal_access_token"],
        },
    )
    ours, theirs = opened(FORMS[0]), opened(FORMS[0])
    theirs.data |= {"nonce": ours.data["nonce"], "name": "their-own"}
    assert ours.send(browser).headers["Location"] != outcome_url(ours)
    assert colleague.get(outcome_url(ours)).status_code == 404
    assert theirs.send(colleague).headers["Location"] != outcome_url(ours)
    assert {"bank-api", "their-own"} <= set(names_in(truth))


# What came back can be corrected, with the same nonce


def is_saved_once(answer: HttpResponse, truth: SecretManagerClient, name: str) -> bool:
    found = [secret for secret in truth.list_secrets(ORGANIZATION_ID) if secret.name == name]
    is_there = len(found) == 1 and values_of(truth, found[0].id) == [VALUE]
    return is_there and answer.headers.get("Location") == f"{LIST_URL}{found[0].id}/"


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_form_with_a_mistake_can_be_corrected(
    opened: Open, browser: Client, truth: SecretManagerClient, headers: dict[str, str]
) -> None:
    sent = opened(FORMS[0])
    sent.data["name"] = "not allowed"
    answer = sent.send(browser, **headers)
    assert answer.status_code == 422
    again = sent.corrected(answer, "secret-form", **TYPED)
    assert again.data["nonce"] == sent.data["nonce"]
    assert is_saved_once(again.send(browser), truth, "bank-api")


def test_a_name_that_is_taken_can_be_corrected(
    opened: Open, browser: Client, truth: SecretManagerClient, secret: Secret
) -> None:
    sent = opened(FORMS[0])
    sent.data["name"] = secret.name
    answer = sent.send(browser)
    again = sent.corrected(answer, "secret-form", **TYPED)
    assert is_saved_once(again.send(browser), truth, "bank-api")


def test_a_name_that_turned_out_to_be_taken_can_be_corrected(
    opened: Open, browser: Client, truth: SecretManagerClient, secret: Secret, line: Line
) -> None:
    """The answer was lost, and looking it up showed somebody else's secret."""
    sent = opened(FORMS[0])
    sent.data["name"] = secret.name
    line.loses("POST", arrives=True)
    answer = sent.send(browser)
    assert answer.status_code == 422
    assert "This name is taken." in text_of(answer)
    again = sent.corrected(answer, "secret-form", **TYPED)
    assert is_saved_once(again.send(browser), truth, "bank-api")


@pytest.mark.parametrize("status", [400, 403, 429], ids=str)
def test_what_the_secret_manager_refused_can_be_sent_anew(
    status: int, opened: Open, browser: Client, truth: SecretManagerClient, line: Line
) -> None:
    sent = opened(FORMS[0])
    line.loses("POST", arrives=False, status=status)
    answer = sent.send(browser)
    assert answer.status_code >= 400
    again = sent.corrected(answer, "secret-form", **TYPED)
    assert is_saved_once(again.send(browser), truth, "bank-api")


def test_what_is_surely_not_saved_keeps_all_but_the_value_and_can_be_sent_anew(
    opened: Open, browser: Client, truth: SecretManagerClient, line: Line
) -> None:
    # A key is sent only where it was announced.
    browser.get(LIST_URL)
    sent = opened(FORMS[0])
    sent.data |= {"description": "typed description", "app_ids": "app-1"}
    line.loses("POST", arrives=False)
    answer = sent.send(browser)
    assert answer.status_code == 502
    assert VALUE not in text_of(answer)
    came_back = filled(answer, "secret-form")
    assert (came_back["name"], came_back["value"]) == ("bank-api", "")
    assert (came_back["description"], came_back["app_ids"]) == ("typed description", "app-1")
    again = sent.corrected(answer, "secret-form", value=VALUE)
    assert is_saved_once(again.send(browser), truth, "bank-api")


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@each_form
def test_what_may_still_be_carried_out_cannot_be_sent_anew(
    form: Form, opened: Open, browser: Client, line: Line, headers: dict[str, str]
) -> None:
    line.announces = False
    sent = opened(form)
    line.loses(form.method, arrives=False)
    for _ in range(3):
        answer = sent.send(browser, **headers)
        assert answer.headers["HX-Redirect" if headers else "Location"] == outcome_url(sent)
    assert line.count(form.method) == 1
    assert Intent.objects.get(nonce=sent.data["nonce"]).state == State.UNKNOWN
    page = text_of(browser.get(outcome_url(sent)))
    assert "We do not know yet whether it was saved" in page
    assert "Do it again" not in page


def test_a_comparison_that_cannot_be_recorded_does_not_say_that_nothing_was_changed(
    opened: Open,
    browser: Client,
    truth: SecretManagerClient,
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = Event.objects.create

    def refuse(**facts: object) -> Event:
        if facts["action"] == "value.compared":
            raise DatabaseError("disk full")
        return record(**facts)

    sent = opened(FORMS[0])
    monkeypatch.setattr(Event.objects, "create", refuse)
    line.loses("POST", arrives=True)
    answer = sent.send(browser)
    assert "bank-api" in names_in(truth)
    assert "nothing was changed" not in text_of(answer)
    assert Intent.objects.get(nonce=sent.data["nonce"]).state == State.UNKNOWN
    assert trail("secret.created")[-1] == ("secret.created", "unknown")
    # The second arrival sends nothing, and the page looks it up without the value.
    assert sent.send(browser).headers["Location"] == outcome_url(sent)
    assert "is saved." in text_of(browser.post(outcome_url(sent), follow=True))
    assert line.count("POST") == 1


# Two arrivals at once


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_an_arrival_that_another_has_taken_over_leads_to_where_that_one_ends(
    opened: Open, browser: Client, person: Person, line: Line, headers: dict[str, str]
) -> None:
    sent = opened(FORMS[3])
    for_the_form = {
        "nonce": sent.data["nonce"],
        "person_id": person.pk,
        "organization_id": ORGANIZATION_ID,
    }

    def take_over() -> None:
        Intent.objects.update(working_since=timezone.now() - journal.IN_FLIGHT * 2)
        assert not journal.claim(**for_the_form).is_repeat

    line.meets("GET", later=take_over)
    answer = sent.send(browser, **headers)
    assert answer.headers["HX-Redirect" if headers else "Location"] == outcome_url(sent)
    assert line.count("POST") == 0
    assert journal.claim(**for_the_form).is_repeat, "it is still the other one's"


def test_a_second_click_on_a_form_with_a_mistake_shows_the_mistake(
    opened: Open, browser: Client, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser shows the answer to the second click, so that is where the mistake must be."""
    sent = opened(FORMS[0])
    sent.data["name"] = "not allowed"
    first = journal.claim(
        nonce=sent.data["nonce"], person_id=person.pk, organization_id=ORGANIZATION_ID
    )
    monkeypatch.setattr(decorators.time, "sleep", lambda seconds: journal.release(first.intent))
    answer = sent.send(browser)
    assert answer.status_code == 422
    assert "This name breaks one of the rules below." in text_of(answer)


def test_a_second_click_does_not_wait_for_ever(
    opened: Open, browser: Client, person: Person, monkeypatch: pytest.MonkeyPatch, line: Line
) -> None:
    sent = opened(FORMS[0])
    journal.claim(nonce=sent.data["nonce"], person_id=person.pk, organization_id=ORGANIZATION_ID)
    monkeypatch.setattr(decorators, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(outcome_page, "WAIT_SECONDS", 0)
    assert sent.send(browser).headers["Location"] == outcome_url(sent)
    page = browser.get(outcome_url(sent))
    assert "Still working on it" in text_of(page)
    assert page.headers["Refresh"].startswith("2; url=")
    assert line.count("POST") == 0


@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
@pytest.mark.parametrize("form", [FORMS[0], FORMS[3]], ids=lambda form: form.action)
@pytest.mark.usefixtures("served_databases")
def test_two_clicks_at_one_moment_make_one_secret(
    form: Form, browser: Client, truth: SecretManagerClient, line: Line, secret: Secret
) -> None:
    url = NEW_URL if form is FORMS[0] else f"{LIST_URL}{secret.id}/versions/new/"
    sent = Opened(url, filled(browser.get(url), form.form, **form.typed))
    cookies = browser.cookies.output(header="", sep=";")

    def click(number: int) -> HttpResponse:
        browser = Client(headers={"Cookie": cookies})
        return sent.send(browser)

    answers = at_once(click, callers=3)
    assert [answer.status_code for answer in answers] == [302] * 3
    assert [answer.headers["Location"] for answer in answers].count(outcome_url(sent)) == 2
    assert line.count("POST") == 1
    values = [
        value for each in truth.list_secrets(ORGANIZATION_ID) for value in values_of(truth, each.id)
    ]
    assert sorted(values) == sorted(["the first value", VALUE])


# Where the journal cannot be written


@each_form
def test_nothing_is_sent_where_the_form_cannot_be_claimed(
    form: Form, opened: Open, browser: Client, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise DatabaseError("disk full")

    sent = opened(form)
    monkeypatch.setattr(Intent.objects, "get_or_create", refuse)
    answer = sent.send(browser)
    assert answer.status_code == 503
    assert "nothing was changed" in text_of(answer)
    assert VALUE not in text_of(answer)
    assert line.count(form.method) == 0


@each_form
def test_trouble_after_the_act_does_not_call_it_undone(
    form: Form, opened: Open, browser: Client, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is written down after an act, nothing says that it did not happen."""
    sent = opened(form)
    note = journal.settled

    def note_and_break(*args: object, **facts: object) -> None:
        note(*args, **facts)  # type: ignore[arg-type]
        monkeypatch.setattr(journal, "_written", _cannot_be_written)

    monkeypatch.setattr(journal, "settled", note_and_break)
    answer = sent.send(browser)
    assert line.count(form.method) == 1
    assert answer.status_code == 302


def _cannot_be_written(*, act_was_done: bool) -> object:
    raise journal.TrailUnavailable(act_was_done=act_was_done)

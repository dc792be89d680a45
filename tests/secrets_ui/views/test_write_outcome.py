"""Where a form without an answer leads to, and what a person finds at the next visit."""

from datetime import timedelta

import pytest
import time_machine
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from emulator.auth import issue_token
from emulator.models import Organization, Token
from secret_manager import NotFound, Secret, SecretManagerClient
from secrets_ui import journal, settlement
from secrets_ui.models import Intent
from secrets_ui.views import writes as outcome_page
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.lossy import Line
from tests.secrets_ui.support import VALUE, names_in, values_of
from tests.secrets_ui.views.support import LIST_URL, filled, text_of, trail

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
State = Intent.State
NONCE = "0123456789abcdef"
WRITES_URL = f"/organizations/{ORGANIZATION_ID}/writes/"
OUTCOME_URL = f"{WRITES_URL}{NONCE}/"
NOT_KNOWN = "We do not know yet whether it was saved"


class Killed(BaseException):
    """What ends a process without giving it time to note anything more."""


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome_page, "WAIT_SECONDS", 0)


@pytest.fixture
def intent(browser: Client, person: Person) -> Intent:
    """A new secret of the person in the browser, as if it had been sent."""
    claim = journal.claim(nonce=NONCE, person_id=person.pk, organization_id=ORGANIZATION_ID)
    journal.sent(claim.intent, action="secret.created", secret_name="bank-api")
    return claim.intent


def create(browser: Client, **headers: str) -> HttpResponse:
    url = f"{LIST_URL}new/"
    form = filled(browser.get(url), "secret-form", name="bank-api", value=VALUE)
    return browser.post(url, {**form, "nonce": NONCE}, headers=headers)


def add_version(browser: Client, secret_url: str) -> HttpResponse:
    url = f"{secret_url}versions/new/"
    form = filled(browser.get(url), "version-form", value=VALUE)
    return browser.post(url, {**form, "nonce": NONCE})


def turn(browser: Client, secret_url: str, version_id: str, to: str) -> HttpResponse:
    url = f"{secret_url}versions/{version_id}/status/"
    form = filled(browser.get(url, {"to": to}), "confirm")
    return browser.post(url, {**form, "nonce": NONCE})


def dies_sending(line: Line, method: str, *, arrives: bool) -> None:
    """Let the process end before it gets the next answer."""

    def die() -> None:
        raise Killed

    line.loses(method, arrives=arrives, later=die)


def later(seconds: float = 60) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True)


# Whose page it is


@pytest.mark.parametrize("nonce", ["unknown" * 3, "0", "%3Cb%3E"])
def test_a_nonce_that_nobody_sent_has_no_page(browser: Client, nonce: str) -> None:
    assert browser.get(f"{WRITES_URL}{nonce}/").status_code == 404
    assert browser.post(f"{WRITES_URL}{nonce}/").status_code == 404


@pytest.mark.parametrize("state", State.values)
def test_another_persons_nonce_shows_and_settles_nothing(
    browser: Client, person: Person, intent: Intent, state: str, line: Line
) -> None:
    Intent.objects.update(person_id=person.pk + 1, state=state)
    for answer in (browser.get(OUTCOME_URL), browser.post(OUTCOME_URL)):
        assert answer.status_code == 404
        assert "bank-api" not in text_of(answer)
    assert "bank-api" not in text_of(browser.get(LIST_URL))
    assert line.count("GET") == 1  # the list
    assert Intent.objects.get().state == state


@pytest.mark.parametrize("state", State.values)
def test_another_organizations_nonce_shows_and_settles_nothing(
    browser: Client, intent: Intent, state: str
) -> None:
    theirs = Organization.objects.create(id="1420000000000", name="Theirs")
    _, token = issue_token(organization=theirs, kind=Token.Kind.BEARER, principal="user-2")
    browser.post("/connect/", {"organization_id": theirs.id, "kind": "bearer", "auth_token": token})
    Intent.objects.update(state=state)
    url = f"/organizations/{theirs.id}/writes/{NONCE}/"
    for answer in (browser.get(url), browser.post(url)):
        assert answer.status_code == 404
        assert "bank-api" not in text_of(answer)
    with later():
        assert "bank-api" not in text_of(browser.get(f"/organizations/{theirs.id}/secrets/"))
    assert Intent.objects.get().state == state


def test_without_a_connection_one_is_asked_to_connect_first(browser: Client) -> None:
    answer = browser.get(f"/organizations/1420000000000/writes/{NONCE}/")
    assert answer.headers["Location"].startswith("/connect/")


# What the page says


def page_of(browser: Client, intent: Intent, state: State, **facts: object) -> str:
    Intent.objects.filter(pk=intent.pk).update(state=state, **facts)
    with later():
        return text_of(browser.get(OUTCOME_URL))


def test_what_was_looked_up_in_vain_can_be_done_again(browser: Client, intent: Intent) -> None:
    page = page_of(browser, intent, State.NOT_SAVED)
    assert "It was not saved" in page
    assert "We looked it up: bank-api is as if nothing had been sent." in page
    assert f'href="{LIST_URL}new/?again={NONCE}"' in page


@pytest.mark.parametrize("state", [State.NOT_SAVED, State.CLAIMED])
def test_what_was_never_sent_is_not_said_to_be_looked_up(
    browser: Client, intent: Intent, state: Intent.State
) -> None:
    page = page_of(browser, intent, state, sent_at=None)
    assert "It was not saved" in page
    assert "not accepted, or not sent at all" in page
    assert "looked it up" not in page
    assert "was sent once" not in page


def test_a_taken_name_leads_to_another_one(browser: Client, intent: Intent) -> None:
    page = page_of(browser, intent, State.TAKEN)
    assert "Somebody else has a secret called bank-api." in page
    assert f'href="{LIST_URL}new/?again={NONCE}"' in page


AGAIN = {
    "secret.created": f"{LIST_URL}new/?again={NONCE}",
    "secret.changed": f"{LIST_URL}1001/edit/?again={NONCE}",
    "secret.deleted": f"{LIST_URL}1001/",
    "version.added": f"{LIST_URL}1001/versions/new/",
    "version.turned_on": f"{LIST_URL}1001/",
    "version.turned_off": f"{LIST_URL}1001/",
    "version.deleted": f"{LIST_URL}1001/",
    "": LIST_URL,
}


@pytest.mark.parametrize("action", AGAIN)
def test_what_was_not_saved_leads_to_where_it_can_be_done_again(
    browser: Client, intent: Intent, action: str
) -> None:
    secret_id = "" if action in {"secret.created", ""} else "1001"
    page = page_of(browser, intent, State.NOT_SAVED, action=action, secret_id=secret_id)
    assert f'<a class="button primary" href="{AGAIN[action]}">Do it again</a>' in page


def test_an_edit_of_which_nobody_can_tell_is_to_be_looked_at(
    browser: Client, intent: Intent, secret_url: str, secret: Secret
) -> None:
    page = page_of(browser, intent, State.UNSURE, action="secret.changed", secret_id=secret.id)
    assert "bank-api is neither as it was nor as you wanted it" in page
    assert f'href="{secret_url}"' in page
    assert "Do it again" not in page


def test_a_version_of_which_nobody_can_tell_is_to_be_looked_at(
    browser: Client, intent: Intent, secret_url: str, secret: Secret
) -> None:
    page = page_of(browser, intent, State.UNSURE, action="version.added", secret_id=secret.id)
    assert "Look whether it is yours" in page
    assert f'href="{secret_url}"' in page


def test_a_hostile_name_is_text(browser: Client, intent: Intent) -> None:
    for state in (State.NOT_SAVED, State.TAKEN, State.UNSURE, State.UNKNOWN):
        page = page_of(browser, intent, state, secret_name="<script>alert(1)</script>")
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("state", [State.CLAIMED, State.SENT])
def test_what_is_being_worked_on_is_not_settled_by_another_and_the_page_looks_again(
    browser: Client, intent: Intent, state: State, line: Line
) -> None:
    Intent.objects.update(state=state)
    for answer in (browser.get(OUTCOME_URL), browser.post(OUTCOME_URL)):
        assert "Still working on it" in text_of(answer)
        assert answer.headers["Refresh"].startswith("2; url=")
    assert line.sent == []


# From a form without an answer to the page


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_new_secret_without_an_answer_leads_to_the_page_that_looks_again(
    browser: Client, truth: SecretManagerClient, line: Line, headers: dict[str, str]
) -> None:
    line.loses("POST", arrives=True)
    line.loses("GET", arrives=False, times=1000)
    answer = create(browser, **headers)
    assert answer.headers["HX-Redirect" if headers else "Location"] == OUTCOME_URL
    page = browser.get(OUTCOME_URL)
    assert NOT_KNOWN in text_of(page)
    assert "Your change to bank-api was sent once" in text_of(page)
    assert "Refresh" not in page.headers
    assert VALUE not in text_of(page) + repr(list(Intent.objects.values()))
    still = text_of(browser.post(OUTCOME_URL, follow=True))
    assert "It could not be looked up just now." in still
    assert NOT_KNOWN in still
    line.heals()
    settled = browser.post(OUTCOME_URL, follow=True)
    (made,) = truth.list_secrets(ORGANIZATION_ID)
    assert settled.redirect_chain[-1][0] == f"{LIST_URL}{made.id}/"
    assert "Your change to bank-api is saved." in text_of(settled)
    assert line.count("POST") == 1


def test_a_new_secret_that_turns_out_saved_is_reported_as_any_other(
    browser: Client, truth: SecretManagerClient, line: Line
) -> None:
    line.loses("POST", arrives=True)
    answer = create(browser)
    (made,) = truth.list_secrets(ORGANIZATION_ID)
    assert answer.headers["Location"] == f"{LIST_URL}{made.id}/"
    assert "bank-api is saved." in text_of(browser.get(answer.headers["Location"]))


def test_a_new_version_without_an_answer_is_not_offered_again_before_a_quiet_time(
    browser: Client, secret_url: str, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    line.announces = False
    line.loses("POST", arrives=False)
    assert add_version(browser, secret_url).headers["Location"] == OUTCOME_URL
    early = text_of(browser.post(OUTCOME_URL, follow=True))
    assert NOT_KNOWN in early
    quiet_from = Intent.objects.get().sent_at + settlement.QUIET
    assert f"From {quiet_from:%H:%M:%S} UTC on a look-up can tell for certain." in early
    with later(settlement.QUIET.total_seconds() + 1):
        waited = text_of(browser.get(OUTCOME_URL))
        assert "can tell for certain" not in waited
        assert "It was not saved" in text_of(browser.post(OUTCOME_URL, follow=True))
    assert values_of(truth, secret.id) == ["the first value"]


def test_a_new_version_that_comes_late_is_to_be_looked_at_and_not_sent_again(
    browser: Client, secret_url: str, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    line.announces = False
    line.loses("POST", arrives=False)
    add_version(browser, secret_url)
    truth.create_secret_version(ORGANIZATION_ID, secret.id, VALUE)
    page = browser.post(OUTCOME_URL, follow=True)
    assert "Look whether it is yours" in text_of(page)
    assert VALUE not in text_of(page)
    assert trail("value.compared") == []


# The next visit after a process was killed


def test_what_was_left_open_is_settled_at_the_next_visit(browser: Client, line: Line) -> None:
    dies_sending(line, "POST", arrives=True)
    with pytest.raises(Killed):
        create(browser)
    browser.get(LIST_URL)
    assert Intent.objects.get().state == State.SENT, "it may still be under way"
    with later():
        page = text_of(browser.get(LIST_URL))
    assert Intent.objects.get().state == State.SAVED
    assert "bank-api" in page
    assert "no answer" not in page


def test_what_was_left_open_and_not_saved_is_said_so(browser: Client, line: Line) -> None:
    dies_sending(line, "POST", arrives=False)
    with pytest.raises(Killed):
        create(browser)
    with later():
        page = text_of(browser.get(LIST_URL))
    assert "A change to bank-api that had no answer was looked up: it was not saved." in page
    assert f'href="{OUTCOME_URL}"' in page


def test_what_is_still_not_known_is_shown_until_it_is(
    browser: Client, secret_url: str, line: Line
) -> None:
    line.announces = False
    line.loses("POST", arrives=False)
    add_version(browser, secret_url)
    said = "A change to crm-webhook-signing has no answer yet."
    for _ in range(2):
        assert said in text_of(browser.get(LIST_URL))
    assert trail("write.looked_up") == [], "it was looked up a moment ago"
    with later():
        page = text_of(browser.get(LIST_URL))
        assert said not in page
        assert "it was not saved" in page
        assert "it was not saved" not in text_of(browser.get(LIST_URL))


def left_open(person: Person, *names: str) -> None:
    """Leave new secrets behind that were sent and never arrived, the first one the longest ago."""
    for name in names:
        claim = journal.claim(
            nonce=f"{name:0>16}", person_id=person.pk, organization_id=ORGANIZATION_ID
        )
        journal.sent(claim.intent, action="secret.created", secret_name=name)


def states() -> dict[str, str]:
    return dict(Intent.objects.order_by("pk").values_list("secret_name", "state"))


def test_of_much_that_was_left_open_all_is_shown_and_a_few_are_looked_up_at_a_visit(
    browser: Client, person: Person, line: Line
) -> None:
    names = [f"left-{number}" for number in range(outcome_page.LOOKED_UP * 2)]
    left_open(person, *names)
    with later():
        page = text_of(browser.get(LIST_URL))
        assert all(f"A change to {name} " in page for name in names)
        first, others = names[: outcome_page.LOOKED_UP], names[outcome_page.LOOKED_UP :]
        assert states() == dict.fromkeys(first, State.NOT_SAVED) | dict.fromkeys(others, State.SENT)
        browser.get(LIST_URL)
        assert set(states().values()) == {State.NOT_SAVED}
    assert outcome_page.LOOKED_UP == 3


@pytest.mark.usefixtures("secret")
def test_what_was_looked_up_in_vain_rests_and_makes_room_for_others(
    browser: Client, person: Person, line: Line
) -> None:
    """Nobody can tell what a list without names holds."""
    names = [f"left-{number}" for number in range(outcome_page.LOOKED_UP + 1)]
    left_open(person, *names)
    line.lacks.add("name")
    with later():
        looked_up = []
        for _ in range(3):
            page = text_of(browser.get(LIST_URL))
            assert all(f"A change to {name} has no answer yet." in page for name in names)
            looked_up.append(len(trail("write.looked_up")) // 2)
        assert looked_up == [3, 4, 4]
        assert set(states().values()) == {State.UNKNOWN}


@pytest.mark.usefixtures("secret")
def test_after_a_day_a_person_has_to_look(browser: Client, person: Person, line: Line) -> None:
    left_open(person, "left-behind")
    line.lacks.add("name")
    # Nobody stays signed in for so long, so the write is made older.
    a_day_ago = timezone.now() - settlement.GIVEN_UP
    Intent.objects.update(sent_at=a_day_ago, claimed_at=a_day_ago, working_since=a_day_ago)
    with later():
        assert 'href="' + f"{WRITES_URL}{'left-behind':0>16}/" in text_of(browser.get(LIST_URL))
        assert states() == {"left-behind": State.UNSURE}
        assert "left-behind" not in text_of(browser.get(LIST_URL))


def test_what_cannot_be_looked_up_at_the_next_visit_is_shown_and_kept(
    browser: Client, secret_url: str, version_id: str, line: Line
) -> None:
    dies_sending(line, "PATCH", arrives=True)
    with pytest.raises(Killed):
        turn(browser, secret_url, version_id, "off")
    with later():
        line.loses("GET", arrives=False, path_end=f"/versions/{version_id}", times=1000)
        said = "A change to crm-webhook-signing has no answer yet."
        assert said in text_of(browser.get(LIST_URL))
        assert Intent.objects.get().state == State.UNKNOWN
        line.heals()
        assert said in text_of(browser.get(LIST_URL)), "it rests"
        Intent.objects.update(working_since=F("working_since") - journal.IN_FLIGHT)
        assert said not in text_of(browser.get(LIST_URL))
    assert Intent.objects.get().state == State.SAVED


def test_a_version_left_open_is_unsure_and_its_value_stays_where_it_is(
    browser: Client, secret_url: str, line: Line
) -> None:
    dies_sending(line, "POST", arrives=True)
    with pytest.raises(Killed):
        add_version(browser, secret_url)
    line.sent.clear()
    with later():
        page = text_of(browser.get(LIST_URL))
        assert f'href="{OUTCOME_URL}"' in page
        assert "Look whether it is yours" in text_of(browser.get(OUTCOME_URL))
    assert not [request for request in line.sent if "return_secret_value" in (request.url or "")]
    assert VALUE not in page


def test_a_part_of_the_list_settles_nothing_that_it_would_not_show(
    browser: Client, line: Line
) -> None:
    dies_sending(line, "POST", arrives=False)
    with pytest.raises(Killed):
        create(browser)
    with later():
        browser.get(LIST_URL, headers=HTMX)
        assert Intent.objects.get().state == State.SENT
        assert "it was not saved" in text_of(browser.get(LIST_URL))


# Turning off, and deleting


def test_turning_off_without_an_answer_shows_the_true_status(
    browser: Client, secret_url: str, version_id: str, line: Line
) -> None:
    line.loses("PATCH", arrives=True)
    assert turn(browser, secret_url, version_id, "off").headers["Location"] == secret_url
    assert "Version v1 is off." in text_of(browser.get(secret_url))
    assert line.count("PATCH") == 1


def test_turning_off_that_did_not_arrive_is_not_said_to_be_done(
    browser: Client,
    secret: Secret,
    secret_url: str,
    version_id: str,
    truth: SecretManagerClient,
    line: Line,
) -> None:
    line.loses("PATCH", arrives=False)
    answer = turn(browser, secret_url, version_id, "off")
    assert answer.headers["Location"] == OUTCOME_URL
    page = text_of(browser.get(OUTCOME_URL))
    assert NOT_KNOWN in page
    assert "is off" not in page + text_of(browser.get(secret_url))
    with later():
        settled = text_of(browser.post(OUTCOME_URL, follow=True))
    assert "It was not saved" in settled
    assert f'href="{secret_url}">Do it again</a>' in settled
    assert truth.get_secret_version(ORGANIZATION_ID, secret.id, version_id).is_on
    assert line.count("PATCH") == 1


def test_turning_off_what_another_turns_on_again_shows_that_it_is_on(
    browser: Client,
    secret: Secret,
    secret_url: str,
    version_id: str,
    truth: SecretManagerClient,
    line: Line,
) -> None:
    def turn_on_again() -> None:
        truth.update_secret_version(ORGANIZATION_ID, secret.id, version_id, "active")

    line.meets("PATCH", later=turn_on_again)
    turn(browser, secret_url, version_id, "off")
    assert "Version v1 is on." in text_of(browser.get(secret_url))


def delete(browser: Client, url: str) -> HttpResponse:
    typed = {} if "versions" in url else {"typed_name": "crm-webhook-signing"}
    form = filled(browser.get(url), "confirm", **typed)
    return browser.post(url, form, follow=True)


@pytest.fixture(params=["secret", "version"])
def delete_url(request: pytest.FixtureRequest, secret_url: str, version_id: str) -> str:
    path = "" if request.param == "secret" else f"versions/{version_id}/"
    return f"{secret_url}{path}delete/"


def test_a_deletion_without_an_answer_is_a_deletion(
    browser: Client, delete_url: str, line: Line
) -> None:
    line.loses("DELETE", arrives=True)
    page = text_of(delete(browser, delete_url))
    assert "is deleted." in page
    assert "Somebody else" not in page
    assert line.count("DELETE") == 1


def test_what_somebody_else_deletes_first_is_said_to_be_theirs(
    browser: Client,
    delete_url: str,
    secret: Secret,
    version_id: str,
    truth: SecretManagerClient,
    line: Line,
) -> None:
    def theirs() -> None:
        if "versions" in delete_url:
            truth.delete_secret_version(ORGANIZATION_ID, secret.id, version_id)
        else:
            truth.delete_secret(ORGANIZATION_ID, secret.id)

    line.meets("DELETE", first=theirs)
    page = text_of(delete(browser, delete_url))
    assert "Somebody else had already deleted" in page
    assert "is deleted." not in page


def test_a_deletion_that_did_not_arrive_is_not_said_to_be_done(
    browser: Client, delete_url: str, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    line.loses("DELETE", arrives=False)
    page = text_of(delete(browser, delete_url))
    assert "is deleted." not in page
    assert "already deleted" not in page
    assert names_in(truth) == [secret.name]
    assert values_of(truth, secret.id) == ["the first value"]


def test_a_deletion_whose_answer_is_lost_for_good_leads_to_the_list(
    browser: Client, secret_url: str, secret: Secret, truth: SecretManagerClient, line: Line
) -> None:
    def silence() -> None:
        line.loses("GET", arrives=False, times=1000)

    line.loses("DELETE", arrives=True, later=silence)
    url = f"{secret_url}delete/"
    form = filled(browser.get(url), "confirm", typed_name="crm-webhook-signing")
    answer = browser.post(url, {**form, "nonce": NONCE})
    assert answer.headers["Location"] == OUTCOME_URL
    line.heals()
    page = browser.post(OUTCOME_URL, follow=True)
    assert page.redirect_chain[-1][0] == LIST_URL
    assert "crm-webhook-signing is deleted." in text_of(page)
    with pytest.raises(NotFound):
        truth.get_secret(ORGANIZATION_ID, secret.id)

"""Two people edit one secret: nothing of either is lost in silence."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from secret_manager import Secret, SecretManagerClient
from secrets_ui import leases
from secrets_ui.models import Lease
from tests.emulator.threads import at_once
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.lossy import Line
from tests.secrets_ui.views.support import filled, text_of, trail

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
CONFLICT = "Somebody else changed this meanwhile"
LABS = "abeja-platform-labs"

Theirs = Callable[..., None]
Now = Callable[[], Secret]


@pytest.fixture
def theirs(truth: SecretManagerClient, secret: Secret) -> Theirs:
    """Change the secret as somebody else does."""

    def change(**changes: object) -> None:
        truth.update_secret(ORGANIZATION_ID, secret.id, **changes)  # type: ignore[arg-type]

    return change


@pytest.fixture
def now(truth: SecretManagerClient, secret: Secret) -> Now:
    """Return the secret as it is."""
    return lambda: truth.get_secret(ORGANIZATION_ID, secret.id)


@pytest.fixture
def url(line: Line, secret_url: str) -> str:
    return f"{secret_url}edit/"


def opened(browser: Client, url: str, **typed: str) -> dict[str, str]:
    return filled(browser.get(url), "secret-form", **typed)


def choices(page: HttpResponse) -> list[tuple[str, str, str]]:
    """Return (field, theirs, mine) of every choice that a conflict page asks for."""
    blocks = re.findall(r"<fieldset class=\"field radios\">(.*?)</fieldset>", text_of(page), re.S)
    return [_choice(block) for block in blocks if "keep-" in block]


def _choice(block: str) -> tuple[str, str, str]:
    name = re.findall(r'name="keep-(\w+)"', block)[0]
    theirs, mine = re.findall(r"<br>(.*?)</span></label>", block, re.S)
    return name, theirs, mine


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_field_that_both_changed_is_shown_as_theirs_and_mine_and_nothing_is_sent(
    browser: Client, url: str, theirs: Theirs, now: Now, line: Line, headers: dict[str, str]
) -> None:
    sent = opened(browser, url, description="Mine <b>")
    theirs(description="Theirs <i>")
    page = browser.post(url, sent, headers=headers)
    assert page.status_code == 422
    assert CONFLICT in text_of(page)
    assert choices(page) == [("description", "Theirs &lt;i&gt;", "Mine &lt;b&gt;")]
    assert ("<html" in text_of(page)) == (not headers)
    assert now().description == "Theirs <i>"
    assert line.count("PATCH") == 0
    assert trail("secret.changed") == []


@pytest.mark.parametrize(("choice", "kept"), [("theirs", "Theirs"), ("mine", "Mine")])
def test_the_choice_is_what_is_kept(
    browser: Client, url: str, secret_url: str, theirs: Theirs, now: Now, choice: str, kept: str
) -> None:
    sent = opened(browser, url, description="Mine")
    theirs(description="Theirs")
    form = filled(browser.post(url, sent), "secret-form")
    assert form["nonce"] == sent["nonce"]
    answer = browser.post(url, {**form, "keep-description": choice})
    assert answer.headers["Location"] == secret_url
    assert now().description == kept
    # Where nothing of mine is left, nothing is sent.
    assert len(trail("secret.changed")) == (2 if choice == "mine" else 0)


def test_each_field_has_its_own_choice(browser: Client, url: str, theirs: Theirs, now: Now) -> None:
    typed = {"description": "Mine", "app_ids": "app-mine"}
    date = {"expiry": "date", "expiry_date": "2099-01-01", "expiry_time": "12:00"}
    sent = opened(browser, url, **typed, **date)
    their_moment = datetime(2098, 2, 3, 4, 5, tzinfo=UTC)
    theirs(
        description="Theirs",
        expired_at=their_moment,
        integration_service_type=LABS,
        integration_service_ids=["app-theirs"],
    )
    page = browser.post(url, sent)
    assert [name for name, _, _ in choices(page)] == ["description", "expired_at", "app_ids"]
    form = filled(page, "secret-form")
    keep = {"keep-description": "mine", "keep-expired_at": "theirs", "keep-app_ids": "mine"}
    browser.post(url, {**form, **keep})
    assert now().description == "Mine"
    assert now().expired_at == their_moment
    assert now().integration_service_ids == ("app-mine",)


def test_what_both_changed_in_different_fields_is_merged_without_a_question(
    browser: Client, url: str, secret_url: str, theirs: Theirs, now: Now
) -> None:
    sent = opened(browser, url, description="Mine")
    theirs(integration_service_type=LABS, integration_service_ids=["app-theirs"])
    assert browser.post(url, sent).headers["Location"] == secret_url
    assert (now().description, now().integration_service_ids) == ("Mine", ("app-theirs",))


def test_a_conflict_in_one_field_does_not_undo_theirs_in_another(
    browser: Client, url: str, theirs: Theirs, now: Now
) -> None:
    sent = opened(browser, url, description="Mine")
    theirs(
        description="Theirs",
        integration_service_type=LABS,
        integration_service_ids=["app-theirs"],
    )
    page = browser.post(url, sent)
    assert [name for name, _, _ in choices(page)] == ["description"]
    browser.post(url, {**filled(page, "secret-form"), "keep-description": "mine"})
    assert (now().description, now().integration_service_ids) == ("Mine", ("app-theirs",))


def test_a_moved_time_of_change_alone_is_no_conflict(
    browser: Client, url: str, secret: Secret, secret_url: str, theirs: Theirs, now: Now
) -> None:
    sent = opened(browser, url, description="Mine")
    before = now().updated_at
    theirs(description="Theirs for a moment")
    theirs(description=secret.description)
    assert now().updated_at != before
    assert browser.post(url, sent).headers["Location"] == secret_url
    assert now().description == "Mine"


def test_a_choice_stays_made_when_the_form_comes_back_for_another_reason(
    browser: Client, url: str, theirs: Theirs, now: Now
) -> None:
    sent = opened(browser, url, description="Mine", app_ids="app-mine")
    theirs(description="Theirs")
    form = filled(browser.post(url, sent), "secret-form", app_ids="not an id!")
    page = browser.post(url, {**form, "keep-description": "theirs"})
    assert page.status_code == 422
    again = filled(page, "secret-form", app_ids="app-mine")
    assert again["description"] == "Theirs"
    assert browser.post(url, again).status_code == 302
    assert (now().description, now().integration_service_ids) == ("Theirs", ("app-mine",))


def test_a_choice_stays_made_when_the_secret_manager_fails(
    browser: Client, url: str, theirs: Theirs, now: Now, line: Line
) -> None:
    sent = opened(browser, url, description="Mine", app_ids="app-mine")
    theirs(description="Theirs")
    form = filled(browser.post(url, sent), "secret-form")
    line.loses("PATCH", arrives=False, status=429)
    page = browser.post(url, {**form, "keep-description": "theirs"})
    assert page.status_code == 503
    assert browser.post(url, filled(page, "secret-form")).status_code == 302
    assert (now().description, now().integration_service_ids) == ("Theirs", ("app-mine",))


def test_who_changes_it_again_after_the_question_is_asked_about_too(
    browser: Client, url: str, theirs: Theirs, now: Now
) -> None:
    sent = opened(browser, url, description="Mine")
    theirs(description="Theirs")
    form = filled(browser.post(url, sent), "secret-form")
    theirs(description="Theirs again")
    page = browser.post(url, {**form, "keep-description": "mine"})
    assert choices(page) == [("description", "Theirs again", "Mine")]
    assert now().description == "Theirs again"


def test_who_writes_between_our_reading_and_ours_is_asked_about(
    browser: Client, url: str, theirs: Theirs, now: Now, line: Line
) -> None:
    """The server refuses with 412, and what is in the way is looked for once more."""
    sent = opened(browser, url, description="Mine")
    line.meets("PATCH", first=lambda: theirs(description="Theirs"))
    page = browser.post(url, sent)
    assert choices(page) == [("description", "Theirs", "Mine")]
    assert now().description == "Theirs"
    browser.post(url, {**filled(page, "secret-form"), "keep-description": "mine"})
    assert now().description == "Mine"


def test_who_writes_another_field_in_between_is_not_in_the_way(
    browser: Client, url: str, secret_url: str, theirs: Theirs, now: Now, line: Line
) -> None:
    sent = opened(browser, url, app_ids="app-mine")
    line.meets("PATCH", first=lambda: theirs(description="Theirs"))
    assert browser.post(url, sent).headers["Location"] == secret_url
    assert (now().description, now().integration_service_ids) == ("Theirs", ("app-mine",))


def test_a_hand_made_zone_is_a_conflict_and_no_error(browser: Client, url: str) -> None:
    date = {"expiry": "date", "expiry_date": "2099-01-01", "expiry_time": "12:00"}
    sent = opened(browser, url, **date)
    nonsense = {"initial-expiry": "date", "initial-expiry_zone": "Nowhere/At_All"}
    page = browser.post(url, {**sent, **nonsense})
    assert page.status_code == 422
    assert CONFLICT in text_of(page)


def test_while_another_edit_does_not_end_nothing_is_sent_and_it_can_be_sent_again(
    browser: Client,
    url: str,
    secret: Secret,
    secret_url: str,
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leases, "WAIT_SECONDS", 0)
    sent = opened(browser, url, description="Mine")
    Lease.objects.create(
        organization_id=ORGANIZATION_ID,
        secret_id=secret.id,
        owner="00000000-0000-0000-0000-000000000000",
        until=timezone.now() + timedelta(seconds=20),
    )
    page = browser.post(url, sent)
    assert page.status_code == 503
    assert "Somebody else is saving this secret right now" in text_of(page)
    assert line.count("PATCH") == 0
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    answer = browser.post(url, filled(page, "secret-form"))
    assert answer.headers["Location"] == secret_url


@pytest.mark.django_db(transaction=True, databases=["default", "emulator"])
@pytest.mark.usefixtures("served_databases")
@pytest.mark.parametrize("announces", [True, False])
def test_of_many_editors_at_one_moment_one_wins_and_all_others_are_told(
    browser: Client, url: str, now: Now, line: Line, announces: bool
) -> None:
    """Without the server's help: one process after the other, by the lease alone."""
    line.announces = announces
    cookies = browser.cookies.output(header="", sep=";")
    forms = [opened(browser, url, description=f"Editor {number}") for number in range(4)]

    def save(number: int) -> HttpResponse:
        return Client(headers={"Cookie": cookies}).post(url, forms[number])

    answers = at_once(save, callers=4)
    winners = [number for number, answer in enumerate(answers) if answer.status_code == 302]
    told = [answer for answer in answers if answer.status_code == 422]
    assert len(winners) == 1
    assert len(told) == 3
    assert now().description == f"Editor {winners[0]}"
    assert all(choices(page)[0][1] == f"Editor {winners[0]}" for page in told)
    assert line.count("PATCH") == 1

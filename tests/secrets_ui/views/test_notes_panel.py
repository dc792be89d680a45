"""What a secret's page shows of ours, and the star on it."""

import html
import re

import pytest
from django.test import Client

from accounts.models import Person
from accounts.roles import Role
from secret_manager import Secret, SecretManagerClient
from secrets_ui import notes
from secrets_ui.models import Favourite, Note
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.views.support import text_of, trail

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

OFFER = "An earlier secret of this name had notes here"


def keep(secret_id: str, **fields: object) -> Note:
    kept: dict[str, object] = {"organization_id": ORGANIZATION_ID, "secret_id": secret_id, **fields}
    return Note.objects.create(**kept)


def panel(browser: Client, url: str) -> str:
    """Return the panel as a person reads its source."""
    found = re.search(r'<section class="panel notes".*?</section>', text_of(browser.get(url)), re.S)
    assert found
    return found[0]


def as_role(person: Person, role: Role) -> None:
    person.role = role
    person.save()


def test_it_is_plainly_ours_and_says_when_there_is_nothing(
    browser: Client, secret_url: str
) -> None:
    text = panel(browser, secret_url)
    assert "Kept in this dashboard, not in the platform." in text
    assert "Nobody has noted yet" in text
    assert f'href="{secret_url}notes/"' in text


def test_it_shows_what_is_written_as_text(
    browser: Client, person: Person, secret: Secret, secret_url: str
) -> None:
    person.name = "Hanako <i>\u202e"
    person.save()
    keep(secret.id, owner=person, labels=["a&b <b>"], how_to_renew="<script>\nAsk\u200b the bank.")
    text = panel(browser, secret_url)
    assert "<dd>Hanako &lt;i&gt;</dd>" in text
    assert "&lt;script&gt;\nAsk the bank." in text
    (link,) = re.findall(r'<a class="chip" href="([^"]*)">a&amp;b &lt;b&gt;</a>', text)
    assert html.unescape(link).endswith("/secrets/?label=a%26b%20%3Cb%3E")


def test_a_viewer_reads_them_and_is_offered_no_act(
    browser: Client, person: Person, secret: Secret, secret_url: str
) -> None:
    keep("1", secret_name=secret.name)
    as_role(person, Role.VIEWER)
    text = panel(browser, secret_url)
    assert OFFER not in text
    assert "<form" not in text
    assert "notes/" not in text
    keep(secret.id, how_to_renew="Ask the bank.")
    assert "Ask the bank." in panel(browser, secret_url)


def test_notes_of_other_secrets_and_organizations_are_not_shown(
    browser: Client, secret: Secret, secret_url: str
) -> None:
    keep("1", how_to_renew="of another secret", labels=["theirs"])
    keep(secret.id, organization_id="1420000000000", how_to_renew="of another organization")
    keep("2", organization_id="1420000000000", secret_name=secret.name, labels=["theirs"])
    text = text_of(browser.get(secret_url))
    assert "of another" not in text
    assert "theirs" not in text
    assert OFFER not in text


def test_a_part_of_the_page_asks_for_no_notes(
    browser: Client, secret: Secret, secret_url: str
) -> None:
    keep(secret.id, how_to_renew="Ask the bank.")
    text = text_of(browser.get(secret_url, headers={**HTMX, "HX-Target": "version-table"}))
    assert "Ask the bank." not in text


# Deleted and made again


@pytest.fixture
def again_url(browser: Client, api: SecretManagerClient, secret: Secret, secret_url: str) -> str:
    """The address of a secret that was made again, through the pages, after the one with notes."""
    browser.post(f"{secret_url}notes/", {"labels": "billing", "how_to_renew": "Ask the bank."})
    browser.post(f"{secret_url}delete/", {"typed_name": secret.name})
    assert Note.objects.filter(secret_id=secret.id).exists(), "deleting a secret keeps its note"
    made = api.create_secret(ORGANIZATION_ID, secret.name, "another value")
    return secret_url.replace(secret.id, made.id)


def offered(browser: Client, url: str, act: str) -> dict[str, str]:
    """Return what the buttons of the offer send."""
    text = panel(browser, url)
    assert OFFER in text
    assert f'action="{url}notes/adopt/"' in text
    assert f'name="act" value="{act}"' in text
    return {"act": act, "note": re.findall(r'name="note" value="(\d+)"', text)[0]}


def test_earlier_notes_are_offered_and_used(browser: Client, again_url: str) -> None:
    text = panel(browser, again_url)
    assert "billing" in text
    assert "just now" in text
    answer = browser.post(f"{again_url}notes/adopt/", offered(browser, again_url, "use"))
    assert answer.headers["Location"] == again_url
    text = panel(browser, again_url)
    assert OFFER not in text
    assert "Ask the bank." in text
    assert trail("notes.adopted")[-1] == ("notes.adopted", "ok")
    assert "Took over the notes of an earlier secret" in text_of(browser.get(again_url))


def test_earlier_notes_are_left_and_forgotten(browser: Client, again_url: str) -> None:
    browser.post(f"{again_url}notes/adopt/", offered(browser, again_url, "leave"))
    assert OFFER not in panel(browser, again_url)
    assert not Note.objects.exists()
    assert trail("notes.dismissed")[-1] == ("notes.dismissed", "ok")


@pytest.mark.parametrize("act", ["use", "leave"])
def test_whoever_is_second_is_told(browser: Client, again_url: str, act: str) -> None:
    sent = offered(browser, again_url, act)
    Note.objects.all().delete()
    browser.post(f"{again_url}notes/adopt/", sent)
    assert "Somebody else was faster" in text_of(browser.get(again_url))


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"act": "use"},
        {"act": "use", "note": "x"},
        {"act": "else", "note": "1"},
        {"act": "use", "note": "٣"},
    ],
    ids=str,
)
def test_a_made_up_form_is_no_act(browser: Client, secret_url: str, sent: dict[str, str]) -> None:
    assert browser.post(f"{secret_url}notes/adopt/", sent).status_code == 404
    assert trail("notes.adopted") == []


def test_a_number_beyond_all_rows_is_not_there(browser: Client, secret_url: str) -> None:
    sent = {"act": "use", "note": "9" * 40}
    assert browser.post(f"{secret_url}notes/adopt/", sent).status_code == 302
    assert trail("notes.adopted")[-1] == ("notes.adopted", "denied")


@pytest.mark.parametrize("act", ["use", "leave"])
def test_nothing_moves_where_the_trail_cannot_record(
    browser: Client, again_url: str, act: str, break_trail: object
) -> None:
    sent = offered(browser, again_url, act)
    before = Note.objects.get().secret_id
    break_trail()  # type: ignore[operator]
    assert browser.post(f"{again_url}notes/adopt/", sent).status_code == 503
    assert Note.objects.get().secret_id == before


def test_a_viewer_takes_nothing_over(browser: Client, person: Person, again_url: str) -> None:
    sent = offered(browser, again_url, "leave")
    as_role(person, Role.VIEWER)
    assert browser.post(f"{again_url}notes/adopt/", sent).status_code == 403
    assert Note.objects.count() == 1


# The star


def pressed(page: str) -> str:
    (state,) = re.findall(r'<button[^>]*aria-pressed="(\w+)"[^>]*aria-label="Favourite"', page)
    return state


def test_the_star_is_pressed_and_released(
    browser: Client, person: Person, secret: Secret, secret_url: str
) -> None:
    as_role(person, Role.VIEWER)
    assert pressed(text_of(browser.get(secret_url))) == "false"
    answer = browser.post(f"{secret_url}favourite/", {"to": "on"})
    assert answer.headers["Location"] == secret_url
    assert pressed(text_of(browser.get(secret_url))) == "true"
    assert notes.favourites_of(person.pk, ORGANIZATION_ID) == {secret.id}
    browser.post(f"{secret_url}favourite/", {"to": "off"})
    assert pressed(text_of(browser.get(secret_url))) == "false"
    assert trail() == [], "a preference is no act"


def test_htmx_gets_the_star_alone(browser: Client, secret_url: str) -> None:
    text = text_of(browser.post(f"{secret_url}favourite/", {"to": "on"}, headers=HTMX)).strip()
    assert text.startswith("<form")
    assert pressed(text) == "true"
    assert "csrfmiddlewaretoken" in text
    assert 'name="to" value="off"' in text


def test_somebody_elses_star_is_not_mine(
    browser: Client, person: Person, secret: Secret, secret_url: str
) -> None:
    Favourite.objects.create(
        person_id=person.pk + 1, organization_id=ORGANIZATION_ID, secret_id=secret.id
    )
    assert pressed(text_of(browser.get(secret_url))) == "false"


def test_a_star_needs_a_secret_that_can_be_read(
    browser: Client, their_secret: Secret, secret_url: str, secret: Secret
) -> None:
    address = f"{secret_url.replace(secret.id, their_secret.id)}favourite/"
    assert browser.post(address, {"to": "on"}).status_code == 404
    assert not Favourite.objects.exists()


def test_a_star_says_which_way(browser: Client, secret_url: str) -> None:
    assert browser.post(f"{secret_url}favourite/", {"to": "x"}).status_code == 404
    assert browser.get(f"{secret_url}favourite/").status_code == 405

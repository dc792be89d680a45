"""The page on which people write down what the platform has no place for."""

import html
import re
from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from secret_manager import Secret, SecretManagerClient
from secrets_ui import notes
from secrets_ui.connection import Connection
from secrets_ui.models import Note
from secrets_ui.notes import NOTHING, Fields
from tests.secrets_ui.conftest import HTMX, ORGANIZATION_ID
from tests.secrets_ui.support import ACTOR
from tests.secrets_ui.views.support import filled, text_of, trail

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

CONFLICT = "Somebody else changed this meanwhile"
WRITTEN = Fields(labels=("billing", "on call"), how_to_renew="Ask the bank.\nThen restart.")


@pytest.fixture
def url(secret_url: str) -> str:
    return f"{secret_url}notes/"


def opened(browser: Client, url: str, **typed: Any) -> dict[str, Any]:
    """Return what a browser would send of the form, all labels still ticked."""
    page = browser.get(url)
    form: dict[str, Any] = filled(page, "notes-form")
    return {**form, "labels": [*ticked(page), ""], **typed}


def ticked(page: HttpResponse) -> list[str]:
    return [
        html.unescape(label)
        for label in re.findall(
            r'<input type="checkbox" name="labels" value="([^"]*)"', text_of(page)
        )
    ]


def typed_labels(page: HttpResponse) -> str:
    """Return what stands in the box for more labels."""
    return filled(page, "notes-form")["labels"]


def kept() -> Fields:
    return notes.fields_of(Note.objects.first())


@pytest.fixture
def write(connection: Connection, secret: Secret) -> Any:
    """Change the notes as somebody else does."""

    def write(wanted: Fields) -> None:
        notes.change(connection=connection, actor=ACTOR, secret=secret, seen=kept(), wanted=wanted)

    return write


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_what_is_written_is_kept_and_leads_back_to_the_secret(
    browser: Client, person: Person, url: str, secret_url: str, headers: dict[str, str]
) -> None:
    typed = {"owner": person.pk, "labels": " on  call, 経理、billing ", "how_to_renew": "a\r\nb "}
    answer = browser.post(url, opened(browser, url, **typed), headers=headers)
    to = answer.headers["HX-Redirect" if headers else "Location"]
    assert to == secret_url
    assert kept() == Fields(
        owner=person.pk, labels=("on call", "経理", "billing"), how_to_renew="a\nb"
    )
    assert "The notes are saved." in text_of(browser.get(secret_url))
    assert trail("notes.changed") == [("notes.changed", "attempted"), ("notes.changed", "ok")]


def test_the_form_shows_the_notes_as_they_are(
    browser: Client, person: Person, url: str, write: Any
) -> None:
    write(replace(WRITTEN, owner=person.pk))
    page = browser.get(url)
    form = filled(page, "notes-form")
    assert (form["owner"], form["how_to_renew"]) == (str(person.pk), WRITTEN.how_to_renew)
    assert ticked(page) == list(WRITTEN.labels)
    assert typed_labels(page) == ""


def test_a_form_that_nobody_changed_changes_nothing(browser: Client, url: str, write: Any) -> None:
    write(WRITTEN)
    before = Event.objects.count()
    assert browser.post(url, opened(browser, url)).status_code == 302
    assert kept() == WRITTEN
    assert Event.objects.count() == before


def test_an_unticked_label_goes_and_typed_ones_come(browser: Client, url: str, write: Any) -> None:
    write(WRITTEN)
    browser.post(url, opened(browser, url, labels=["on call", "new"]))
    assert kept().labels == ("on call", "new")


def test_a_label_is_there_once_however_it_is_spelled(browser: Client, url: str) -> None:
    browser.post(
        url, opened(browser, url, labels=["Billing", "billing, ＢＩＬＬＩＮＧ, かな, カナ"])
    )
    assert kept().labels == ("Billing", "かな")


def test_labels_of_the_organization_are_suggested(
    browser: Client, url: str, secret: Secret
) -> None:
    Note.objects.create(organization_id=ORGANIZATION_ID, secret_id="1", labels=['a "b"', "z"])
    Note.objects.create(organization_id="1420000000000", secret_id="2", labels=["theirs"])
    page = text_of(browser.get(url))
    options = re.findall(r'<option value="([^"]*)"></option>', page)
    assert [html.unescape(option) for option in options] == ['a "b"', "z"]
    assert re.search(r'<input type="text"[^>]* list="known-labels"', page)
    assert '<datalist id="known-labels">' in page


def test_it_says_that_values_do_not_belong_here(browser: Client, url: str) -> None:
    page = text_of(browser.get(url))
    assert "Kept in this dashboard, not in the platform." in page
    assert "Values do not belong here." in page
    assert "Never write a value here" in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"labels": ["billing", "!!!, fine"]}, "“!!!” is no label"),
        ({"labels": ["turned\u202eover"]}, "“turnedover” is no label"),
        ({"labels": ["no\u200bwidth"]}, "“nowidth” is no label"),
        ({"labels": ["x" * 41]}, "is longer than 40 characters."),
        ({"labels": [f"label {number}" for number in range(21)]}, "at most 20 labels"),
        ({"how_to_renew": "x" * 4001}, "at most 4000 characters"),
        ({"how_to_renew": "a\0b"}, "Null characters are not allowed"),
        ({"owner": "999"}, "999 is not one of the available choices"),
    ],
    ids=["marks", "direction", "no width", "long", "many", "long text", "null", "nobody"],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_refused_form_says_why_and_keeps_all_that_was_typed(
    browser: Client, url: str, typed: dict[str, Any], says: str, headers: dict[str, str]
) -> None:
    sent = {**opened(browser, url, how_to_renew="<b>\nAsk the bank.", labels=["one"]), **typed}
    page = browser.post(url, sent, headers=headers)
    assert page.status_code == 422
    assert says in text_of(page)
    assert ("<html" in text_of(page)) == (not headers)
    form = filled(page, "notes-form")
    assert form["how_to_renew"] == sent["how_to_renew"]
    pieces = {*ticked(page), *filter(None, typed_labels(page).split(", "))}
    assert pieces == {piece for text in sent["labels"] for piece in text.split(", ")}
    assert kept() == NOTHING
    assert trail("notes.changed") == []


def test_as_much_as_fits_is_taken(browser: Client, url: str) -> None:
    labels = [f"{number:02}{'x' * 38}" for number in range(20)]
    text = "\n".join(["y" * 79] * 50)  # a browser sends two characters for each end of a line
    sent = opened(browser, url, labels=labels, how_to_renew=text.replace("\n", "\r\n"))
    assert browser.post(url, sent).status_code == 302
    assert kept() == Fields(labels=tuple(labels), how_to_renew=text)


# Two people at once


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_the_second_of_two_sees_both_and_overwrites_nothing(
    browser: Client, url: str, write: Any, headers: dict[str, str]
) -> None:
    write(WRITTEN)
    sent = opened(browser, url, how_to_renew="Mine <b>", labels=["mine"])
    theirs = replace(WRITTEN, how_to_renew="Theirs <i>", labels=("theirs",))
    write(theirs)
    before = Event.objects.count()
    page = browser.post(url, sent, headers=headers)
    assert page.status_code == 422
    text = text_of(page)
    assert CONFLICT in text
    assert re.findall(r'name="keep-(\w+)" value="theirs"', text) == ["labels", "how_to_renew"]
    for part in ("Theirs &lt;i&gt;", "Mine &lt;b&gt;", "<br>theirs<", "<br>mine<"):
        assert part in text
    assert kept() == theirs
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"how_to_renew": "theirs", "labels": "mine"}, Fields(labels=("m",), how_to_renew="T")),
        ({"how_to_renew": "mine", "labels": "theirs"}, Fields(labels=("t",), how_to_renew="M")),
    ],
    ids=str,
)
def test_the_choice_is_what_is_kept(
    browser: Client, person: Person, url: str, write: Any, choices: dict[str, str], expected: Fields
) -> None:
    sent = opened(browser, url, how_to_renew="M", labels=["m"])
    write(Fields(owner=person.pk, how_to_renew="T", labels=("t",)))
    page = browser.post(url, sent)
    form = {**filled(page, "notes-form"), "labels": [*ticked(page), ""]}
    chosen = {f"keep-{name}": choice for name, choice in choices.items()}
    assert browser.post(url, {**form, **chosen}).status_code == 302
    assert kept() == replace(expected, owner=person.pk), "what only they changed stays as well"


def test_a_third_change_is_told_once_more(browser: Client, url: str, write: Any) -> None:
    sent = opened(browser, url, how_to_renew="Mine")
    write(Fields(how_to_renew="Theirs"))
    form = filled(browser.post(url, sent), "notes-form")
    write(Fields(how_to_renew="A third one"))
    page = browser.post(url, {**form, "keep-how_to_renew": "mine"})
    assert CONFLICT in text_of(page)
    assert "A third one" in text_of(page)
    assert kept().how_to_renew == "A third one"


def test_a_form_that_was_refused_still_meets_what_changed_before(
    browser: Client, url: str, write: Any
) -> None:
    sent = opened(browser, url, how_to_renew="Mine", labels=["!!!"])
    form = filled(browser.post(url, sent), "notes-form")
    write(Fields(how_to_renew="Theirs"))
    page = browser.post(url, {**form, "labels": [""]})
    assert CONFLICT in text_of(page)
    assert kept().how_to_renew == "Theirs"


# Who may, and what must be there


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_viewer_writes_none(
    browser: Client, person: Person, url: str, write: Any, method: str
) -> None:
    write(WRITTEN)
    person.role = Role.VIEWER
    person.save()
    answer = getattr(browser, method)(url, {"how_to_renew": "Mine"})
    assert answer.status_code == 403
    assert kept() == WRITTEN
    assert trail("access.refused") == [("access.refused", "denied")]


@pytest.mark.parametrize("page", ["", "adopt/"])
def test_a_secret_that_cannot_be_read_has_no_notes(
    browser: Client, their_secret: Secret, secret: Secret, url: str, page: str
) -> None:
    """Its notes are kept, but over this connection there is no such secret."""
    note = Note.objects.create(
        organization_id=ORGANIZATION_ID, secret_id=their_secret.id, how_to_renew="Hidden"
    )
    address = url.replace(secret.id, their_secret.id) + page
    answers = [browser.get(address), browser.post(address, {"act": "leave", "note": note.pk})]
    assert answers[-1].status_code == 404
    assert not any("Hidden" in text_of(answer) for answer in answers)
    assert Note.objects.get().how_to_renew == "Hidden"


def test_another_organization_needs_a_connection_of_its_own(
    browser: Client, their_secret: Secret, url: str, secret: Secret
) -> None:
    address = url.replace(ORGANIZATION_ID, their_secret.organization_id)
    for answer in (browser.get(address), browser.post(address, {"how_to_renew": "x"})):
        assert answer.headers["Location"].startswith("/connect/?organization=1420000000000")
    assert not Note.objects.exists()


def test_nothing_is_kept_where_the_trail_cannot_record(
    browser: Client, url: str, broken_trail: None
) -> None:
    answer = browser.post(url, opened(browser, url, how_to_renew="Ask the bank."))
    assert answer.status_code == 503
    assert kept() == NOTHING


def test_nothing_is_sent_to_the_platform(
    browser: Client, url: str, secret: Secret, api: SecretManagerClient
) -> None:
    before = api.get_secret(ORGANIZATION_ID, secret.id)
    browser.post(url, opened(browser, url, how_to_renew="Ask the bank.", labels=["billing"]))
    assert api.get_secret(ORGANIZATION_ID, secret.id) == before


def test_htmx_gets_the_form_alone(browser: Client, url: str) -> None:
    fragment = text_of(browser.get(url, headers=HTMX)).strip()
    assert "<html" not in fragment
    assert fragment.startswith('<form id="notes-form"')


def test_it_takes_no_other_method(browser: Client, url: str) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        assert browser.generic(method, url).status_code == 405

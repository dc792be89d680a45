"""What a person does on the pages, what then really happened, and what the page claims happened."""

import enum
import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpResponse

from tests.faults.kinds.connection import HUNG_UP_AFTER
from tests.faults.kinds.kind import Kind
from tests.faults.place import HTMX, Place
from tests.faults.truth import Request, Tables
from tests.secrets_ui.views.support import filled

Form = dict[str, str]


class Claim(enum.Enum):
    """What a page tells its reader, and how the matrix writes it."""

    DONE = "+"
    NOT_DONE = "-"
    NOT_KNOWN = "?"
    GONE_BEFORE = "g"
    CONFLICT = "c"
    SHOWN = "s"
    INCOMPLETE = "i"
    NOT_SHOWN = "e"
    NOTHING = "!"


@dataclass
class Told:
    """What one act was answered with: the answers, the notes, and what they claim together."""

    response: HttpResponse
    claim: Claim = Claim.NOTHING
    said: list[str] = field(default_factory=list)
    outcome_url: str = ""


@dataclass(frozen=True)
class Operation:
    """One act on the pages.

    page, form: where its form is ("" for acts without one). typed: what a person fills in.
    happened: how often the act was carried out, from the tables before and after.
    """

    name: str
    url: Callable[[Place], str]
    page: Callable[[Place], str] | None = None
    form: str = ""
    typed: Callable[[Place], Form] = lambda place: {}
    happened: Callable[[Place, Tables, Tables], int] | None = None
    shows: Callable[[Place, str], bool] = lambda place, text: True
    decides: Callable[[Request], bool] = lambda request: request.is_write
    prepare: Callable[[Place], Any] = lambda place: None

    def __str__(self) -> str:
        return self.name

    @property
    def is_write(self) -> bool:
        return self.happened is not None

    def fill(self, place: Place) -> Form | None:
        """Open the page while all is well and return the form as it will be sent; None for a GET."""
        self.prepare(place)
        if self.page is None:
            return self.typed(place) or None
        page = place.browser.get(self.page(place))
        assert page.status_code == 200, page.status_code
        return filled(page, self.form, **self.typed(place))

    def act(self, place: Place, form: Form | None, *, htmx: bool) -> HttpResponse:
        headers = HTMX if htmx else {}
        if form is None:
            return place.browser.get(self.url(place), headers=headers)
        return place.browser.post(self.url(place), form, headers=headers)

    def told(self, place: Place, response: HttpResponse) -> Told:
        """Read what the page claims. The API may be asked again for it, so it should be well."""
        told = _followed(place, response) if self.is_write else Told(response)
        if not self.is_write:
            told.claim = self._shown(place, response)
        return told

    def _shown(self, place: Place, response: HttpResponse) -> Claim:
        text = text_of(response)
        if response.status_code >= 400:
            return (
                Claim.NOT_SHOWN if _problem(text) or response.status_code == 404 else Claim.NOTHING
            )
        if any(words in text for words in ("may be incomplete", "left out")):
            return Claim.INCOMPLETE
        return Claim.SHOWN if self.shows(place, text) else Claim.NOTHING


def text_of(response: HttpResponse) -> str:
    body = response.content.decode(errors="replace")
    return html.unescape(body.replace("</span><span>", ""))


def location(response: HttpResponse) -> str:
    found: str = response.headers.get("Location") or response.headers.get("HX-Redirect") or ""
    return found


def _followed(place: Place, response: HttpResponse) -> Told:
    told = Told(response)
    to = location(response)
    if "/writes/" in to:
        told.outcome_url = to
        return read_outcome(place, told)
    if to:
        told.said = [str(message) for message in get_messages(response.wsgi_request)]
        told.claim = _claim_of_notes(told.said)
        return told
    told.claim = _claim_of_problem(text_of(response), response.status_code)
    return told


def read_outcome(place: Place, told: Told) -> Told:
    """Read the page that tells how a write ended."""
    response = place.browser.get(told.outcome_url)
    if response.status_code == 302:
        told.said = [str(message) for message in get_messages(response.wsgi_request)]
        told.claim = _claim_of_notes(told.said)
        return told
    text = text_of(response)
    title = re.search(r"<h1>(.*?)</h1>", text)
    told.said = [title[1]] if title else []
    told.claim = _claim_of_problem(text, response.status_code)
    return told


def check_again(place: Place, told: Told) -> Told:
    """Press the button on that page."""
    return _looked_up(place, place.browser.post(told.outcome_url))


def _looked_up(place: Place, pressed: HttpResponse) -> Told:
    if location(pressed):
        return read_outcome(place, Told(pressed, outcome_url=location(pressed)))
    # Nothing was learned, and the page says why; what was open still is. Or there was nothing left to
    # look up: then it says again what it said before.
    text = text_of(pressed)
    is_error = pressed.status_code >= 400 and _problem(text)
    return Told(pressed, Claim.NOT_KNOWN if is_error else _claim_of_problem(text, 200))


_NOT_DONE = ("was not saved", "name is taken", "Nothing was sent", "nothing was changed")
_NOTES = {
    "saved.": Claim.DONE,
    "deleted.": Claim.DONE,
    "is on.": Claim.DONE,
    "is off.": Claim.DONE,
    "was accepted": Claim.DONE,
    "already deleted": Claim.GONE_BEFORE,
    "nothing was sent": Claim.NOT_DONE,
}


def _claim_of_notes(notes: list[str]) -> Claim:
    for words, claim in sorted(_NOTES.items(), key=lambda note: note[1] is Claim.DONE):
        if any(words in note for note in notes):
            return claim
    return Claim.NOTHING


def _claim_of_problem(text: str, status: int) -> Claim:
    if "Somebody else changed this meanwhile" in text:
        return Claim.CONFLICT
    if "We do not know" in text or "Still working on it" in text or "whether it is yours" in text:
        return Claim.NOT_KNOWN
    if "already deleted" in text or "deleted this already" in text:
        return Claim.GONE_BEFORE
    if (status >= 400 and _problem(text)) or any(words in text for words in _NOT_DONE):
        return Claim.NOT_DONE
    return Claim.NOTHING


def _problem(text: str) -> bool:
    return 'role="alert"' in text or '<section class="empty">' in text or "errorlist" in text


# What really happened


def _target(place: Place, rows: Tables) -> Any:
    return rows.get(place.secret.id)


def _created(place: Place, before: Tables, after: Tables) -> int:
    return sum(
        any(version.value == place.typed.encode() for version in row.versions.values())
        for secret_id, row in after.items()
        if secret_id not in before
    )


def _changed(place: Place, before: Tables, after: Tables) -> int:
    return int(_target(place, after).description == NEW_DESCRIPTION)


def _deleted(place: Place, before: Tables, after: Tables) -> int:
    return int(place.secret.id not in after)


def _added(place: Place, before: Tables, after: Tables) -> int:
    new = _target(place, after).versions.keys() - _target(place, before).versions.keys()
    return len(new)


def _status(wanted: str) -> Callable[[Place, Tables, Tables], int]:
    def happened(place: Place, before: Tables, after: Tables) -> int:
        return int(_target(place, after).versions[place.version.id].status == wanted)

    return happened


def _version_deleted(place: Place, before: Tables, after: Tables) -> int:
    return int(place.version.id not in _target(place, after).versions)


def _was_created_before(place: Place, before: Tables, after: Tables) -> int:
    """A look-up sends nothing; what it must tell is what had happened before."""
    return sum(row.name == NEW_NAME for row in after.values())


# What a person does

NEW_NAME, NEW_DESCRIPTION = "brand_new", "Signs calls, and more"


def _turned_off(place: Place) -> None:
    type(place.version).objects.filter(pk=place.version.pk).update(status="inactive")


def _shows_all(place: Place, text: str) -> bool:
    """All secrets are there, or the page says that there are more."""
    return all(f"/secrets/{each}/" in text for each in place.tables()) or 'rel="next"' in text


def _shows_secret(place: Place, text: str) -> bool:
    return place.version_url in text and "99999999999" not in text


def _shows_value(place: Place, text: str) -> bool:
    return place.value in text


def _revealing(purpose: str) -> Operation:
    return Operation(
        {"show": "reveal"}.get(purpose, purpose),
        url=lambda place: f"{place.version_url}reveal/",
        typed=lambda place: {"purpose": purpose},
        shows=_shows_value,
        decides=lambda request: "return_secret_value" in request.target,
    )


def _connecting(place: Place) -> Form:
    wire = place.credential.as_dict()
    return {"organization_id": place.organization_id, "label": "Again", "kind": "personal", **wire}


CREATE = Operation(
    "create",
    url=lambda place: f"{place.list_url}new/",
    page=lambda place: f"{place.list_url}new/",
    form="secret-form",
    typed=lambda place: {"name": NEW_NAME, "value": place.typed},
    happened=_created,
)


def _turning(name: str, to: str, status: str, prepare: Callable[[Place], Any]) -> Operation:
    return Operation(
        name,
        url=lambda place: f"{place.version_url}status/",
        page=lambda place: f"{place.version_url}status/?to={to}",
        form="confirm",
        happened=_status(status),
        prepare=prepare,
    )


READS = [
    Operation("list", lambda place: place.list_url, shows=_shows_all, decides=lambda r: True),
    Operation(
        "detail", lambda place: place.secret_url, shows=_shows_secret, decides=lambda r: True
    ),
    _revealing("show"),
    _revealing("copy"),
    _revealing("download"),
    Operation("connect", lambda place: "/connect/", typed=_connecting, decides=lambda r: True),
]
WRITES = [
    CREATE,
    Operation(
        "edit",
        url=lambda place: f"{place.secret_url}edit/",
        page=lambda place: f"{place.secret_url}edit/",
        form="secret-form",
        typed=lambda place: {"description": NEW_DESCRIPTION},
        happened=_changed,
    ),
    Operation(
        "delete",
        url=lambda place: f"{place.secret_url}delete/",
        page=lambda place: f"{place.secret_url}delete/",
        form="confirm",
        typed=lambda place: {"typed_name": place.secret.name},
        happened=_deleted,
    ),
    Operation(
        "new version",
        url=lambda place: f"{place.secret_url}versions/new/",
        page=lambda place: f"{place.secret_url}versions/new/",
        form="version-form",
        typed=lambda place: {"value": place.typed},
        happened=_added,
    ),
    _turning("turn on", "on", "active", _turned_off),
    _turning("turn off", "off", "inactive", lambda place: None),
    Operation(
        "delete version",
        url=lambda place: f"{place.version_url}delete/",
        page=lambda place: f"{place.version_url}delete/",
        form="confirm",
        happened=_version_deleted,
    ),
]


@dataclass(frozen=True)
class CheckAgain(Operation):
    """Look up a create whose answer was lost, and whose first look-up failed as well."""

    lost: Kind = field(default_factory=HUNG_UP_AFTER.always)

    def fill(self, place: Place) -> Form | None:
        form = CREATE.fill(place)
        place.server.arm(self.lost, CREATE.decides)
        with place.hurried():
            response = CREATE.act(place, form, htmx=False)
        place.server.finish()
        place.server.disarm()
        told = CREATE.told(place, response)
        assert told.claim is Claim.NOT_KNOWN, (told.claim, told.response.status_code, told.said)
        place.server.log.clear()
        place.outcome_url = told.outcome_url
        return {}

    def told(self, place: Place, response: HttpResponse) -> Told:
        return _looked_up(place, response)


CHECK_AGAIN = CheckAgain(
    "check again",
    url=lambda place: place.outcome_url,
    happened=_was_created_before,
    decides=lambda request: True,
)
OPERATIONS: dict[str, Operation] = {each.name: each for each in (*READS, *WRITES, CHECK_AGAIN)}

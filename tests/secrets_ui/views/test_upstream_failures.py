"""Whatever the Secret Manager does, a person reads plain words and loses nothing but the value."""

import html
import re
from dataclasses import dataclass, field

import pytest
from django.db.models import F
from django.http import HttpResponse

from audit.models import Event
from secrets_ui.models import Intent
from secrets_ui.settlement import QUIET
from tests.secrets_ui.conftest import HTMX
from tests.secrets_ui.views.support import LIST_URL, filled, trail
from tests.secrets_ui.views.upstream import (
    FAILURES,
    SECRET_URL,
    TOKEN,
    VALUE,
    VERSION_URL,
    Failure,
    Upstream,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pause")]
each_failure = pytest.mark.parametrize("failure", FAILURES, ids=str)

READS = {
    "list": (LIST_URL, Upstream.SECRETS),
    "detail": (SECRET_URL, Upstream.SECRET),
    "detail-versions": (SECRET_URL, Upstream.VERSIONS),
    "edit": (f"{SECRET_URL}edit/", Upstream.SECRET),
    "delete": (f"{SECRET_URL}delete/", Upstream.SECRET),
    "new-version": (f"{SECRET_URL}versions/new/", Upstream.SECRET),
    "status": (f"{VERSION_URL}status/?to=off", Upstream.VERSIONS),
    "delete-version": (f"{VERSION_URL}delete/", Upstream.VERSIONS),
}


@dataclass(frozen=True)
class Write:
    """A page with its form, what a person types, and the request to the API that this makes."""

    page: str
    form: str
    method: str
    api: str
    typed: dict[str, str] = field(default_factory=dict)


WRITES = {
    "secret.created": Write(
        f"{LIST_URL}new/",
        "secret-form",
        "POST",
        Upstream.SECRETS,
        {
            "name": "typed_name",
            "value": VALUE,
            "description": "typed description",
            "app_ids": "app-1",
        },
    ),
    "secret.changed": Write(
        f"{SECRET_URL}edit/",
        "secret-form",
        "PATCH",
        Upstream.SECRET,
        {"description": "typed description"},
    ),
    "secret.deleted": Write(
        f"{SECRET_URL}delete/",
        "confirm",
        "DELETE",
        Upstream.SECRET,
        {"typed_name": "billing-key"},
    ),
    "version.added": Write(
        f"{SECRET_URL}versions/new/", "version-form", "POST", Upstream.VERSIONS, {"value": VALUE}
    ),
    "version.turned_off": Write(
        f"{VERSION_URL}status/?to=off", "confirm", "PATCH", Upstream.VERSION
    ),
    "version.deleted": Write(f"{VERSION_URL}delete/", "confirm", "DELETE", Upstream.VERSION),
}
# A refused name has its own words: tests/secrets_ui/views/test_secret_create.py.
each_failed_write = pytest.mark.parametrize(
    ("action", "failure"),
    [
        pytest.param(action, failure, id=f"{action}-{failure}")
        for action in WRITES
        for failure in FAILURES
        if (action, failure.name) != ("secret.created", "409")
    ],
)


@each_failure
@pytest.mark.parametrize("page", READS)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_page_that_cannot_be_read_says_why(
    upstream: Upstream, page: str, failure: Failure, headers: dict[str, str]
) -> None:
    url, broken = READS[page]
    upstream.shows_one_secret()
    upstream.fails("GET", broken, failure)
    answer = upstream.browser.get(url, headers=headers)
    text = answer.content.decode()
    assert answer.status_code == failure.status
    assert failure.title in text
    assert "Reference" in text
    assert ("req-77" in text) == ("headers" in failure.answer)
    assert TOKEN not in text
    assert VALUE not in text
    assert "<script>alert" not in text
    assert text.strip().startswith('<div class="toast error"' if headers else "<!doctype html>")


@each_failed_write
def test_a_write_that_fails_says_what_is_known(
    upstream: Upstream, action: str, failure: Failure
) -> None:
    answer = _post(upstream, action, failure)
    if _leads_elsewhere(action, failure):
        answer = upstream.browser.get(answer.url)
        assert _words_elsewhere(failure) in answer.content.decode()
        return
    text = answer.content.decode()
    assert failure.title in text
    assert answer.status_code == failure.status
    assert TOKEN not in text
    assert VALUE not in text
    assert text.strip().startswith("<!doctype html>")


@each_failed_write
def test_htmx_is_told_in_a_note_so_that_the_form_stays_as_it_is(
    upstream: Upstream, action: str, failure: Failure
) -> None:
    answer = _post(upstream, action, failure, **HTMX)
    if _leads_elsewhere(action, failure):
        assert answer.headers["HX-Redirect"]
        return
    text = answer.content.decode().strip()
    assert text.startswith('<div class="toast error" role="alert">')
    assert failure.title in text
    assert VALUE not in text


@each_failed_write
def test_a_write_that_fails_is_recorded_for_what_it_is(
    upstream: Upstream, action: str, failure: Failure
) -> None:
    _post(upstream, action, failure)
    outcome = "unknown" if failure.may_have_happened else failure.outcome
    assert trail(action) == [(action, "attempted"), (action, outcome)]
    assert VALUE not in str(list(Event.objects.values()))


@each_failed_write
def test_a_write_is_sent_once(upstream: Upstream, action: str, failure: Failure) -> None:
    _post(upstream, action, failure)
    method = WRITES[action].method
    times = len(upstream.sent(method))
    assert times == 1 or failure.name == "refused"


@each_failure
def test_a_failed_new_secret_keeps_everything_typed_but_the_value(
    upstream: Upstream, failure: Failure
) -> None:
    answer = _post(upstream, "secret.created", failure)
    if failure.may_have_happened:
        answer = _do_it_again(upstream, answer)
    form = filled(answer, "secret-form")
    assert form["name"] == "typed_name"
    assert form["description"] == "typed description"
    assert form["app_ids"] == "app-1"
    assert form["value"] == ""


@each_failure
def test_a_failed_edit_keeps_everything_typed(upstream: Upstream, failure: Failure) -> None:
    answer = _post(upstream, "secret.changed", failure)
    if failure.may_have_happened:
        answer = _do_it_again(upstream, answer)
    form = filled(answer, "secret-form")
    assert form["description"] == "typed description"
    assert form["initial-description"] == "Pays"


@each_failure
def test_a_value_that_cannot_be_fetched_is_not_shown_and_it_is_recorded(
    upstream: Upstream, failure: Failure
) -> None:
    upstream.shows_one_secret()
    upstream.fails("GET", f"{Upstream.VERSION}", failure)
    answer = upstream.browser.post(f"{VERSION_URL}reveal/", {"purpose": "show"})
    text = answer.content.decode()
    assert answer.status_code == failure.status
    assert failure.title in text
    assert VALUE not in text
    assert trail("value.revealed") == [
        ("value.revealed", "attempted"),
        ("value.revealed", failure.outcome),
    ]


def test_a_wait_that_the_secret_manager_asks_for_is_passed_on(upstream: Upstream) -> None:
    limited = next(failure for failure in FAILURES if failure.name == "429")
    upstream.fails("GET", Upstream.SECRETS, limited)
    answer = upstream.browser.get(LIST_URL)
    assert answer.headers["Retry-After"] == "30"
    assert "Try again in 30 seconds." in answer.content.decode()


def _do_it_again(upstream: Upstream, answer: HttpResponse) -> HttpResponse:
    """Check again once the server has surely let go of the request, and follow to the form."""
    Intent.objects.update(sent_at=F("sent_at") - QUIET, working_since=F("working_since") - QUIET)
    upstream.browser.post(answer.url)
    page = upstream.browser.get(answer.url).content.decode()
    assert "It was not saved" in page
    (link,) = re.findall(r'href="([^"]+)">Do it again', page)
    return upstream.browser.get(html.unescape(link))


def _leads_elsewhere(action: str, failure: Failure) -> bool:
    """What may have happened has a page of its own, and what is gone already needs no deleting."""
    is_open = failure.may_have_happened
    is_gone = action.endswith(".deleted") and failure.name == "404"
    return is_open or is_gone


def _words_elsewhere(failure: Failure) -> str:
    return "We do not know yet" if failure.may_have_happened else "Somebody else had already"


def _post(upstream: Upstream, action: str, failure: Failure, **headers: str) -> HttpResponse:
    """Open the page, type, let the API fail from then on, and send."""
    write = WRITES[action]
    upstream.shows_one_secret()
    form = filled(upstream.browser.get(write.page), write.form, **write.typed)
    upstream.fails(write.method, write.api, failure)
    return upstream.browser.post(write.page, form, headers=headers)

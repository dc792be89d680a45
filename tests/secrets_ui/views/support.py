"""What the tests of the pages share: a form as a browser would send it, and the audit trail."""

from html.parser import HTMLParser

from django.http import HttpResponse

from audit.models import Event
from tests.secrets_ui.conftest import ORGANIZATION_ID

LIST_URL = f"/organizations/{ORGANIZATION_ID}/secrets/"


class _Form(HTMLParser):
    """Collects what a browser would send of the form with one id."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._form_id = form_id
        self._inside = False
        self._open = ""
        self._select = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._inside = found.get("id") == self._form_id
        elif self._inside and tag == "input" and "name" in found:
            if found.get("type") not in {"radio", "checkbox"} or "checked" in found:
                self.fields[found["name"]] = found.get("value", "")
        elif self._inside and tag == "textarea":
            self._open = found["name"]
            self.fields[self._open] = ""
        elif self._inside and tag == "select":
            self._select = found["name"]
        elif (
            self._inside
            and tag == "option"
            and ("selected" in found or self._select not in self.fields)
        ):
            # Without a chosen option a browser sends the first one.
            self.fields[self._select] = found["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            # A browser drops the line break that follows the opening tag.
            self.fields[self._open] = self.fields[self._open].removeprefix("\n")
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.fields[self._open] += data


def filled(page: HttpResponse, form_id: str, **typed: str) -> dict[str, str]:
    """Return what a browser would send of this form after a person typed into it."""
    form = _Form(form_id)
    form.feed(page.content.decode())
    assert form.fields, f"There is no form {form_id} on this page."
    unknown = typed.keys() - form.fields.keys()
    assert not unknown, f"The form has no field {unknown}."
    return {**form.fields, **typed}


def text_of(page: HttpResponse) -> str:
    """Return the answer's text; a name in the list is cut in two for the eye, here it is whole."""
    return page.content.decode().replace("</span><span>", "")


def trail(action: str = "") -> list[tuple[str, str]]:
    """Return (action, outcome) of every event, or of one action's, in order."""
    events = Event.objects.filter(action=action) if action else Event.objects.all()
    return list(events.order_by("sequence").values_list("action", "outcome"))

"""The rows of the list as HTML: every text that comes from outside is text, and roles see their acts."""

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from accounts.roles import CAPABILITIES, Role
from secret_manager import Summary
from secrets_ui.list_rows import DESCRIPTION, MOST_LABELS, RowContext, html_rows
from tests.secrets_ui.catalog.support import a_summary

NOW = datetime(2026, 12, 4, 12, tzinfo=UTC)
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&lt;{{ 7*7 }}\u202e"
TAGS = {
    *("tr", "td", "span", "a", "button", "svg", "use", "details", "summary", "ul", "li", "mark"),
}


class Parsed(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.marked: list[str] = []
        self.text = ""
        self._in_mark = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _text in attributes}
        self._in_mark = tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self._in_mark = False

    def handle_data(self, text: str) -> None:
        self.text += text
        if self._in_mark:
            self.marked.append(text)


def rows(*secrets: Summary, role: str = Role.ADMINISTRATOR, **facts: object) -> str:
    context = RowContext(organization_id="1", now=NOW, may=CAPABILITIES[role], **facts)  # type: ignore[arg-type]
    return html_rows(secrets, context)


@pytest.mark.parametrize("query", ["", "script", "alert", "img src", "lt", "script><img", "7"])
@pytest.mark.parametrize("field", ["id", "name", "description", "user_id", "current_id", "app_ids"])
def test_no_text_of_a_secret_becomes_markup(field: str, query: str) -> None:
    hostile = (HOSTILE,) if field == "app_ids" else HOSTILE
    secret = a_summary(7, on=1, versions=1, current_id="9")._replace(**{field: hostile})
    found = Parsed(rows(secret, query=query, favourites=frozenset({HOSTILE, "7"})))
    assert found.tags <= TAGS
    assert not {name for name in found.attributes if name.startswith("on") or name == "src"}


@pytest.mark.parametrize("query", ["", "script"])
def test_no_label_becomes_markup(query: str) -> None:
    found = Parsed(rows(a_summary(7), query=query, labels={"7": (HOSTILE,)}))
    assert found.tags <= TAGS
    assert "<script>alert(1)</script>" in found.text
    assert "\u202e" not in found.text


def test_what_was_searched_for_is_marked_where_it_is() -> None:
    secret = a_summary(7, name="aws-ses-password", description="For AWS")
    assert Parsed(rows(secret, query="aws")).marked == ["aws", "AWS"]


def test_a_match_across_the_cut_of_a_long_name_is_marked_on_both_sides() -> None:
    found = Parsed(rows(a_summary(7, name="billing-password"), query="password"))
    assert "".join(found.marked) == "password"
    across = Parsed(rows(a_summary(7, name="my-password-x"), query="password"))
    assert "".join(across.marked) == "password"


def test_a_match_elsewhere_is_said() -> None:
    secret = a_summary(7, description="words", user_id="user-99", app_ids=("5123",))
    assert "Created by" in Parsed(rows(secret, query="user-99")).text
    assert Parsed(rows(secret, query="5123")).marked == ["5123"]
    assert "words" in Parsed(rows(secret, query="nowhere")).text


def test_a_match_far_into_a_description_is_shown() -> None:
    text = "x" * 400 + " needle " + "y" * 400
    found = Parsed(rows(a_summary(7, description=text), query="needle"))
    assert found.marked == ["needle"]
    assert len(found.text) < DESCRIPTION + 300


@pytest.mark.parametrize(
    ("role", "acts"),
    [
        (Role.VIEWER, set()),
        (Role.OPERATOR, {"copy", "edit", "new"}),
        (Role.MANAGER, {"copy", "edit", "new", "delete"}),
        (Role.ADMINISTRATOR, {"copy", "edit", "new", "delete"}),
    ],
)
def test_people_are_offered_what_their_role_may(role: str, acts: set[str]) -> None:
    html = rows(a_summary(7, on=1, versions=1, current_id="9"), role=role)
    ways = {"copy": "/reveal/", "edit": "/edit/", "new": "/versions/new/", "delete": "/delete/"}
    assert {act for act, way in ways.items() if way in html} == acts
    assert 'href="/organizations/1/secrets/7/"' in html


def test_favourites_and_labels_are_shown_at_their_secrets_only() -> None:
    labels = {"7": ("one", "two", "three", "four")}
    shown = rows(a_summary(7), favourites=frozenset({"7"}), labels=labels)
    assert 'class="star"' in shown
    assert shown.count('class="chip"') == MOST_LABELS
    other = rows(a_summary(8), favourites=frozenset({"7"}), labels=labels)
    assert "star" not in other
    assert "chip" not in other


def test_moments_at_the_ends_of_the_calendar_have_rows() -> None:
    ends = (-62_135_596_800, 253_402_300_800)
    for at in ends:
        assert rows(a_summary(7, expired_at=at, created_at=at, updated_at=at, value_at=at))


def test_no_secrets_are_no_rows() -> None:
    assert rows() == ""

import csv
import io
import json
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.roles import Capability, Role, capabilities_of
from audit import chain, export, queries, trail
from audit.models import Event, Outcome
from tests.audit.support import run
from tests.audit.views.support import HOSTILE, act, many, text_of

pytestmark = pytest.mark.django_db

URL = "/audit/export/"
FORMATS = ["csv", "jsonl"]


def asked(client: Client, file_format: str = "jsonl", **filters: str) -> bytes:
    """Return the whole file."""
    answer = client.post(URL, {"format": file_format, **filters})
    assert answer.status_code == 200, answer.content
    return answer.getvalue()


def sheet(data: bytes) -> list[dict[str, str]]:
    """Return the rows as a spreadsheet reads them, the mark before a formula included."""
    text = data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.decode().split("\n") if line]


def recorded() -> list[tuple[str, str]]:
    """Return (outcome, detail) of each line about an export."""
    found = Event.objects.filter(action="trail.exported").order_by("sequence")
    return list(found.values_list("outcome", "detail"))


# Who gets it, and how


@pytest.mark.parametrize("role", Role.values)
def test_only_who_looks_after_the_trail_gets_it(
    client_with: Callable[[str], Client], role: str
) -> None:
    act()
    answer = client_with(role).post(URL, {"format": "csv"})
    allowed = Capability.TRAIL in capabilities_of(role)
    assert answer.status_code == (200 if allowed else 403)
    assert (b"crm-webhook-signing" in answer.getvalue()) is allowed


def test_who_signed_in_long_ago_is_asked_to_prove_it_again(auditor: Client) -> None:
    session = auditor.session
    session["signed_in_at"] = time.time() - 61 * 60
    session.save()
    answer = auditor.post(URL, {"format": "csv"})
    assert answer.status_code == 302
    assert "confirm" in answer.headers["Location"]
    assert recorded() == []


def test_a_form_of_another_site_gets_nothing(auditor: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = auditor.cookies
    assert strict.post(URL, {"format": "csv"}).status_code == 403
    assert recorded() == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_it_takes_what_a_button_sends_and_nothing_else(auditor: Client, method: str) -> None:
    assert auditor.generic(method, URL).status_code == 405


@pytest.mark.parametrize("file_format", ["", "xlsx", "CSV", "../csv"])
def test_there_is_no_other_format(auditor: Client, file_format: str) -> None:
    assert auditor.post(URL, {"format": file_format}).status_code == 400
    assert recorded() == []


@pytest.mark.parametrize(
    ("file_format", "content_type"),
    [("csv", "text/csv; charset=utf-8"), ("jsonl", "application/x-ndjson; charset=utf-8")],
)
def test_a_browser_saves_it_and_keeps_no_copy(
    auditor: Client, file_format: str, content_type: str
) -> None:
    answer = auditor.post(URL, {"format": file_format})
    assert answer.streaming
    assert answer.headers["Content-Type"] == content_type
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="audit-trail-')
    assert disposition.endswith(f'.{file_format}"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    answer.close()


def test_the_page_sends_its_filters_along(auditor: Client) -> None:
    act()
    page = text_of(auditor.get("/audit/", {"person": "han", "act": "values"}))
    form = page.partition('action="/audit/export/"')[2].partition("</form>")[0]
    assert '<input type="hidden" name="person" value="han">' in form
    assert '<input type="hidden" name="act" value="values">' in form
    assert 'name="csrfmiddlewaretoken"' in form


# It is recorded


@pytest.mark.parametrize("file_format", FORMATS)
def test_it_is_recorded_before_its_first_byte_and_after_its_last(
    auditor: Client, file_format: str
) -> None:
    act()
    answer = auditor.post(URL, {"format": file_format, "person": "hana", "since": "2020-01-01"})
    assert recorded() == [("attempted", f"{file_format}: person, since")]
    assert answer.getvalue()
    assert recorded()[1:] == [("ok", f"{file_format}: person, since: 2 lines")]


def test_without_filters_it_says_that_it_was_everything(auditor: Client) -> None:
    asked(auditor, "csv")
    assert recorded()[0] == ("attempted", "csv: everything")


def test_what_was_filtered_for_is_not_recorded(auditor: Client) -> None:
    asked(auditor, person="somebody-in-particular")
    assert not Event.objects.filter(detail__contains="somebody").exists()


def test_where_it_cannot_be_recorded_nothing_is_sent(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    act()

    def fail(**facts: Any) -> Event:
        raise DatabaseError("disk full")

    monkeypatch.setattr(chain, "append", fail)
    answer = auditor.post(URL, {"format": "csv"})
    assert answer.status_code == 503
    assert "cannot be recorded" in text_of(answer)
    assert b"crm-webhook-signing" not in answer.content


@pytest.mark.parametrize("pieces_taken", [0, 1, 3])
def test_a_download_that_breaks_off_has_an_unknown_outcome(
    auditor: Client, monkeypatch: pytest.MonkeyPatch, pieces_taken: int
) -> None:
    monkeypatch.setattr(queries, "CHUNK", 10)
    many(100)
    answer = auditor.post(URL, {"format": "csv"})
    pieces = iter(answer)
    for _ in range(pieces_taken):
        next(pieces)
    answer.close()
    given_out = f": {10 * (pieces_taken - 1)} lines" if pieces_taken > 1 else ""
    assert recorded()[1:] == [("unknown", f"csv: everything{given_out}")]


def test_a_trail_that_cannot_be_read_to_its_end_breaks_the_download_off(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **named: Any) -> Any:
        yield list(Event.objects.all())
        raise DatabaseError("gone")

    act()
    monkeypatch.setattr(export, "chunks_of", fail)
    answer = auditor.post(URL, {"format": "csv"})
    with pytest.raises(DatabaseError):
        answer.getvalue()
    assert [outcome for outcome, _ in recorded()] == ["attempted", "unknown"]


def test_an_outcome_that_cannot_be_recorded_breaks_the_download_off(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    act()
    append = chain.append

    def fail(**facts: Any) -> Event:
        if facts["outcome"] == Outcome.OK:
            raise DatabaseError("disk full")
        return append(**facts)

    monkeypatch.setattr(chain, "append", fail)
    answer = auditor.post(URL, {"format": "csv"})
    with pytest.raises(trail.TrailUnavailable):
        answer.getvalue()


# What is in it


def test_both_lines_of_an_act_are_in_it_oldest_first(auditor: Client) -> None:
    act("value.revealed", actor="hanako", version_id="30", reason="INC-4211")
    for rows in (sheet(asked(auditor, "csv")), lines(asked(auditor))):
        assert [row["outcome"] for row in rows[:2]] == ["attempted", "ok"]
        assert [int(row["sequence"]) for row in rows] == list(range(1, len(rows) + 1))
        assert (rows[1]["actor"], rows[1]["version_id"]) == ("hanako", "30")
        assert (rows[1]["secret_name"], rows[1]["reason"]) == ("crm-webhook-signing", "INC-4211")


def test_a_spreadsheet_says_in_words_what_was_done(auditor: Client) -> None:
    act("version.turned_off")
    rows = sheet(asked(auditor, "csv"))
    assert [row["what"] for row in rows[:2]] == [
        "Tried to turn off a version",
        "Turned off a version",
    ]


def test_a_spreadsheet_reads_japanese(auditor: Client) -> None:
    act(actor="佐藤 太郎")
    data = asked(auditor, "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    assert sheet(data)[0]["actor"] == "佐藤 太郎"


@pytest.mark.storage
@pytest.mark.parametrize("file_format", FORMATS)
def test_the_filters_choose_acts_with_all_their_lines(auditor: Client, file_format: str) -> None:
    attempt = act("secret.created", None, secret_id="")
    act("secret.created", act=attempt.act, attempted=False, secret_id="21")
    act("value.revealed")
    data = asked(auditor, file_format, secret="21", outcome="ok")
    rows = sheet(data) if file_format == "csv" else lines(data)
    assert [(row["action"], row["outcome"]) for row in rows] == [
        ("secret.created", "attempted"),
        ("secret.created", "ok"),
    ]


def test_wrong_filters_export_nothing(auditor: Client) -> None:
    act()
    answer = auditor.post(URL, {"format": "csv", "act": "nonsense"})
    assert answer.status_code == 422
    assert "Choose one of the list." in text_of(answer)
    assert b"crm-webhook-signing" not in answer.content
    assert recorded() == []


def test_what_is_recorded_during_a_download_does_not_prolong_it(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "CHUNK", 2)
    act()
    answer = auditor.post(URL, {"format": "jsonl"})
    pieces = iter(answer)
    first = next(pieces) + next(pieces)
    act()
    rows = lines(first + b"".join(pieces))
    assert [row["sequence"] for row in rows] == [1, 2, 3]


@pytest.mark.storage
def test_the_whole_trail_can_be_verified_from_its_file(auditor: Client, tmp_path: Path) -> None:
    act(actor="佐藤 太郎", actor_address="2001:db8::7", person_id=7, reason="ein Grund – später")
    act("secret.deleted", Outcome.DENIED)
    file = tmp_path / "audit-trail.jsonl"
    file.write_bytes(asked(auditor))
    assert "whole" in run("audit_verify", "--archive", file)
    fields = {field.attname for field in Event._meta.concrete_fields}
    assert all(row.keys() == fields for row in lines(file.read_bytes()))


# No cell is a formula

TRIGGERS = "=+-@\t\r\n\0＝＋－＠"
SKIPPED = " \u3000\xa0\ufeff\u200b\u200e\u202e"


@given(text=st.text() | st.text(alphabet=f"{TRIGGERS}{SKIPPED}'a1", max_size=6))
@example(text="=1+1")
@example(text=" =1+1")
@example(text="\ufeff=1+1")
@example(text="\ufeff \t=1+1")
@example(text="＝1+1")
@example(text="\r\n=1+1")
@example(text="\N{SUPERSCRIPT EQUALS SIGN}1")
@example(text="﹢1")
@example(text="−1")
@example(text="'=1+1")
def test_no_cell_starts_as_a_formula_would_and_none_is_lost(text: str) -> None:
    cell = export.cell(text)
    assert not cell.lstrip(SKIPPED).startswith(tuple(TRIGGERS))
    assert not cell.startswith(tuple(TRIGGERS))
    assert cell.removeprefix("'") == text or cell == text
    assert (cell != text) or not text.startswith("'")


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
@example(texts=['a"b', "a,b", "a\r\nb", "a;=1", "", "\0", "'"])
def test_a_row_comes_back_as_it_was(texts: list[str]) -> None:
    written = export._csv([texts])
    assert written.endswith("\r\n")
    (row,) = csv.reader(io.StringIO(written, newline=""))
    assert [cell.removeprefix("'") for cell in row] == texts


@pytest.mark.parametrize(
    "text", ["crm-webhook", "2025-12-04T12:00:00+00:00", "::1", "1", "", "佐藤"]
)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert export.cell(text) == text


def test_every_column_is_made_safe(auditor: Client) -> None:
    texts = ("actor", "secret_name", "secret_id", "version_id", "detail", "reason", "api_identity")
    many(2, **dict.fromkeys(texts, "=HYPERLINK(1)"), action="=1", organization_id="@1")
    many(2, **dict.fromkeys(("actor", "secret_name", "reason", "detail"), HOSTILE))
    rows = sheet(asked(auditor, "csv"))
    assert len(rows) == 5
    for row in rows:
        assert not [cell for cell in row.values() if cell.startswith(tuple(TRIGGERS))]
    assert rows[0]["reason"] == "'=HYPERLINK(1)"
    assert rows[2]["reason"] == HOSTILE


# However long the trail is


@pytest.mark.parametrize("file_format", FORMATS)
def test_memory_stays_the_same_however_long_the_trail_is(
    auditor: Client, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    monkeypatch.setattr(queries, "CHUNK", 50)
    most, sizes = [], []
    for count in (100, 200, 1200):  # the first one pays for what is loaded once
        many(count)
        answer = auditor.post(URL, {"format": file_format})
        tracemalloc.start()
        sizes.append(sum(len(piece) for piece in answer))
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert sizes[2] > 4 * sizes[1]
    assert most[2] < most[1] * 2


@pytest.mark.storage
def test_a_long_trail_is_read_in_chunks(
    auditor: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many(3 * queries.CHUNK)
    with django_assert_max_num_queries(30):
        asked(auditor)

"""The trail as a file: CSV for people and their spreadsheets, JSON Lines to keep and to verify.

A file holds both lines of an act, oldest first. Every fact may have been typed by an attacker, so no
cell of the CSV starts as a formula would (OWASP, CSV Injection).
"""

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from audit import words
from audit.chain import facts_of
from audit.models import Event
from audit.queries import Filters, chunks_of, last_sequence
from audit.trail import Actor, Subject, recorded

COLUMNS = (
    "sequence",
    "at",
    "actor",
    "actor_address",
    "person_id",
    "action",
    "what",
    "secret_name",
    "secret_id",
    "version_id",
    "organization_id",
    "api_identity",
    "outcome",
    "reason",
    "detail",
    "act",
)
# By this mark, spreadsheets read Japanese as what it is.
BYTE_ORDER_MARK = "\ufeff"
# The quotation mark is doubled, so that whoever takes the first one off always has the original.
TRIGGERS = frozenset("=+-@\N{MINUS SIGN}'")


@dataclass(frozen=True, kw_only=True)
class Format:
    """How lines of the trail become a file."""

    content_type: str
    head: str
    lines: Callable[[Iterable[Event]], str]


def stream(
    *, actor: Actor, format_name: str, filters: Filters, filter_names: Sequence[str]
) -> Iterator[str]:
    """Return the file in pieces. The attempt has been committed when this returns.

    Its outcome is `ok` once the last piece was handed over, and `unknown` where that never happened:
    some of it may have arrived. How many lines went out, at most, is recorded with it.

    Raises:
        audit.trail.TrailUnavailable: the attempt cannot be recorded.
    """
    pieces = _pieces(actor, format_name, filters, filter_names)
    next(pieces)
    return pieces


def _pieces(
    actor: Actor, format_name: str, filters: Filters, filter_names: Sequence[str]
) -> Iterator[str]:
    file_format = FORMATS[format_name]
    detail = f"{format_name}: {', '.join(filter_names) or 'everything'}"
    count = 0
    with recorded(
        action="trail.exported", actor=actor, subject=Subject(detail=detail)
    ) as exporting:
        yield ""
        yield file_format.head
        for chunk in chunks_of(filters, up_to=last_sequence()):
            count += len(chunk)
            exporting.learned(detail=f"{detail}: {count} lines")
            yield file_format.lines(chunk)


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, whatever it skips at the beginning.

    Full-width and other forms of the signs count as the signs themselves (Unicode, NFKC).
    """
    for character in text:
        category = unicodedata.category(character)
        if category == "Cc":
            return f"'{text}"
        if not (character.isspace() or category == "Cf"):
            first = unicodedata.normalize("NFKC", character)[0]
            return f"'{text}" if first in TRIGGERS else text
    return text


def _csv(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as RFC 4180 wants them, every cell in quotation marks: some split at semicolons."""
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(
        [cell(str(fact)) for fact in row] for row in rows
    )
    return file.getvalue()


def _csv_lines(events: Iterable[Event]) -> str:
    return _csv(map(_csv_row, events))


def _csv_row(event: Event) -> list[object]:
    facts = {**facts_of(event), "what": words.phrase(event.action, event.outcome)}
    return [facts.get(name, "") for name in COLUMNS]


def _json_lines(events: Iterable[Event]) -> str:
    return "".join(json.dumps(_facts(event), ensure_ascii=False) + "\n" for event in events)


def _facts(event: Event) -> dict[str, object]:
    """Return every fact, also what is missing: `audit_verify --archive` reads these lines."""
    missing = {field.attname: None if field.null else "" for field in event._meta.concrete_fields}
    return {**missing, **facts_of(event), "previous": event.previous, "mac": event.mac}


FORMATS = {
    "csv": Format(
        content_type="text/csv; charset=utf-8",
        head=BYTE_ORDER_MARK + _csv([COLUMNS]),
        lines=_csv_lines,
    ),
    "jsonl": Format(content_type="application/x-ndjson; charset=utf-8", head="", lines=_json_lines),
}

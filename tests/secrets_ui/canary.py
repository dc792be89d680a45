"""A search for marked values in every place where one could be left behind."""

import base64
import html
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connections
from django.http import HttpResponse
from django.test import Client

_FORMATTER = logging.Formatter("%(message)s")


@dataclass
class Marker:
    """A text or some bytes that occur nowhere else. Half of one is a leak, too."""

    name: str
    raw: bytes

    def found_in(self, place: bytes) -> bool:
        """Whether either half is there: clear, base64, hex, URL-encoded or escaped."""
        lower = place.lower()
        return any(form in place for form in self._exact_forms) or any(
            form in lower for form in self._forms_in_any_case
        )

    @cached_property
    def _halves(self) -> tuple[bytes, bytes]:
        half = len(self.raw) // 2
        return self.raw[:half], self.raw[half:]

    @cached_property
    def _exact_forms(self) -> set[bytes]:
        forms = {form for half in self._halves for form in (half, repr(half)[2:-1].encode())}
        for half in self._halves:
            for before in range(3):
                forms.update(_base64_of(half, before))
            text = half.decode(errors="ignore")
            if text.encode() == half:
                forms |= {json.dumps(text)[1:-1].encode(), html.escape(text).encode()}
        return forms

    @cached_property
    def _forms_in_any_case(self) -> set[bytes]:
        forms = set()
        for half in self._halves:
            forms.add(half.hex().encode())
            forms.add(quote(half, safe="").lower().encode())
            forms.add("".join(f"%{byte:02x}" for byte in half).encode())
        return forms


def _base64_of(piece: bytes, before: int) -> Iterator[bytes]:
    """Yield the characters of a base64 text that the piece alone decides, `before` bytes into it."""
    encoded = base64.b64encode(bytes(before) + piece)
    ours = encoded[(before * 8 + 5) // 6 : (before + len(piece)) * 8 // 6]
    yield ours
    yield ours.translate(bytes.maketrans(b"+/", b"-_"))


@dataclass
class Evidence:
    """Everything that was left behind so far, by where."""

    folder: Path
    places: dict[str, bytes] = field(default_factory=dict)

    def take_answer(self, where: str, answer: HttpResponse) -> None:
        """Keep an answer: its body and its headers, cookies included."""
        headers = answer.serialize_headers() + answer.cookies.output().encode()
        self.places[f"answer {where}"] = answer.content
        self.places[f"headers {where}"] = headers

    def take_sessions_and_cache(self, where: str) -> None:
        """Keep every session as it decodes, and what the cache holds in memory."""
        sessions = [row.get_decoded() for row in Session.objects.all()]
        self.places[f"session {where}"] = json.dumps(sessions).encode()
        entries: dict[str, bytes] = getattr(cache, "_cache", {})
        self.places[f"cache {where}"] = b"\n".join(
            key.encode() + entry for key, entry in entries.items()
        )

    def take_databases(self, where: str) -> None:
        """Keep every cell of every table, and the files themselves with their logs."""
        for connection in connections.all():
            with connection.cursor() as cursor:
                for table in connection.introspection.table_names(cursor):
                    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
                    cells = [_as_bytes(cell) for row in cursor.fetchall() for cell in row]
                    self.places[f"table {connection.alias}.{table} {where}"] = b"\n".join(cells)
        for path in self.folder.glob("*.sqlite3*"):
            self.places[f"file {path.name} {where}"] = path.read_bytes()

    def take_logs(self, records: list[logging.LogRecord]) -> None:
        """Keep every record: its text, its arguments, what it carries, and its traceback."""
        for number, record in enumerate(records):
            text = _FORMATTER.format(record) + repr(vars(record))
            self.places[f"log {number} {record.name}"] = text.encode(errors="replace")

    def where_is(self, marker: Marker) -> set[str]:
        """Return every place where the marker is found."""
        return {where for where, place in self.places.items() if marker.found_in(place)}


class WatchedBrowser(Client):
    """A browser every answer of which is kept as evidence."""

    def __init__(self, evidence: Evidence, **named: Any) -> None:
        self.evidence = evidence
        self._count = 0
        super().__init__(raise_request_exception=False, **named)

    def request(self, **request: Any) -> HttpResponse:
        answer: HttpResponse = super().request(**request)
        self._count += 1
        where = f"{self._count} {request['REQUEST_METHOD']} {request['PATH_INFO']}"
        self.evidence.take_answer(where, answer)
        self.evidence.take_sessions_and_cache(where)
        return answer


def _as_bytes(cell: object) -> bytes:
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell)
    return str(cell).encode()

"""What people type, and what should come first: 200 questions to the demonstration organization."""

from pathlib import Path
from typing import NamedTuple

import pytest

from emulator.demo import create_organization
from secret_manager import Summary
from secrets_ui.catalog.folding import folded
from secrets_ui.catalog.search import find
from secrets_ui.catalog.snapshot import Snapshot

pytestmark = pytest.mark.django_db(databases=["default", "emulator"])

QUERIES = Path(__file__).with_name("queries.txt")
KINDS = {
    *("name", "words", "separators", "description", "japanese", "variant"),
    *("error", "id", "note"),
}
# What the dashboard's own people wrote: owner, labels and how to renew.
NOTES = {
    "accounting-tax-filing-pin": "Tanaka Misaki 田中 美咲\ne-Tax",
    "web-captcha-server-key": "summer-campaign\nDelete it when the campaign ends.",
    "factory-camera-nvr-login": "設備課\n監視カメラの更新は設備課の鈴木さんまで。",
    "gcp-vision-ocr-account": "四半期更新\n情報システム部へ申請する。",
    "infra-smtp-relay-login": "Sato\nChange it in the console of the mail gateway, then restart.",
}


class Query(NamedTuple):
    text: str
    expected: str
    kind: str


def read_queries() -> list[Query]:
    lines = QUERIES.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line and not line.startswith("#")]
    return [Query(*(part.strip() for part in row.split(" | "))) for row in rows]


@pytest.fixture
def demonstration() -> Snapshot:
    organization, _ = create_organization()
    return Snapshot(
        [
            Summary(
                id=secret.id,
                name=secret.name,
                description=secret.description or "",
                user_id=secret.user_id,
                app_ids=tuple(secret.integration_service_ids),
                expired_at=None,
                created_at=None,
                updated_at=None,
                on=1,
                versions=1,
                current_id="",
                current_number=None,
                value_at=None,
            )
            for secret in organization.secrets.order_by("created_at")
        ]
    )


def answers(demonstration: Snapshot, query: Query) -> list[str]:
    notes = {
        entry.id: folded(NOTES[entry.name])
        for entry in demonstration.entries
        if entry.name in NOTES
    }
    found = find(demonstration, query.text, notes) or []
    return [demonstration.entries[position].name for position in found]


def table(misses: list[tuple[Query, list[str]]]) -> str:
    return "\n".join(
        f"{query.kind}: {query.text!r} should find {query.expected}, found {', '.join(found[:5])}"
        for query, found in misses
    )


def test_what_people_look_for_comes_first(demonstration: Snapshot) -> None:
    asked = [(query, answers(demonstration, query)) for query in read_queries()]
    misses = [(query, found) for query, found in asked if found[:1] != [query.expected]]
    far = [(query, found) for query, found in misses if query.expected not in found[:5]]
    assert not far, f"Not among the first five:\n{table(far)}"
    assert len(misses) <= 0.05 * len(asked), f"Not first:\n{table(misses)}"


def test_the_questions_are_of_all_kinds_and_about_most_of_the_secrets(
    demonstration: Snapshot,
) -> None:
    queries = read_queries()
    names = {entry.name for entry in demonstration.entries}
    assert len({query.text for query in queries}) == len(queries) == 200
    assert {query.kind for query in queries} == KINDS
    assert {query.expected for query in queries} <= names
    assert len({query.expected for query in queries}) > len(names) / 2

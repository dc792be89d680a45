import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from accounts.roles import Capability, Role, capabilities_of
from audit.chain import Link
from audit.checkpoint import begin_after
from audit.models import Event, Outcome
from tests.audit.views.support import HOSTILE, ORGANIZATION, act, many, rows_of, text_of

pytestmark = pytest.mark.django_db

LEAVER = 77
URL = f"/audit/people/{LEAVER}/seen/"
NOON = datetime(2025, 12, 4, 12, tzinfo=UTC)
WAITING, REPLACED = "Still to be replaced", "Replaced"


def saw(action: str = "value.revealed", outcome: str | None = Outcome.OK, **facts: Any) -> Event:
    known = {"actor": "taro", "person_id": LEAVER, "version_id": "30"}
    return act(action, outcome, **{**known, **facts})


def changed(action: str, outcome: str | None = Outcome.OK, **facts: Any) -> Event:
    return act(action, outcome, **{"actor": "hanako", "person_id": 78, **facts})


def standing(page: Any) -> list[tuple[str, str]]:
    """Return each row's secret and how it stands, in order."""
    return [
        (
            re.findall(r'name mono"[^>]*title="([^"]*)"', row)[0],
            WAITING if WAITING in row else REPLACED,
        )
        for row in rows_of(page)
    ]


# Who sees it


@pytest.mark.parametrize("role", Role.values)
def test_only_who_looks_after_the_trail_sees_it(
    client_with: Callable[[str], Client], role: str
) -> None:
    saw()
    allowed = Capability.TRAIL in capabilities_of(role)
    assert client_with(role).get(URL).status_code == (200 if allowed else 403)


@pytest.mark.parametrize("nobody", ["78", "0", "9" * 30, "9" * 5000, "x", "-1"])
def test_nobody_of_this_number_is_not_found(auditor: Client, nobody: str) -> None:
    assert auditor.get(f"/audit/people/{nobody}/seen/").status_code == 404


def test_the_person_goes_by_the_name_of_the_account(auditor: Client) -> None:
    person = Person.objects.create_user("sso-1", name="佐藤 太郎", role=Role.VIEWER)
    page = text_of(auditor.get(f"/audit/people/{person.pk}/seen/"))
    assert "<h1>What 佐藤 太郎 has seen</h1>" in page
    assert "No value was seen" in page


def test_somebody_whose_account_is_gone_goes_by_their_last_name(auditor: Client) -> None:
    saw(actor="taro", at=NOON)
    saw(actor="taro satō")
    assert "<h1>What taro satō has seen</h1>" in text_of(auditor.get(URL))


# What somebody has seen


@pytest.mark.storage
def test_a_version_is_one_line_with_how_often_and_when_last(auditor: Client) -> None:
    saw("value.revealed", at=NOON)
    saw("value.copied")
    saw("value.revealed", at=NOON.replace(day=5))
    saw("value.downloaded", at=NOON.replace(day=6))
    (row,) = rows_of(auditor.get(URL))
    assert "Shown 2 times, copied once, downloaded once" in row
    assert "Sat 6 Dec 2025 12:00 UTC" in row
    assert "version 30" in row


def test_each_version_has_a_line_of_its_own(auditor: Client) -> None:
    saw(version_id="30")
    saw(version_id="31")
    saw(version_id="30", organization_id="1420000000000")
    assert len(rows_of(auditor.get(URL))) == 3


def test_a_secret_goes_by_its_last_name(auditor: Client) -> None:
    saw(secret_name="old-name")
    saw(secret_name="new-name")
    assert standing(auditor.get(URL)) == [("new-name", WAITING)]


@pytest.mark.parametrize(
    "unseen",
    [
        {"outcome": Outcome.DENIED},
        {"outcome": Outcome.FAILED},
        {"outcome": None},
        {"action": "value.compared"},
        {"action": "secret.changed"},
        {"person_id": 78},
        {"person_id": None},
    ],
    ids=str,
)
def test_what_did_not_reach_this_person_is_not_theirs(
    auditor: Client, unseen: dict[str, Any]
) -> None:
    saw(secret_name="seen")
    saw(**{"secret_name": "unseen", "secret_id": "21", **unseen})
    assert standing(auditor.get(URL)) == [("seen", WAITING)]


def test_what_may_have_reached_them_counts_and_says_so(auditor: Client) -> None:
    saw(outcome=Outcome.UNKNOWN)
    (row,) = rows_of(auditor.get(URL))
    assert "not known whether it arrived" in row
    saw()
    (row,) = rows_of(auditor.get(URL))
    assert "not known whether it arrived" not in row


# What was replaced since


@pytest.mark.storage
@pytest.mark.parametrize(
    ("action", "facts", "words"),
    [
        ("version.added", {"version_id": "31"}, "hanako put in a new value"),
        ("version.deleted", {"version_id": "30"}, "hanako deleted this version"),
        ("version.turned_off", {"version_id": "30"}, "hanako turned this version off"),
        ("secret.deleted", {}, "hanako deleted the secret"),
    ],
)
def test_a_value_that_was_taken_out_of_use_since_is_replaced(
    auditor: Client, action: str, facts: dict[str, str], words: str
) -> None:
    saw(at=NOON)
    changed(action, at=NOON.replace(day=5), **facts)
    page = auditor.get(URL)
    assert standing(page) == [("crm-webhook-signing", REPLACED)]
    assert words in text_of(page)
    assert "Fri 5 Dec 2025 12:00 UTC" in text_of(page)


@pytest.mark.parametrize(
    ("action", "facts"),
    [
        ("version.added", {"version_id": "31", "outcome": Outcome.UNKNOWN}),
        ("version.added", {"version_id": "31", "outcome": Outcome.FAILED}),
        ("version.added", {"version_id": "31", "outcome": None}),
        ("version.added", {"version_id": "31", "secret_id": "21"}),
        ("version.added", {"version_id": "31", "organization_id": "1420000000000"}),
        ("version.added", {"version_id": "30"}),
        ("version.deleted", {"version_id": "31"}),
        ("version.turned_off", {"version_id": "31"}),
        ("version.turned_off", {"version_id": "30", "outcome": Outcome.DENIED}),
        ("version.turned_on", {"version_id": "30"}),
        ("secret.changed", {}),
        ("secret.deleted", {"secret_id": "21"}),
        ("write.looked_up", {"version_id": "31", "detail": "version.added: saved"}),
    ],
    ids=str,
)
def test_a_value_stays_to_be_replaced_whatever_else_was_done(
    auditor: Client, action: str, facts: dict[str, Any]
) -> None:
    saw()
    changed(action, **facts)
    assert standing(auditor.get(URL)) == [("crm-webhook-signing", WAITING)]


@pytest.mark.parametrize("action", ["version.added", "version.turned_off"])
def test_what_was_done_before_they_looked_replaces_nothing(auditor: Client, action: str) -> None:
    changed(action, version_id="31" if action == "version.added" else "30")
    saw()
    assert standing(auditor.get(URL)) == [("crm-webhook-signing", WAITING)]


@pytest.mark.storage
@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.OK, WAITING),
        (Outcome.UNKNOWN, WAITING),
        (None, WAITING),
        (Outcome.DENIED, REPLACED),
        (Outcome.FAILED, REPLACED),
    ],
)
def test_a_version_that_may_be_on_again_is_still_to_be_replaced(
    auditor: Client, outcome: str | None, expected: str
) -> None:
    saw()
    changed("version.turned_off", version_id="30")
    changed("version.turned_on", outcome, version_id="30")
    assert standing(auditor.get(URL)) == [("crm-webhook-signing", expected)]


@pytest.mark.storage
def test_a_secret_of_the_same_number_elsewhere_is_another_one(auditor: Client) -> None:
    saw(secret_name="ours")
    saw(secret_name="theirs", organization_id="1420000000000")
    changed("version.added", version_id="31", organization_id="1420000000000")
    assert standing(auditor.get(URL)) == [("ours", WAITING), ("theirs", REPLACED)]


def test_looking_again_after_it_was_replaced_makes_it_due_again(auditor: Client) -> None:
    saw()
    changed("version.added", version_id="31")
    saw()
    assert standing(auditor.get(URL)) == [("crm-webhook-signing", WAITING)]


def test_what_they_put_in_themselves_they_know(auditor: Client) -> None:
    saw()
    changed("version.added", version_id="31", person_id=LEAVER)
    assert standing(auditor.get(URL)) == [
        ("crm-webhook-signing", WAITING),
        ("crm-webhook-signing", REPLACED),
    ]
    assert "Put in by this person" in text_of(auditor.get(URL))


def test_the_first_value_of_a_secret_that_they_made_is_replaced_by_the_next(
    auditor: Client,
) -> None:
    changed("secret.created", version_id="", person_id=LEAVER)
    assert standing(auditor.get(URL)) == [("crm-webhook-signing", WAITING)]
    changed("version.added", version_id="31")
    assert standing(auditor.get(URL)) == [("crm-webhook-signing", REPLACED)]


def test_the_most_thorough_change_is_named(auditor: Client) -> None:
    saw()
    changed("version.turned_off", version_id="30")
    changed("version.added", version_id="31")
    assert "turned this version off" in text_of(auditor.get(URL))
    changed("secret.deleted")
    assert "deleted the secret" in text_of(auditor.get(URL))


@pytest.mark.storage
def test_what_is_still_to_be_replaced_comes_first_and_is_counted(auditor: Client) -> None:
    for number in range(4):
        saw(secret_id=str(number), secret_name=f"secret-{number}")
    changed("secret.deleted", secret_id="3")
    changed("secret.deleted", secret_id="1")
    page = auditor.get(URL)
    assert standing(page) == [
        ("secret-2", WAITING),
        ("secret-0", WAITING),
        ("secret-3", REPLACED),
        ("secret-1", REPLACED),
    ]
    assert "2 still to be replaced" in text_of(page)
    assert "2 replaced since" in text_of(page)


def test_it_says_what_it_cannot_know(auditor: Client) -> None:
    saw()
    page = text_of(auditor.get(URL))
    assert "Changes made outside this dashboard are not seen here." in page
    assert "archive" not in page
    begin_after(Link(1, Event.objects.get(sequence=1).mac))
    assert "moved into an archive and are not counted" in text_of(auditor.get(URL))


# Where it leads


def test_a_secret_leads_to_its_page_for_those_who_may_open_it(
    administrator: Client, auditor: Client
) -> None:
    saw()
    url = f"/organizations/{ORGANIZATION}/secrets/20/"
    assert f'href="{url}"' in text_of(administrator.get(URL))
    assert url not in text_of(auditor.get(URL))
    changed("secret.deleted")
    assert url not in text_of(administrator.get(URL))


def test_it_leads_to_all_acts_of_this_name(auditor: Client) -> None:
    saw(actor="ta & ro")
    assert 'href="/audit/?person=ta+%26+ro"' in text_of(auditor.get(URL))


def test_names_are_shown_as_text(administrator: Client) -> None:
    texts = {"actor": HOSTILE, "secret_name": HOSTILE, "version_id": HOSTILE}
    many(2, person_id=LEAVER, **texts)
    page = text_of(administrator.get(URL))
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


# Much of it


def test_a_hundred_versions_are_a_page(auditor: Client) -> None:
    many(320, person_id=LEAVER)  # 150 different versions
    first, second = (auditor.get(URL, {"page": page}) for page in ("1", "2"))
    assert (len(rows_of(first)), len(rows_of(second))) == (100, 50)
    assert "150 still to be replaced" in text_of(second)
    assert "101 to 150 of 150" in text_of(second)


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "²", "9" * 400, "9" * 5000])
def test_a_page_number_that_makes_no_sense_is_no_failure(auditor: Client, page: str) -> None:
    saw()
    assert auditor.get(URL, {"page": page}).status_code == 200


@pytest.mark.storage
def test_it_costs_the_same_few_queries_however_much_was_seen(auditor: Client) -> None:
    many(200, person_id=LEAVER)
    auditor.get(URL)
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert auditor.get(URL).status_code == 200
        costs.append(len(queries))
        many(1000, person_id=LEAVER)
        many(1000)
    assert costs[0] == costs[1] <= 6

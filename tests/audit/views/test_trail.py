import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Capability, Role, capabilities_of
from audit.models import Event, Outcome
from tests.audit.views.support import HOSTILE, ORGANIZATION, act, many, rows_of, text_of
from tests.secrets_ui.conftest import HTMX

pytestmark = pytest.mark.django_db

URL = "/audit/"
NOON = datetime(2025, 12, 4, 12, tzinfo=UTC)
SECRET_URL = f"/organizations/{ORGANIZATION}/secrets/20/"


def found(page: object, pattern: str) -> list[str]:
    """Return what the pattern's group is in each row, in order."""
    return [match for row in rows_of(page) for match in re.findall(pattern, row)]  # type: ignore[arg-type]


def actors(page: object) -> list[str]:
    return found(page, r'class="who">.*?title="([^":]+)')


# Who sees it


@pytest.mark.parametrize("role", Role.values)
def test_only_who_looks_after_the_trail_sees_it(
    client_with: Callable[[str], Client], role: str
) -> None:
    allowed = Capability.TRAIL in capabilities_of(role)
    assert client_with(role).get(URL).status_code == (200 if allowed else 403)


def test_a_visitor_is_asked_to_sign_in(client: Client) -> None:
    assert client.get(URL).headers["Location"] == "/accounts/sign-in/?next=/audit/"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent_to_it(auditor: Client, method: str) -> None:
    assert auditor.generic(method, URL).status_code == 405


# A line an act


def test_an_act_is_one_line(auditor: Client) -> None:
    act("value.revealed", actor="hanako", version_id="30", reason="INC-4211", at=NOON)
    (row,) = rows_of(auditor.get(URL))
    for words in (
        "Thu 4 Dec 2025 12:00 UTC",
        "hanako",
        "Showed the value",
        "version 30",
        "crm-webhook-signing",
        "Done",
        "INC-4211",
    ):
        assert words in row


def test_it_says_from_where_somebody_did_it(auditor: Client) -> None:
    act(actor_address="2001:db8::7")
    assert "2001:db8::7" in rows_of(auditor.get(URL))[0]


@pytest.mark.parametrize(
    ("outcome", "words", "what"),
    [
        (Outcome.OK, "Done", "Turned off a version"),
        (Outcome.DENIED, "Refused", "Tried to turn off a version"),
        (Outcome.FAILED, "Failed", "Tried to turn off a version"),
        (Outcome.UNKNOWN, "Not known", "Tried to turn off a version"),
        (None, "No outcome recorded", "Tried to turn off a version"),
    ],
)
def test_it_claims_only_what_was_done(
    auditor: Client, outcome: str | None, words: str, what: str
) -> None:
    act("version.turned_off", outcome)
    (row,) = rows_of(auditor.get(URL))
    assert words in row
    assert f">{what}<" in row


def test_what_is_over_when_it_is_known_is_a_line_too(auditor: Client) -> None:
    act("person.signed_out", attempted=False)
    (row,) = rows_of(auditor.get(URL))
    assert "Signed out" in row


def test_what_only_the_answer_told_is_in_the_line(auditor: Client) -> None:
    attempt = act("secret.created", None, secret_id="")
    act("secret.created", act=attempt.act, attempted=False, secret_id="21")
    assert len(rows_of(auditor.get(URL))) == 1
    assert len(rows_of(auditor.get(URL, {"secret": "21"}))) == 1


def test_an_action_without_words_is_shown_as_it_is(auditor: Client) -> None:
    act("robot.rebooted")
    assert "robot.rebooted" in rows_of(auditor.get(URL))[0]


def test_the_newest_comes_first(auditor: Client) -> None:
    for name in ("first", "second", "third"):
        act(actor=name)
    assert actors(auditor.get(URL)) == ["third", "second", "first"]


def test_without_any_line_it_says_what_will_be_here(auditor: Client) -> None:
    assert "Nothing recorded yet" in text_of(auditor.get(URL))


# Where a line leads


def test_a_name_leads_to_what_the_person_has_seen(auditor: Client) -> None:
    act(actor="hanako", person_id=77)
    act(actor="(unknown)")
    unknown, hanako = rows_of(auditor.get(URL))
    assert 'href="/audit/people/77/seen/"' in hanako
    assert "<a" not in unknown


def test_a_secret_leads_to_its_page_for_those_who_may_open_it(
    administrator: Client, auditor: Client
) -> None:
    act()
    assert f'href="{SECRET_URL}"' in rows_of(administrator.get(URL))[0]
    assert SECRET_URL not in text_of(auditor.get(URL))


@pytest.mark.parametrize(
    "facts",
    [
        {"action": "secret.deleted"},
        {"organization_id": ""},
        {"secret_id": ""},
        {"organization_id": "../accounts"},
    ],
)
def test_a_secret_without_a_page_leads_nowhere(
    administrator: Client, facts: dict[str, str]
) -> None:
    act(**facts)
    assert '<a class="name' not in rows_of(administrator.get(URL))[0]


def test_an_id_in_an_address_stays_one_part_of_it(administrator: Client) -> None:
    act(secret_id='../7"onclick=1?x#y')
    (url,) = found(administrator.get(URL), r'<a class="name mono" href="([^"]+)"')
    assert url.startswith(f"/organizations/{ORGANIZATION}/secrets/..%2F7%22onclick%3D1%3Fx%23y/")


# Filters


@pytest.fixture
def three_acts() -> None:
    act("value.revealed", actor="Hanako", at=NOON)
    act("value.copied", Outcome.DENIED, actor="taro", secret_name="bank-api", secret_id="99")
    act("person.signed_in", actor="taro", secret_name="", secret_id="", at=NOON)


@pytest.mark.storage
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["taro", "taro", "Hanako"]),
        ({"person": "hana"}, ["Hanako"]),
        ({"person": " taro "}, ["taro", "taro"]),
        ({"secret": "webhook"}, ["Hanako"]),
        ({"secret": "99"}, ["taro"]),
        ({"act": "value.copied"}, ["taro"]),
        ({"act": "values"}, ["taro", "Hanako"]),
        ({"outcome": "denied"}, ["taro"]),
        ({"since": "2025-12-04", "until": "2025-12-04", "outcome": "ok"}, ["taro", "Hanako"]),
        ({"until": "2025-12-03", "outcome": "ok"}, []),
        ({"person": "taro", "act": "people"}, ["taro"]),
        ({"person": "%"}, []),
        ({"secret": "_"}, []),
    ],
    ids=str,
)
def test_it_can_be_filtered(
    auditor: Client, three_acts: None, asked: dict[str, str], expected: list[str]
) -> None:
    page = auditor.get(URL, asked)
    assert page.status_code == 200
    assert actors(page) == expected


@pytest.mark.storage
@pytest.mark.parametrize("outcome", Outcome.values)
def test_it_can_be_filtered_by_each_outcome(auditor: Client, outcome: str) -> None:
    for each in Outcome:
        act(outcome=None if each == Outcome.ATTEMPTED else each, actor=each.value)
    assert actors(auditor.get(URL, {"outcome": outcome})) == [outcome]


@pytest.mark.storage
def test_days_are_days_where_the_person_is(auditor: Client) -> None:
    act(actor="late", at=datetime(2025, 12, 3, 15, tzinfo=UTC))  # midnight in Tokyo
    act(actor="last", at=datetime(2025, 12, 4, 14, 59, 59, 999_999, tzinfo=UTC))
    act(actor="next", at=datetime(2025, 12, 4, 15, tzinfo=UTC))
    auditor.cookies["time_zone"] = "Asia/Tokyo"
    page = auditor.get(URL, {"since": "2025-12-04", "until": "2025-12-04"})
    assert actors(page) == ["last", "late"]
    assert "Thu 4 Dec 2025 00:00 JST" in text_of(page)


def test_the_filters_keep_what_was_asked(auditor: Client, three_acts: None) -> None:
    asked = {"person": 'ta"ro', "act": "values", "outcome": "denied", "since": "2025-12-01"}
    page = text_of(auditor.get(URL, asked))
    assert 'name="person" value="ta&quot;ro"' in page
    assert '<option value="values" selected>' in page
    assert '<option value="denied" selected>' in page
    assert re.search(r'name="since" value="2025-12-01"', page)


def test_where_nothing_fits_it_offers_to_clear_the_filters(
    auditor: Client, three_acts: None
) -> None:
    page = text_of(auditor.get(URL, {"person": "nobody"}))
    assert "Nothing in the trail fits these filters." in page
    assert 'href="/audit/">Clear the filters' in page


WRONG = [
    ("act", "nonsense", "Choose one of the list."),
    ("outcome", "nonsense", "Choose one of the list."),
    ("since", "yesterday", "Give a day as year-month-day"),
    ("since", "2026-12-40", "Give a day as year-month-day"),
    ("since", "0001-01-01", "Give a day that is not before 2000-01-01."),
    ("until", "9999-12-31", "Give a day that is not after 2999-12-31."),
    ("person", "x" * 151, "at most 150 characters"),
    ("secret", "a\x00b", "Null characters are not allowed."),
]


@pytest.mark.parametrize(("field", "typed", "told"), WRONG, ids=lambda text: str(text)[:20])
def test_a_wrong_filter_is_told_at_its_field_and_shows_no_line(
    auditor: Client, three_acts: None, field: str, typed: str, told: str
) -> None:
    page = auditor.get(URL, {field: typed})
    assert page.status_code == 422
    assert rows_of(page) == []
    at_field = text_of(page).partition(f'for="id_{field}"')[2].partition("</div>")[0]
    assert told in at_field
    assert 'aria-invalid="true"' in at_field


def test_days_in_the_wrong_order_are_told_at_the_second(auditor: Client) -> None:
    page = auditor.get(URL, {"since": "2025-12-04", "until": "2025-12-03"})
    assert page.status_code == 422
    assert "This is before the first day." in text_of(page).partition('for="id_until"')[2]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue", "America/Sao_Paulo"])
@pytest.mark.parametrize("day", ["2000-01-01", "2999-12-31", "2018-11-04"])
def test_every_day_there_is_can_be_asked_for_everywhere(
    auditor: Client, zone: str, day: str
) -> None:
    auditor.cookies["time_zone"] = zone
    assert auditor.get(URL, {"since": day, "until": day}).status_code == 200


# Page after page


def neighbour(page: object, rel: str) -> str | None:
    match = re.search(rf'rel="{rel}" href="([^"]+)"', text_of(page))  # type: ignore[arg-type]
    return match[1].replace("&amp;", "&") if match else None


@pytest.mark.storage
def test_pages_go_to_the_oldest_and_back_without_a_gap(auditor: Client) -> None:
    many(160)
    seen, page = [], auditor.get(URL, {"per_page": "25"})
    assert neighbour(page, "prev") is None
    pages = [actors(page)]
    while older := neighbour(page, "next"):
        page = auditor.get(URL + older)
        pages.append(actors(page))
    newest_first = [f"person-{number % 40}" for number in range(159, 0, -2)]
    assert [len(each) for each in pages] == [25, 25, 25, 5]
    assert [name for each in pages for name in each] == newest_first
    while newer := neighbour(page, "prev"):
        page = auditor.get(URL + newer)
        seen.append(actors(page))
    # The pages are counted from where one stands; the first one is always full.
    assert seen[0] == pages[2]
    assert seen[-1] == pages[0]


def test_an_act_that_is_recorded_meanwhile_moves_no_other_line(auditor: Client) -> None:
    many(120)
    older = neighbour(auditor.get(URL, {"per_page": "25"}), "next")
    before = actors(auditor.get(f"{URL}{older}"))
    many(10)
    assert actors(auditor.get(f"{URL}{older}")) == before


def test_pages_keep_the_filters(auditor: Client) -> None:
    many(120, actor="han & ako")
    older = neighbour(auditor.get(URL, {"person": "han &", "per_page": "25"}), "next")
    assert older is not None
    asked = parse_qs(older.removeprefix("?"))
    assert (asked["person"], asked["per_page"]) == (["han &"], ["25"])


@pytest.mark.parametrize(
    ("asked", "given"),
    [("25", 25), ("50", 50), ("100", 100)]
    + [(nonsense, 50) for nonsense in ("", "0", "-1", "1000", "x", "²", "9" * 400)],
)
def test_only_25_50_or_100_to_a_page(auditor: Client, asked: str, given: int) -> None:
    many(220)
    assert len(rows_of(auditor.get(URL, {"per_page": asked}))) == given


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("nonsense", ["", "x", "-1", "1.5", "²", "9" * 18, "9" * 5000, "0"])
def test_a_place_that_makes_no_sense_is_no_failure(
    auditor: Client, place: str, nonsense: str
) -> None:
    act()
    assert auditor.get(URL, {place: nonsense}).status_code == 200


def test_a_page_past_the_oldest_leads_back_to_the_newest(auditor: Client) -> None:
    act(actor="hanako")
    page = auditor.get(URL, {"before": "1", "person": "hana"})
    assert "Nothing on this page" in text_of(page)
    assert 'href="?person=hana&amp;per_page=50">Go to the newest' in text_of(page)


def test_htmx_gets_the_table_only(auditor: Client) -> None:
    act()
    part = text_of(auditor.get(URL, headers=HTMX)).strip()
    assert part.startswith('<section id="trail-table"')
    assert "<html" not in part


# What others typed


def test_what_others_typed_is_shown_as_text(administrator: Client) -> None:
    texts = dict.fromkeys(("actor", "secret_name", "version_id", "detail", "reason"), HOSTILE)
    many(2, **texts, organization_id=HOSTILE[:40], action=HOSTILE[:30])
    page = text_of(administrator.get(URL))
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "{{ 7*7 }}" in page


# What it costs

ASKED = [
    {},
    {"before": "5000"},
    {"after": "5000"},
    {"before": "5000", "person": "person-7", "secret": "crm", "since": "2023-11-14"},
    {"act": "values", "outcome": "ok"},
]


def queries_of(auditor: Client, asked: dict[str, str]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert auditor.get(URL, asked).status_code == 200
    return [query["sql"] for query in queries]


@pytest.mark.storage
def test_a_page_costs_the_same_few_queries_along_an_index_however_long_the_trail_is(
    auditor: Client,
) -> None:
    many(200)
    auditor.get(URL)  # what is read once: the session, the person
    costs = [len(queries_of(auditor, asked)) for asked in ASKED]
    assert max(costs) <= 2
    many(9800)
    for asked, cost in zip(ASKED, costs, strict=True):
        queries = queries_of(auditor, asked)
        assert len(queries) <= max(cost, 1)
        if connection.vendor == "sqlite":
            for plan in map(plan_of, queries):
                steps = [step for step in plan.splitlines() if "audit_event" in step]
                assert all("INDEX" in step for step in steps), plan
                assert "act" in asked or "TEMP B-TREE" not in plan, plan


def plan_of(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return "\n".join(row[-1] for row in cursor.fetchall())


def test_a_line_is_as_old_as_its_last_part(auditor: Client) -> None:
    attempt = act(outcome=None, at=NOON)
    act(act=attempt.act, attempted=False, at=NOON + timedelta(minutes=5))
    (row,) = rows_of(auditor.get(URL))
    assert "12:05" in row
    assert Event.objects.count() == 2

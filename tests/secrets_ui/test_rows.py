from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import resolve

from secret_manager import Secret, SecretVersion, summary_of
from secrets_ui.dates import Calendar
from secrets_ui.rows import secret_row, version_label, version_rows

NOW = datetime(2026, 12, 4, 12, tzinfo=UTC)
LIST = "/organizations/1410000000000/secrets/"


def version(number: int | None = 1, **facts: Any) -> SecretVersion:
    known = {"id": f"30{number}", "status": "active", "created_at": NOW - timedelta(days=61)}
    return SecretVersion(
        organization_id="1410000000000", secret_id="20", version=number, **{**known, **facts}
    )


def row_of(**facts: Any):
    secret = Secret(organization_id="1410000000000", **{"id": "20", "name": "crm-webhook", **facts})
    return secret_row(summary_of(secret), list_url=LIST, calendar=Calendar(NOW))


def test_a_row_says_all_there_is_to_know_in_words() -> None:
    row = row_of(
        description="Signs CRM calls",
        expired_at=NOW + timedelta(days=12),
        updated_at=NOW - timedelta(hours=2),
        integration_service_ids=("51", "52"),
        versions=(version(1, status="inactive"), version(2)),
    )
    assert row.name == "crm-webhook"
    assert row.description == "Signs CRM calls"
    assert (row.badge.text, row.badge.tone) == ("On · v2", "good")
    assert row.expiry == "in 12 days"
    assert row.expiry_exact == "Wed 16 Dec 2026 12:00 UTC"
    assert row.expiry_tone == "warning"
    assert row.value_age == "2 months"
    assert row.apps == 2
    assert row.changed == "2 hours ago"
    assert row.changed_exact == "Fri 4 Dec 2026 10:00 UTC"


def test_a_row_of_a_secret_that_says_nothing_about_itself() -> None:
    row = row_of(name="")
    assert row.name == "20"
    assert row.description == ""
    assert row.badge.text == "Not known"
    assert (row.expiry, row.expiry_exact, row.expiry_tone) == ("", "No expiry set", None)
    assert (row.value_age, row.changed, row.changed_exact) == ("—", "—", "")
    assert row.copy_url == ""


def test_a_row_shows_no_character_that_nobody_sees() -> None:
    row = row_of(name="crm\u200b-web\u202ehook", description="Signs\u2066 calls")
    assert row.name == "crm-webhook"
    assert row.description == "Signs calls"
    assert row_of(name="\u200b").name == "20"


def test_addresses_lead_to_their_pages() -> None:
    row = row_of(versions=(version(7),))
    assert row.url == f"{LIST}20/"
    assert resolve(row.url).url_name == "secret-detail"
    assert row.copy_url == f"{LIST}20/versions/307/reveal/"
    assert resolve(row.copy_url).url_name == "version-reveal"


def test_only_a_value_that_is_on_can_be_copied_from_the_list() -> None:
    assert row_of(versions=(version(1, status="inactive"),)).copy_url == ""
    assert row_of(versions=()).copy_url == ""


def test_an_id_cannot_change_an_address() -> None:
    row = row_of(id="../2?a#b", versions=(version(1, id="../3"),))
    assert row.url == f"{LIST}..%2F2%3Fa%23b/"
    assert row.copy_url == f"{row.url}versions/..%2F3/reveal/"
    (listed,) = version_rows([version(1, id="../3")], current=None, secret_url=LIST, now=NOW)
    assert listed.url == f"{LIST}versions/..%2F3/"


def test_a_secret_that_never_expires_by_its_servers_words_has_a_row() -> None:
    row = row_of(expired_at=datetime.max.replace(tzinfo=UTC))
    assert row.expiry.startswith("in 79")
    assert row.expiry.endswith("years")


def test_versions_are_marked_as_current_and_as_on() -> None:
    versions = [version(3, status="inactive"), version(2), version(1)]
    found = version_rows(versions, current=versions[1], secret_url=f"{LIST}20/", now=NOW)
    assert [row.label for row in found] == ["v3", "v2", "v1"]
    assert [row.is_on for row in found] == [False, True, True]
    assert [row.is_current for row in found] == [False, True, False]
    assert [row.badge.text for row in found] == ["Off", "On", "On"]
    assert found[0].added == "2 months ago"
    assert found[0].added_exact == "Sun 4 Oct 2026 12:00 UTC"
    assert resolve(f"{found[0].url}reveal/").url_name == "version-reveal"


def test_a_version_without_number_or_date_is_still_a_row() -> None:
    (row,) = version_rows([version(None, created_at=None)], current=None, secret_url=LIST, now=NOW)
    assert row.label == version_label(version(None)) == "30None"
    assert (row.added, row.added_exact, row.is_current) == ("—", "", False)

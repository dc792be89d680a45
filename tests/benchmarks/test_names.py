import json
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks import names
from emulator.models import Secret, SecretVersion
from emulator.payloads import secret_payload
from secret_manager.rules import check_name
from secret_manager.summaries import Summary, read_summary_page

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SIZE = 2_000


@pytest.fixture(scope="module")
def secrets() -> list[dict]:
    return list(names.organization(SIZE, now=NOW))


@pytest.fixture(scope="module")
def summaries(secrets: list[dict]) -> tuple[Summary, ...]:
    page = read_summary_page(json.dumps({"secrets": secrets}).encode(), offset=0, limit=SIZE)
    assert page.dropped == 0
    return page.summaries


def test_each_name_is_unique_and_allowed(secrets: list[dict]) -> None:
    assert len({secret["name"] for secret in secrets}) == SIZE
    for secret in secrets:
        check_name(secret["name"])


def test_ids_are_thirteen_digits_and_nobody_elses(secrets: list[dict]) -> None:
    ids = [secret["id"] for secret in secrets]
    ids += [version["id"] for secret in secrets for version in secret["versions"]]
    assert len(set(ids)) == len(ids)
    assert all(len(one) == 13 and one.isdigit() for one in ids)


def test_the_smaller_organization_is_the_beginning_of_the_larger(secrets: list[dict]) -> None:
    assert list(names.organization(100, now=NOW)) == secrets[:100]


def test_values_are_all_that_asking_for_values_adds(secrets: list[dict]) -> None:
    for plain, valued in zip(
        secrets, names.organization(100, now=NOW, with_values=True), strict=False
    ):
        for version in valued["versions"]:
            assert version.pop("value")
        for version in plain["versions"]:
            assert version["value"] is None
        assert valued == {
            **plain,
            "versions": [
                {key: field for key, field in version.items() if key != "value"}
                for version in plain["versions"]
            ],
        }


def test_there_is_something_for_every_filter(summaries: tuple[Summary, ...]) -> None:
    now, month = NOW.timestamp(), timedelta(days=30).total_seconds()
    expiries = [one.expired_at for one in summaries]
    assert expiries.count(None) > SIZE / 4
    known = [moment - now for moment in expiries if moment is not None]
    assert any(left < 0 for left in known)
    assert any(0 < left < month for left in known)
    assert any(left > 12 * month for left in known)
    assert {one.versions for one in summaries} == {1, 2, 3}
    assert {one.on for one in summaries} == {0, 1, 2, 3}
    assert {one.user_id for one in summaries} == set(names.CREATORS)
    assert {app for one in summaries for app in one.app_ids} == set(names.LABS_APPS)


def test_descriptions_are_english_japanese_and_missing(secrets: list[dict]) -> None:
    descriptions = [secret["description"] for secret in secrets]
    assert any(text and text.isascii() for text in descriptions)
    assert any(text and not text.isascii() for text in descriptions)
    assert {None, ""} < set(descriptions)


def test_the_emulator_lists_the_same_fields(secrets: list[dict]) -> None:
    secret = Secret(created_at=NOW, updated_at=NOW)
    version = SecretVersion(secret=secret, created_at=NOW, updated_at=NOW)
    listed = secret_payload(secret, [version], with_values=False)
    assert set(secrets[0]) == set(listed)
    assert set(secrets[0]["versions"][0]) == set(listed["versions"][0])
    assert secrets[0]["provider"] == listed["provider"]

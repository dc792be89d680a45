import base64
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from emulator import demo
from emulator.demo_data import MANY_VERSIONS, NONE_ACTIVE, TWO_ACTIVE, read_demo_secrets
from emulator.models import Secret, SecretVersion
from emulator.parameters import read_name
from tests.emulator.api import Api, basic

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"])]

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def no_demo_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_TOKEN", raising=False)


def seed(folder: Path) -> str:
    out = StringIO()
    call_command("emulator_seed", state_dir=folder, stdout=out)
    return out.getvalue()


def token_in(folder: Path) -> str:
    return (folder / "demo_token.txt").read_text().strip()


def api_with(token: str) -> Api:
    return Api("1410000000000", basic("user-1410000000001", token))


@pytest.fixture
def seeded(tmp_path: Path) -> list[dict]:
    """All secrets of the demonstration, with their values, as the API shows them."""
    seed(tmp_path)
    api = api_with(token_in(tmp_path))
    pages = [api.get("", limit=100, offset=at, return_secret_value="true") for at in (0, 100)]
    return [secret for page in pages for secret in page.body["secrets"]]


def test_there_is_enough_to_look_at(seeded: list[dict]) -> None:
    assert len(seeded) >= 120
    counts = {secret["name"]: len(secret["versions"]) for secret in seeded}
    assert counts.pop(MANY_VERSIONS) == 60
    assert set(counts.values()) == {2, 3, 4, 5, 6}


def test_every_name_is_one_the_api_would_take() -> None:
    names = [read_name({"name": one.name}) for one in read_demo_secrets()]
    assert len(set(names)) == len(names)


def test_descriptions_are_in_english_and_japanese_long_and_missing(seeded: list[dict]) -> None:
    texts = [secret["description"] for secret in seeded]
    japanese = [text for text in texts if text and JAPANESE.search(text)]
    assert 0.4 < len(japanese) / len(texts) < 0.6
    assert 1 <= texts.count(None) < 10
    assert max(len(text) for text in texts if text) >= 1000


def test_expiries_are_past_this_week_this_month_far_and_none(seeded: list[dict]) -> None:
    now = datetime.now(UTC)
    kinds = Counter()
    for secret in seeded:
        if secret["expired_at"] is None:
            kinds["none"] += 1
            continue
        left = datetime.fromisoformat(secret["expired_at"]) - now
        week, month = timedelta(days=7), timedelta(days=31)
        kinds[
            "past" if left < timedelta() else
            "week" if left < week else
            "month" if left < month else "far"
        ] += 1  # fmt: skip
    assert all(kinds[kind] >= 5 for kind in ("none", "past", "week", "month", "far")), kinds


def test_the_newest_version_is_on_but_for_the_rare_states(seeded: list[dict]) -> None:
    for secret in seeded:
        on = [version["version"] for version in secret["versions"] if version["status"] == "active"]
        newest = len(secret["versions"])
        if secret["name"] == NONE_ACTIVE:
            assert on == []
        elif secret["name"] in TWO_ACTIVE:
            assert on == [newest, newest - 1]
        else:
            assert on == [newest]


def test_versions_were_made_one_after_the_other_in_the_last_three_years(
    seeded: list[dict],
) -> None:
    oldest_allowed = (datetime.now(UTC) - timedelta(days=3 * 365 + 1)).isoformat()
    now = datetime.now(UTC).isoformat()
    for secret in seeded:
        made = [version["created_at"] for version in reversed(secret["versions"])]
        assert made == sorted(made)
        assert made[0] == secret["created_at"]
        assert oldest_allowed < made[0]
        assert made[-1] < now
    years = {secret["created_at"][:4] for secret in seeded}
    assert len(years) >= 3


def test_values_have_every_shape(seeded: list[dict]) -> None:
    newest = {secret["name"]: base64.b64decode(secret["versions"][0]["value"]) for secret in seeded}
    pem = newest["payroll-sftp-private-key"].decode()
    assert pem.startswith("-----BEGIN DEMO ")
    assert pem.count("\n") > 5
    assert "demonstration and no key" in base64.b64decode("".join(pem.splitlines()[1:-1])).decode(
        errors="replace"
    )
    assert json.loads(newest["gcp-bigquery-reporting"])["project_id"] == "example-corp-demo"
    assert newest["web-cdn-purge-token"].startswith(b"demo_")
    with pytest.raises(UnicodeDecodeError):
        newest["mobile-android-keystore"].decode()
    assert len(set(newest.values())) == len(newest)


def test_no_value_looks_like_a_real_providers_key(seeded: list[dict]) -> None:
    alarming = re.compile(
        rb"AKIA|ASIA|ghp_|github_pat|sk-|sk_live|xox[abp]-|AIza|BEGIN PRIVATE KEY"
    )
    for secret in seeded:
        for version in secret["versions"]:
            assert not alarming.search(base64.b64decode(version["value"]))


def test_labs_secrets_have_apps(seeded: list[dict]) -> None:
    linked = [secret for secret in seeded if secret["integration_service_ids"]]
    assert len(linked) >= 8
    assert {one["integration_service_type"] for one in linked} == {"abeja-platform-labs"}


def test_seeding_again_keeps_what_people_did(tmp_path: Path) -> None:
    seed(tmp_path)
    api = api_with(token_in(tmp_path))
    doomed, changed = api.get("", limit=2).body["secrets"]
    api.delete(f"/{doomed['id']}")
    api.patch(f"/{changed['id']}", {"description": "mine"})
    secrets, versions = Secret.objects.count(), SecretVersion.objects.count()

    assert "kept" in seed(tmp_path)

    assert (Secret.objects.count(), SecretVersion.objects.count()) == (secrets, versions)
    assert api.get(f"/{changed['id']}").body["description"] == "mine"


def test_the_same_token_is_shown_each_time_from_a_file_that_only_its_owner_reads(
    tmp_path: Path,
) -> None:
    first, again = seed(tmp_path), seed(tmp_path)

    token = token_in(tmp_path)
    assert token in first
    assert token in again
    assert (tmp_path / "demo_token.txt").stat().st_mode & 0o777 == 0o600
    assert api_with(token).get().status == 200


def test_a_given_token_replaces_the_kept_one_and_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(tmp_path)
    earlier = token_in(tmp_path)
    monkeypatch.setenv("DEMO_TOKEN", "given-for-the-demonstration")

    assert "given-for-the-demonstration" not in seed(tmp_path)

    assert api_with("given-for-the-demonstration").get().status == 200
    assert api_with(earlier).get().status == 401
    assert token_in(tmp_path) == "given-for-the-demonstration"


def test_the_demonstration_is_the_same_everywhere(tmp_path: Path) -> None:
    def content() -> list[tuple]:
        demo.create_organization()
        found = [(v.secret.name, v.id, v.value()) for v in SecretVersion.objects.order_by("id")]
        SecretVersion.objects.all().delete()
        Secret.objects.all().delete()
        demo.Organization.objects.all().delete()
        return found

    assert content() == content()

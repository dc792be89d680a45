"""The official CLI, unchanged, over HTTP: every `secret` and `secret-version` command."""

from pathlib import Path

import pytest

from tests.contract.conftest import Api
from tests.contract.peers import Cli, cli_for
from tests.contract.values import AWKWARD

pytestmark = pytest.mark.peers

EXPIRY, STORED_EXPIRY = "2030-12-31T23:59:59+09:00", "2030-12-31T14:59:59Z"
INTEGRATION = ("--integration-service-type", "abeja-platform-labs")


@pytest.fixture
def cli(api: Api, tmp_path: Path) -> Cli:
    return cli_for(
        api.url,
        organization_id=api.organization_id,
        home=tmp_path,
        user=api.user_id,
        token=api.personal_access_token,
    )


def test_secret_create_takes_every_option_and_get_shows_it(cli: Cli) -> None:
    created = cli.json(
        *("secret", "create", "--name", "cli_full", "--value", "first"),
        *("--description", "説明", "--expired-at", EXPIRY, *INTEGRATION),
        *("--integration-service-ids", "9909389711171,9916291917033"),
    )
    read = cli.json("secret", "get", "--secret-id", created["id"])
    assert read["name"] == "cli_full"
    assert read["description"] == "説明"
    assert read["expired_at"] == STORED_EXPIRY
    assert read["integration_service_type"] == "abeja-platform-labs"
    assert read["integration_service_ids"] == ["9909389711171", "9916291917033"]
    assert [version["value"] for version in read["versions"]] == ["first"]


def test_secret_update_takes_every_option_and_ids_as_one_text(cli: Cli) -> None:
    created = cli.json("secret", "create", "--name", "cli_plain", "--value", "v")
    changed = cli.json(
        *("secret", "update", "--secret-id", created["id"]),
        *("--description", "new", "--expired-at", EXPIRY, *INTEGRATION),
        *("--integration-service-ids", "9909389711171,9916291917033"),
    )
    assert changed["description"] == "new"
    assert changed["expired_at"] == STORED_EXPIRY
    assert changed["integration_service_ids"] == ["9909389711171", "9916291917033"]


def test_secret_list_pages(cli: Cli) -> None:
    for name in ("cli_list_1", "cli_list_2"):
        cli.json("secret", "create", "--name", name, "--value", f"value of {name}")
    page = cli.json("secret", "list", "--offset", "1", "--limit", "1")
    assert (page["offset"], page["limit"]) == (1, 1)
    assert [secret["name"] for secret in page["secrets"]] == ["cli_list_1"]
    assert page["secrets"][0]["versions"][0]["value"] == "value of cli_list_1"


@pytest.mark.parametrize(("options", "typed"), [(("--yes",), ""), ((), "Y\n")])
def test_secret_delete_asks_first_unless_told_not_to(
    cli: Cli, options: tuple[str, ...], typed: str
) -> None:
    secret_id = cli.json("secret", "create", "--name", "cli_gone", "--value", "v")["id"]
    answer = cli.json("secret", "delete", "--secret-id", secret_id, *options, typed=typed)
    assert answer == {"message": f"secret_id {secret_id} successfully deleted"}
    assert cli.run("secret", "get", "--secret-id", secret_id).returncode == 1


def test_secret_version_commands_do_their_work(cli: Cli) -> None:
    secret_id = cli.json("secret", "create", "--name", "cli_versions", "--value", "one")["id"]
    of_secret = ("--secret-id", secret_id)
    second = cli.json("secret-version", "create", *of_secret, "--value", "two")
    assert second["version"] == 2
    of_second = (*of_secret, "--version-id", second["id"])
    assert cli.json("secret-version", "get", *of_second)["value"] == "two"
    changed = cli.json("secret-version", "update", *of_second, "--status", "inactive")
    assert changed["status"] == "inactive"
    page = cli.json("secret-version", "list", *of_secret, "--offset", "1", "--limit", "1")
    assert [version["value"] for version in page["versions"]] == ["one"]
    third = cli.json("secret-version", "create", *of_secret, "--value", "three")
    of_third = (*of_secret, "--version-id", third["id"])
    for of_version, options, typed in ((of_second, ("--yes",), ""), (of_third, (), "Y\n")):
        answer = cli.json("secret-version", "delete", *of_version, *options, typed=typed)
        assert answer == {"message": f"secret_version_id {of_version[-1]} successfully deleted"}
    assert cli.json("secret-version", "list", *of_secret)["pagination"]["count"] == 1


def test_every_value_reads_back_byte_for_byte(cli: Cli) -> None:
    for kind, value in AWKWARD.items():
        cli.json("secret", "create", "--name", f"cli_value_{kind}", "--value", value)
    newest = cli.json("secret", "list", "--limit", str(len(AWKWARD)))["secrets"]
    read = {secret["name"]: secret["versions"][0]["value"] for secret in newest}
    assert read == {f"cli_value_{kind}": value for kind, value in AWKWARD.items()}


def test_a_bearer_token_is_accepted(api: Api, tmp_path: Path) -> None:
    # The CLI takes one only where no personal access token is configured.
    cli = cli_for(
        api.url, organization_id=api.organization_id, home=tmp_path, bearer=api.bearer_token
    )
    assert cli.json("secret", "list", "--limit", "1")["limit"] == 1


def test_a_refusal_is_shown_and_fails_the_command(cli: Cli) -> None:
    cli.json("secret", "create", "--name", "cli_taken", "--value", "v")
    done = cli.run("secret", "create", "--name", "cli_taken", "--value", "v")
    assert done.returncode == 1
    assert "409" in done.stdout

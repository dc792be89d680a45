from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from emulator.models import Organization, Token
from tests.emulator.api import Api, basic, bearer

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"])]

USER = "user-1410000000001"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_an_organization_is_created_with_a_given_or_a_random_id() -> None:
    assert run("emulator_organization", "create", "--id", "777", "--name", "Example") == "777\n"
    random_id = run("emulator_organization", "create").strip()

    assert len(random_id) == 13
    assert random_id.isdigit()
    assert run("emulator_organization", "list") == f"777\tExample\n{random_id}\t\n"


@pytest.mark.parametrize("given", ["", "x", "1 ", "1\n", "-1", "1" * 21, "١"])
def test_an_id_of_another_form_is_refused(given: str) -> None:
    with pytest.raises(CommandError, match="digits"):
        run("emulator_organization", "create", f"--id={given}")


def test_an_organization_is_not_created_twice(organization: Organization) -> None:
    with pytest.raises(CommandError, match="exists"):
        run("emulator_organization", "create", "--id", organization.id)


def test_a_token_is_printed_alone_and_works(organization: Organization) -> None:
    token = run("emulator_token", "create", "--organization", organization.id)
    assert token.count("\n") == 1
    assert Api(organization.id, bearer(token.strip())).get().status == 200


def test_a_datasource_gets_a_token_of_its_own_kind(organization: Organization) -> None:
    who = "datasource-42"
    arguments = ("--organization", organization.id, "--kind", "datasource", "--principal", who)
    token = run("emulator_token", "create", *arguments).strip()
    assert Api(organization.id, basic(who, token)).get().status == 200


def test_a_given_token_comes_from_the_environment_and_is_not_printed(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIVEN", "a-given-token-of-some-length")
    arguments = ("--organization", organization.id, "--kind", "personal")

    assert run("emulator_token", "create", *arguments, "--token-from-env", "GIVEN") == ""

    header = basic(USER, "a-given-token-of-some-length")
    assert Api(organization.id, header).get().status == 200
    with pytest.raises(CommandError, match="in use"):
        run("emulator_token", "create", *arguments, "--token-from-env", "GIVEN")


@pytest.mark.parametrize("given", ["", "short"])
def test_a_token_that_could_be_guessed_is_refused(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("GIVEN", given)
    arguments = ("--organization", organization.id, "--kind", "personal")
    with pytest.raises(CommandError, match="GIVEN must hold"):
        run("emulator_token", "create", *arguments, "--token-from-env", "GIVEN")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--organization", "404"], "no organization"),
        (["--organization", "1410000000000", "--principal", "nobody"], "must look like user-"),
    ],
)
def test_what_is_wrong_with_a_new_token_is_told(
    organization: Organization, arguments: list[str], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        run("emulator_token", "create", *arguments)


def test_the_list_shows_everything_but_the_token(organization: Organization) -> None:
    arguments = ("--organization", organization.id, "--label", "for the night job")
    token = run("emulator_token", "create", *arguments).strip()

    (line,) = run("emulator_token", "list").splitlines()

    row = Token.objects.get()
    for shown in (str(row.pk), organization.id, "bearer", USER, "valid", "for the night job"):
        assert shown in line.split("\t")
    for hidden in (token, token.partition(".")[2], row.token_hash):
        assert hidden not in line


def test_a_revoked_token_is_refused_and_listed_as_such(organization: Organization) -> None:
    token = run("emulator_token", "create", "--organization", organization.id).strip()

    run("emulator_token", "revoke", str(Token.objects.get().pk))

    assert Api(organization.id, bearer(token)).get().status == 401
    assert "revoked" in run("emulator_token", "list")


def test_only_a_token_that_exists_can_be_revoked() -> None:
    with pytest.raises(CommandError, match="no token 7"):
        run("emulator_token", "revoke", "7")

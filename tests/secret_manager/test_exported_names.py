import ast
import inspect
import pathlib

import secret_manager

PACKAGE = pathlib.Path(secret_manager.__file__).parent


def test_the_public_names_are_these():
    assert sorted(secret_manager.__all__) == sorted(
        [
            "Conflict",
            "ConnectFailed",
            "Credential",
            "Deadline",
            "InvalidArgument",
            "InvalidCredential",
            "InvalidInput",
            "Listing",
            "MAX_VALUE_BYTES",
            "NAME_MAX_LENGTH",
            "NAME_PATTERN",
            "NAME_SUFFIX_PATTERN",
            "NotAllowed",
            "NotAuthenticated",
            "NotFound",
            "NotReached",
            "OutcomeUnknown",
            "RateLimited",
            "Rejected",
            "Secret",
            "SecretManagerClient",
            "SecretManagerError",
            "SecretPage",
            "SecretVersion",
            "Summary",
            "SummaryPage",
            "Timeouts",
            "Transport",
            "UNSET",
            "Unset",
            "UpstreamFailed",
            "Value",
            "VersionPage",
            "check_id",
            "check_name",
            "summary_of",
        ]
    )
    assert all(hasattr(secret_manager, name) for name in secret_manager.__all__)


def test_the_client_has_exactly_the_operations_of_the_api_document_and_one_fact():
    public = {name for name in vars(secret_manager.SecretManagerClient) if name[0] != "_"}
    assert public == {
        "clock_offset",
        "get_secrets",
        "get_summaries",
        "iter_secrets",
        "list_secrets",
        "get_secret",
        "create_secret",
        "update_secret",
        "delete_secret",
        "get_secret_versions",
        "iter_secret_versions",
        "list_secret_versions",
        "get_secret_version",
        "create_secret_version",
        "update_secret_version",
        "delete_secret_version",
    }


def test_the_client_takes_the_options_of_the_api_document():
    names = list(inspect.signature(secret_manager.SecretManagerClient).parameters)
    assert names == ["credential", "timeout", "max_retry_count", "transport", "deadline"]


def test_the_parameters_are_named_as_in_the_api_document():
    def names(method):
        return list(inspect.signature(method).parameters)[1:]

    client = secret_manager.SecretManagerClient
    fields = ["description", "expired_at", "integration_service_type", "integration_service_ids"]
    assert names(client.get_secrets) == ["organization_id", "offset", "limit"]
    assert names(client.create_secret) == [
        *("organization_id", "name", "value"),
        *fields,
        "idempotency_key",
    ]
    assert names(client.update_secret) == ["organization_id", "secret_id", *fields, "if_match"]
    assert names(client.update_secret_version) == [
        "organization_id",
        "secret_id",
        "version_id",
        "status",
    ]


def test_the_package_knows_requests_and_no_django():
    imported = set()
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(str(node.module).partition(".")[0])
    ours_and_django = {"django", "dashboard", "secrets_ui", "accounts", "audit", "emulator"}
    assert imported & ours_and_django == set()

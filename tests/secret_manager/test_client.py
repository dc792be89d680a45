"""The operations as they look on the wire, and as they come out."""

import base64
import datetime
import json

import pytest

from secret_manager import (
    UNSET,
    Credential,
    InvalidArgument,
    InvalidCredential,
    Secret,
    SecretManagerClient,
    SecretVersion,
    Transport,
)
from secret_manager.client import default_transport
from secret_manager.requestor import Operation

from .helpers import (
    OPERATIONS,
    ROOT,
    SECRET,
    SECRET_DOCUMENT,
    SECRETS,
    VERSION,
    VERSION_DOCUMENT,
    VERSIONS,
    call,
)


def sent(api, number=-1):
    body = api.calls[number].request.body
    return None if body is None else json.loads(body)


def base64_of(value: bytes) -> str:
    return base64.b64encode(value).decode()


# Reading


def test_get_secrets(client, api):
    document = {
        "organization_id": "10",
        "secrets": [{**SECRET_DOCUMENT, "versions": [VERSION_DOCUMENT]}],
        "offset": 5,
        "limit": 20,
        "has_next": True,
    }
    api.get(SECRETS, json=document)
    page = client.get_secrets("10", offset=5, limit=20)
    assert api.calls[0].request.params == {"offset": "5", "limit": "20"}
    document["secrets"][0]["versions"] = [{**VERSION_DOCUMENT, "value": None}]
    assert page.as_dict() == document
    assert page.dropped == 0


def test_get_secrets_asks_for_fifty_from_the_start(client, api):
    api.get(SECRETS, json={"secrets": []})
    client.get_secrets("10")
    assert api.calls[0].request.params == {"offset": "0", "limit": "50"}


def test_get_secret(client, api):
    api.get(SECRET, json=SECRET_DOCUMENT)
    secret = client.get_secret("10", "20")
    assert secret.as_dict() == SECRET_DOCUMENT
    assert secret.expired_at == datetime.datetime(2025, 5, 21, 19, 1, tzinfo=datetime.UTC)
    assert secret.integration_service_ids == ("51", "52")
    assert api.calls[0].request.url == SECRET


def test_get_secret_versions(client, api):
    pagination = {"count": 1, "has_next": True, "limit": 10, "offset": 2}
    api.get(VERSIONS, json={"pagination": pagination, "versions": [VERSION_DOCUMENT]})
    page = client.get_secret_versions("10", "20", offset=2, limit=10)
    assert api.calls[0].request.params == {"offset": "2", "limit": "10"}
    assert page.as_dict() == {
        "pagination": pagination,
        "versions": [{**VERSION_DOCUMENT, "value": None}],
    }


def test_get_secret_version(client, api):
    api.get(VERSION, json=VERSION_DOCUMENT)
    version = client.get_secret_version("10", "20", "30")
    assert api.calls[0].request.url == VERSION
    assert version.as_dict() == {**VERSION_DOCUMENT, "value": None}
    assert version.is_on


def test_get_secret_version_with_its_value(client, api):
    api.get(VERSION, json=VERSION_DOCUMENT)
    version = client.get_secret_version("10", "20", "30", with_value=True)
    assert api.calls[0].request.params == {"return_secret_value": "true"}
    assert version.value.text == "test"
    assert version.as_dict() == {**VERSION_DOCUMENT, "value": "test"}


def test_a_value_that_is_not_text_stays_out_of_the_dictionary(client, api):
    api.get(VERSION, json={**VERSION_DOCUMENT, "value": base64_of(b"\xff")})
    version = client.get_secret_version("10", "20", "30", with_value=True)
    assert (version.value.raw, version.as_dict()["value"]) == (b"\xff", None)


# Writing


def test_create_secret_sends_what_is_needed(client, api):
    api.post(SECRETS, json=SECRET_DOCUMENT, status=201)
    secret = client.create_secret("10", "NAME", " 秘密\n")
    assert sent(api) == {"name": "NAME", "value": base64_of(" 秘密\n".encode())}
    assert secret.as_dict() == SECRET_DOCUMENT


def test_create_secret_sends_everything_given(client, api):
    api.post(SECRETS, json=SECRET_DOCUMENT)
    tokyo = datetime.timezone(datetime.timedelta(hours=9))
    client.create_secret(
        "10",
        "NAME",
        b"\x00\xff",
        "説明",
        datetime.datetime(2024, 12, 15, 16, 50, 33, tzinfo=tokyo),
        "abeja-platform-labs",
        ["51", "52"],
    )
    assert sent(api) == {
        "name": "NAME",
        "value": base64_of(b"\x00\xff"),
        "description": "説明",
        "expired_at": "2024-12-15T16:50:33+09:00",
        "integration_service_type": "abeja-platform-labs",
        "integration_service_ids": ["51", "52"],
    }


def test_update_secret_sends_only_what_changes(client, api):
    api.patch(SECRET, json=SECRET_DOCUMENT)
    client.update_secret("10", "20", description="new")
    assert sent(api) == {"description": "new"}
    client.update_secret("10", "20", description="")
    assert sent(api) == {"description": ""}
    client.update_secret("10", "20", expired_at="2025-12-15T16:50:33+09:00")
    assert sent(api) == {"expired_at": "2025-12-15T16:50:33+09:00"}
    client.update_secret("10", "20", UNSET, UNSET, UNSET, ("51",))
    assert sent(api) == {"integration_service_ids": ["51"]}
    client.update_secret("10", "20")
    assert sent(api) == {}


@pytest.mark.parametrize(
    ("field", "cleared"),
    [
        ("description", None),
        ("expired_at", None),
        ("integration_service_type", None),
        ("integration_service_ids", []),
    ],
)
def test_every_field_can_be_cleared(client, api, field, cleared):
    api.patch(SECRET, json=SECRET_DOCUMENT)
    client.update_secret("10", "20", **{field: None})
    assert sent(api) == {field: cleared}


def test_labs_app_ids_are_cleared_by_an_empty_list_too(client, api):
    api.patch(SECRET, json=SECRET_DOCUMENT)
    client.update_secret("10", "20", integration_service_ids=[])
    assert sent(api) == {"integration_service_ids": []}


def test_delete_secret(client, api):
    api.delete(SECRET, json={"message": "secret_id 20 successfully deleted"})
    assert client.delete_secret("10", "20") == "secret_id 20 successfully deleted"
    assert sent(api) is None


def test_create_secret_version(client, api):
    api.post(VERSIONS, json=VERSION_DOCUMENT)
    version = client.create_secret_version("10", "20", "new value")
    assert sent(api) == {"value": base64_of(b"new value")}
    assert version.as_dict() == {**VERSION_DOCUMENT, "value": None}


def test_update_secret_version(client, api):
    api.patch(VERSION, json={**VERSION_DOCUMENT, "status": "inactive"})
    version = client.update_secret_version("10", "20", "30", "inactive")
    assert sent(api) == {"status": "inactive"}
    assert not version.is_on


def test_delete_secret_version(client, api):
    api.delete(VERSION, json={"message": "secret_version_id 30\n successfully \u202edeleted"})
    assert client.delete_secret_version("10", "20", "30") == (
        "secret_version_id 30 successfully deleted"
    )


@pytest.mark.parametrize("body", ["", " \n", "{}", '{"message": null}', "[]", '"gone"'])
def test_a_deletion_answered_without_words_is_a_deletion(client, api, body):
    api.delete(SECRET, body=body, status=200 if body else 204)
    assert client.delete_secret("10", "20") == ""


# What must never happen


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - {"reveal"}))
def test_a_list_never_asks_for_values_and_neither_does_anything_else(client, api, name):
    method, url, _ = OPERATIONS[name]
    answer = {
        "id": "30" if url == VERSION else "20",
        "value": base64_of(b"hunter2"),
        "versions": [VERSION_DOCUMENT],
        "secrets": [{**SECRET_DOCUMENT, "versions": [VERSION_DOCUMENT]}],
    }
    api.add(method, url, json=answer)
    result = call(client, name)
    request = api.calls[0].request
    assert "return_secret_value" not in request.url
    assert "return_secret_value" not in str(request.body)
    # A server that gives them all the same is not passed on.
    for text in ("hunter2", base64_of(b"hunter2"), "'test'", base64_of(b"test")):
        assert text not in repr(result)
        assert isinstance(result, str) or text not in repr(result.as_dict())


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize("evil", ["../../2/secrets", "..", "2?x=1", "2#", "2/versions", "%2e%2e"])
def test_an_id_cannot_change_the_path(client, api, position, evil):
    ids = ["10", "20", "30"]
    ids[position] = evil
    organization_id, secret_id, version_id = ids
    calls = [
        lambda: client.get_secret_version(organization_id, secret_id, version_id),
        lambda: client.update_secret_version(organization_id, secret_id, version_id, "active"),
        lambda: client.delete_secret_version(organization_id, secret_id, version_id),
    ]
    if position < 2:
        calls += [
            lambda: client.get_secret(organization_id, secret_id),
            lambda: client.update_secret(organization_id, secret_id, "x"),
            lambda: client.delete_secret(organization_id, secret_id),
            lambda: client.get_secret_versions(organization_id, secret_id),
            lambda: client.create_secret_version(organization_id, secret_id, "x"),
        ]
    if position < 1:
        calls += [
            lambda: client.get_secrets(organization_id),
            lambda: next(client.iter_secrets(organization_id)),
            lambda: client.create_secret(organization_id, "NAME", "x"),
        ]
    for attempt in calls:
        with pytest.raises(InvalidArgument):
            attempt()
    assert len(api.calls) == 0


def test_a_step_of_the_path_stays_one_step_even_unchecked():
    operation = Operation("any", "GET", ("a", "../../2/secrets", "b?c#d%2f"))
    assert operation.address == "/a/..%2F..%2F2%2Fsecrets/b%3Fc%23d%252f"


@pytest.mark.parametrize(
    "attempt",
    [
        lambda c: c.get_secrets("10", offset=-1),
        lambda c: c.get_secrets("10", limit=0),
        lambda c: c.get_secrets("10", limit=101),
        lambda c: c.get_secret_versions("10", "20", limit=101),
        lambda c: c.create_secret("10", "NAME\n", "x"),
        lambda c: c.create_secret("10", "NAME-abcdef", "x"),
        lambda c: c.create_secret("10", "NAME", ""),
        lambda c: c.create_secret("10", "NAME", "x", expired_at="2024-12-15T16:50:33"),
        lambda c: c.create_secret("10", "NAME", "x", description=7),
        lambda c: c.create_secret("10", "NAME", "x", integration_service_ids="51,52"),
        lambda c: c.update_secret("10", "20", expired_at=datetime.datetime(2024, 1, 1)),
        lambda c: c.update_secret("10", "20", integration_service_ids=["../1"]),
        lambda c: c.create_secret_version("10", "20", ""),
        lambda c: c.update_secret_version("10", "20", "30", "on"),
    ],
)
def test_what_the_api_could_not_accept_is_never_sent(client, api, attempt):
    with pytest.raises(InvalidArgument):
        attempt(client)
    assert len(api.calls) == 0


# The client itself


def test_each_request_names_itself_and_its_caller(client, api):
    api.get(SECRET, json=SECRET_DOCUMENT)
    client.get_secret("10", "20")
    client.get_secret("10", "20")
    headers = [call.request.headers for call in api.calls]
    credential = Credential.personal("1", "token-of-person-1")
    assert headers[0]["Authorization"] == credential.authorization
    assert headers[0]["User-Agent"].startswith("secrets-dashboard/")
    assert headers[0]["Accept"] == "application/json"
    assert len(headers[0]["X-Request-Id"]) == 32
    assert headers[0]["X-Request-Id"] != headers[1]["X-Request-Id"]


def test_the_sdks_dictionary_is_a_credential(api):
    api.get(SECRET, json=SECRET_DOCUMENT)
    SecretManagerClient({"auth_token": "abc"}, transport=Transport(ROOT)).get_secret("10", "20")
    assert api.calls[0].request.headers["Authorization"] == "Bearer abc"
    with pytest.raises(InvalidCredential):
        SecretManagerClient({"auth_token": ""})


def test_without_a_credential_none_is_sent(api, monkeypatch):
    monkeypatch.setenv("ABEJA_PLATFORM_USER_ID", "1")
    monkeypatch.setenv("ABEJA_PLATFORM_PERSONAL_ACCESS_TOKEN", "from-the-environment")
    api.get(SECRET, json=SECRET_DOCUMENT)
    SecretManagerClient(transport=Transport(ROOT)).get_secret("10", "20")
    assert "Authorization" not in api.calls[0].request.headers


def test_without_a_transport_the_platform_is_reached_over_one_shared(api):
    address = "https://api.abeja.io/secret-manager/organizations/10/secrets"
    api.get(address, json={"secrets": []})
    SecretManagerClient({"auth_token": "abc"}).get_secrets("10")
    assert api.calls[0].request.url.startswith(address)
    assert default_transport() is default_transport()


@pytest.mark.parametrize("options", [{"timeout": 0}, {"timeout": -1}, {"max_retry_count": -1}])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(InvalidArgument):
        SecretManagerClient(**options)


def test_a_custom_base_path_is_kept(api):
    api.get(f"{ROOT}/base/secret-manager/organizations/10/secrets", json={"secrets": []})
    client = SecretManagerClient(transport=Transport(f"{ROOT}/base/"))
    assert client.get_secrets("10").secrets == ()


def test_unset_is_not_none():
    assert repr(UNSET) == "UNSET"
    assert UNSET is not None


def test_results_cannot_be_changed():
    secret = Secret(id="1", organization_id="1")
    version = SecretVersion(id="1", organization_id="1", secret_id="1")
    for one in (secret, version):
        with pytest.raises(AttributeError):
            one.id = "2"
    assert len({secret, version}) == 2

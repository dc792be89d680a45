import logging

import pytest
from django.urls import path

from emulator import endpoint as endpoint_module
from emulator import urls, wsgi
from emulator.models import Secret
from emulator.views import secrets
from tests.emulator.api import Api, send

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"])]

VALUE = "marked-value-8c1d"
BODY = {"name": "bank_token", "value": "eA=="}


@pytest.mark.parametrize(
    ("template", "allowed"),
    [
        ("", "GET, POST"),
        ("/{secret}", "GET, PATCH, DELETE"),
        ("/{secret}/versions", "GET, POST"),
        ("/{secret}/versions/{version}", "GET, PATCH, DELETE"),
    ],
)
def test_another_method_is_answered_with_those_that_are_allowed(
    api: Api, template: str, allowed: str
) -> None:
    made = api.create("bank_token")
    address = template.format(secret=made["id"], version=made["versions"][0]["id"])

    methods = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"}
    for method in methods - set(allowed.split(", ")):
        answer = api.call(method, address)
        assert answer.error == (405, "method_not_allowed")
        assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "address",
    [
        *("/", "/x", "/1/", "/1/versions/", "/1/versions/x", "/1/versions/1/x", "/1/2", "/-1"),
        *(
            "/../../1420000000000/secrets",
            "/1%2F..%2F2",
            "/%00",
            "/1%0A",
            "/%D9%A1",
            "/" + "1" * 21,
        ),
    ],
)
def test_an_address_that_is_not_there_is_answered_in_the_same_shape(api: Api, address: str) -> None:
    assert api.get(address).error == (404, "not_found")
    assert api.call("DELETE", address).error == (404, "not_found")


@pytest.mark.parametrize(
    "address", ["/", "/secret-manager", "/secret-manager/", "/secret-manager/x"]
)
def test_outside_the_api_there_is_nothing(address: str) -> None:
    assert send("GET", address).error == (404, "not_found")


def test_no_answer_may_be_kept_by_a_cache(api: Api) -> None:
    secret = api.create("bank_token")
    for answer in (api.get(), api.get(f"/{secret['id']}"), api.get("/1"), Api("1", "").get()):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "application/json"


def test_every_answer_announces_the_extensions(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = api.create("bank_token")
    answers = [api.get(), api.get(f"/{secret['id']}"), api.get("/1"), api.get("/x")]
    answers += [Api("1", "").get(), api.call("PUT"), api.post("", {}), api.post("", BODY)]
    monkeypatch.setattr(endpoint_module, "authenticate", lambda header: 1 / 0)
    answers.append(api.get())

    statuses = [200, 200, 404, 404, 401, 405, 400, 409, 500]
    assert [answer.status for answer in answers] == statuses
    for answer in answers:
        assert answer.headers["Secret-Manager-Extensions"] == "idempotency-key, if-match"


@pytest.fixture
def broken_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the list of secrets fail with an error that quotes a value."""

    def fail(call: endpoint_module.Call) -> None:
        raise RuntimeError(f"while handling {VALUE}")

    view = endpoint_module.endpoint(GET=fail, POST=secrets.create_secret)
    broken = [path(f"secret-manager/{urls.SECRETS}", view)]
    monkeypatch.setattr(wsgi, "_resolver", wsgi.URLResolver(wsgi.RegexPattern(r"^/"), broken))


@pytest.mark.usefixtures("broken_list")
def test_a_failure_is_answered_and_logged_without_any_value(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    answer = api.get("", return_secret_value=VALUE)

    assert answer.error == (500, "internal_server_error")
    assert VALUE not in str(answer)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.name == "emulator"
    assert "RuntimeError (endpoint.py:" in record.getMessage()
    assert "> test_endpoint.py:" in record.getMessage()
    assert VALUE not in caplog.text
    assert record.exc_info is None


def test_a_value_that_does_not_decrypt_is_logged(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    secret = api.create("bank_token", VALUE)
    Secret.objects.get(id=secret["id"]).versions.update(ciphertext=b"?" * 40)

    assert api.get(f"/{secret['id']}", return_secret_value="1").error == (500, "value_refused")
    assert "ValueRefused" in caplog.text


def test_an_ordinary_refusal_is_not_logged(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    api.get("/1")
    api.post("", {"name": VALUE, "value": VALUE})
    assert not caplog.records

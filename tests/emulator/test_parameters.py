import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulator.api import Api, encode

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"])]

VALUE = encode("x")


def create(api: Api, **fields: Any) -> tuple[int, str | None]:
    answer = api.post("", {"name": "bank_token", "value": VALUE, **fields})
    return answer.status, answer.body.get("error_detail")


@pytest.mark.parametrize("name", ["a", "A-b_9", "x" * 255, "ends-with-5five", "test-1612", "-" * 6])
def test_a_name_that_fits_is_taken(api: Api, name: str) -> None:
    assert create(api, name=name) == (201, None)


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "a b", "ä", "a\n", "\na", "a\0", "a/b", "a.b", "ａ"),
        *("db-abc123", "db-ABCDEF", "db-12-456", "-------", "x" * 256),
        *(None, 1, ["a"], {}, True),
    ],
)
def test_a_name_that_does_not_fit_is_refused(api: Api, name: object) -> None:
    assert create(api, name=name) == (400, "name")


@pytest.mark.parametrize(
    "value",
    [
        *("", "?", "YQ", "YQ=", "YQ==YQ==", "YR==", "YQ==\n", " YQ==", "-_-_", "ü", "\ud800"),
        *(None, 1, ["YQ=="], {}),
        encode(b"x" * 65_537),
    ],
)
def test_a_value_that_is_not_exact_base64_is_refused(api: Api, value: object) -> None:
    assert create(api, value=value) == (400, "value")


def test_name_and_value_are_necessary(api: Api) -> None:
    assert api.post("", {"value": VALUE}).body["error_detail"] == "name"
    assert api.post("", {"name": "bank_token"}).body["error_detail"] == "value"


@pytest.mark.storage
@pytest.mark.parametrize("text", ["nul \0", "half \ud83d", "x" * 4097, 1, ["text"], {}])
def test_a_description_that_is_not_text_is_refused(api: Api, text: object) -> None:
    assert create(api, description=text) == (400, "description")


@pytest.mark.storage
@pytest.mark.parametrize("text", ["", "説明 🔑", "<script>", "\u202e\ufffe", "x" * 4096, None])
def test_any_text_is_a_description(api: Api, text: str | None) -> None:
    secret = api.create("bank_token", description=text)
    assert secret["description"] == text
    assert api.get(f"/{secret['id']}").body["description"] == text


@pytest.mark.storage
@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2030-12-15T16:50:33+09:00", "2030-12-15T07:50:33Z"),
        ("2030-12-15T16:50:33.123456Z", "2030-12-15T16:50:33.123456Z"),
        ("2030-12-15T16:50+0900", "2030-12-15T07:50:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_an_expiry_is_kept_as_one_moment(api: Api, given: str, stored: str) -> None:
    secret = api.create("bank_token", expired_at=given)
    assert secret["expired_at"] == stored
    assert api.get(f"/{secret['id']}").body["expired_at"] == stored


@pytest.mark.parametrize(
    "given",
    [
        *("", "tomorrow", "2030-12-15", "2030-12-15T16:50:33", "2030-13-01T00:00:00Z"),
        *("0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-09:00", "2030-12-15 16:50:33Z"),
        *("2030-12-15T16:50:33Z\n", "２０３０-12-15T16:50:33Z", 1893456000, True, ["x"]),
    ],
)
def test_an_expiry_that_is_no_moment_is_refused(api: Api, given: object) -> None:
    assert create(api, expired_at=given) == (400, "expired_at")


@pytest.mark.parametrize("given", ["", "labs", 1, ["abeja-platform-labs"], True])
def test_another_integration_is_refused(api: Api, given: object) -> None:
    assert create(api, integration_service_type=given) == (400, "integration_service_type")


@pytest.mark.parametrize(
    "given",
    [1, {}, [1], [""], ["a b"], ["a\n"], ["x" * 65], [None], ["1"] * 101, "a b", "1," * 101],
)
def test_what_is_no_list_of_ids_is_refused(api: Api, given: object) -> None:
    assert create(api, integration_service_ids=given) == (400, "integration_service_ids")


@pytest.mark.parametrize(
    "query",
    [
        *({"limit": limit} for limit in ("0", "101", "-1", "", "1.0", "1e1", " 5", "+5", "٥", "x")),
        *({"offset": offset} for offset in ("-1", "", "x", "2147483648", "9" * 30, "1\0")),
        {"return_secret_value": "yes"},
    ],
)
def test_a_page_that_makes_no_sense_is_refused(api: Api, query: dict[str, str]) -> None:
    secret = api.create("bank_token")
    for path in ("", f"/{secret['id']}/versions"):
        refused = api.get(path, **query)
        assert refused.error == (400, "bad_request")
        assert refused.body["error_detail"] in query


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "text behind it": b"{} {}",
    "list": b"[]",
    "text": b'"name"',
    "null": b"null",
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "no UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "deep list": b"[" * 200_000,
    "deep object": b'{"a":' * 200_000,
    "long number": b'{"a": ' + b"9" * 10_000 + b"}",
    "too large": b'{"a": "' + b"x" * 1_000_001 + b'"}',
}


@pytest.mark.parametrize("raw", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_json_object_is_refused(api: Api, raw: bytes) -> None:
    secret = api.create("bank_token")
    versions = f"/{secret['id']}/versions"
    for method, path in (
        ("POST", ""),
        ("PATCH", f"/{secret['id']}"),
        ("POST", versions),
        ("PATCH", f"{versions}/{secret['versions'][0]['id']}"),
    ):
        assert api.call(method, path, raw=raw).error == (400, "bad_request")


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_body_of_another_type_is_refused(api: Api, content_type: str) -> None:
    raw = json.dumps({"name": "bank_token", "value": VALUE}).encode()
    assert api.call("POST", raw=raw, content_type=content_type).error == (400, "bad_request")
    assert api.call("POST", raw=raw, content_type="application/json; charset=utf-8").status == 201


@pytest.mark.parametrize("length", ["x", "-1", "1000001", "9" * 5000])
def test_a_length_that_makes_no_sense_is_refused(api: Api, length: str) -> None:
    refused = api.call("POST", body={"name": "bank_token"}, CONTENT_LENGTH=length)
    assert refused.error == (400, "bad_request")


def test_too_many_query_parameters_are_refused(api: Api) -> None:
    refused = api.get("", **{f"p{number}": "1" for number in range(1000)})
    assert refused.error == (400, "bad_request")


def test_unknown_keys_are_ignored(api: Api) -> None:
    assert create(api, rotation=True, user_id="9", id="1") == (201, None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = (
    *("name", "value", "description", "expired_at"),
    *("integration_service_type", "integration_service_ids", "status"),
)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_no_body_makes_the_server_fail(api: Api, body: dict[str, Any]) -> None:
    for method, path in (("POST", ""), ("PATCH", "/1234567890123"), ("POST", "/1/versions")):
        assert api.call(method, path, body=body).status in {201, 400, 404, 409}

"""Missing, null, unknown, wrongly typed, not JSON at all: nothing of it breaks a caller."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secret_manager import SecretManagerError, UpstreamFailed
from secret_manager.answers import Unreadable, read_document
from secret_manager.wire import read_secret, read_secret_page, read_version, read_version_page

from .helpers import (
    OPERATIONS,
    READS,
    SECRET,
    SECRET_DOCUMENT,
    SECRETS,
    VERSION,
    VERSION_DOCUMENT,
    VERSIONS,
    WRITES,
    call,
    everything_on,
    failure_of,
)

WRONG = [None, True, 7, -1, 1.5, 10**400, "", "x", "\x00", [], [[]], {}, {"a": {"b": []}}]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
UNREADABLE = {
    "html": b"<html><body>Please sign in to the network</body></html>",
    "empty": b"",
    "half": b'{"id": "20", "name": "AWS',
    "not a number": b'{"id": "20", "version": NaN}',
    "infinity": b'{"id": "20", "version": -Infinity}',
    "deep": b"[" * 200_000,
    "deep and closed": b"[" * 200_000 + b"]" * 200_000,
    "long number": b'{"id": ' + b"9" * 5000 + b"}",
    "latin-1": '{"id": "20", "name": "é"}'.encode("latin-1"),
    "binary": bytes(range(256)),
    "list": b"[]",
    "string": b'"hello"',
    "null": b"null",
    "no id": b"{}",
    "id null": b'{"id": null, "secrets": 7, "versions": {}}',
    "id a path": b'{"id": "../1", "secrets": "x", "versions": "x"}',
}


@pytest.mark.parametrize("kind", sorted(UNREADABLE))
@pytest.mark.parametrize(
    "name", sorted(set(OPERATIONS) - {"delete_secret", "delete_secret_version"})
)
def test_an_answer_that_cannot_be_read_is_the_upstreams_failure(client, api, name, kind):
    method, url, _ = OPERATIONS[name]
    api.add(method, url, body=UNREADABLE[kind], status=200)
    with pytest.raises(UpstreamFailed) as caught:
        call(client, name)
    assert (caught.value.status, caught.value.code) == (200, "unreadable_answer")
    assert caught.value.write_may_have_happened is (name in WRITES)
    assert len(api.calls) == (2 if name in READS else 1)


ANOTHER = {"id": "29"}
OF_ANOTHER = {"secret_id": "29"}


@pytest.mark.parametrize(
    ("name", "document"),
    [
        *(("get_secret", ANOTHER), ("update_secret", ANOTHER)),
        *(("get_secret_version", ANOTHER), ("get_secret_version", OF_ANOTHER)),
        *(("reveal", ANOTHER), ("reveal", OF_ANOTHER), ("reveal", {"secret_id": 29})),
        *(("update_secret_version", ANOTHER), ("update_secret_version", OF_ANOTHER)),
        ("create_secret_version", OF_ANOTHER),
    ],
)
def test_an_answer_about_another_object_is_no_answer(client, api, name, document):
    method, url, _ = OPERATIONS[name]
    asked_for = SECRET_DOCUMENT if url == SECRET else VERSION_DOCUMENT
    api.add(method, url, json={**asked_for, **document})
    failure = failure_of(lambda: call(client, name), UpstreamFailed)
    assert (failure.status, failure.code) == (200, "unreadable_answer")
    assert failure.write_may_have_happened is (name in WRITES)
    assert VERSION_DOCUMENT["value"] not in everything_on(failure)
    assert len(api.calls) == (2 if name in READS else 1)


@pytest.mark.parametrize("name", ["get_secret", "reveal", "update_secret", "update_secret_version"])
def test_an_id_that_comes_as_a_number_is_the_same_id(client, api, name):
    method, url, _ = OPERATIONS[name]
    asked_for = {"id": 20} if url == SECRET else {"id": 30, "secret_id": 20}
    api.add(method, url, json=asked_for)
    assert call(client, name).id == str(asked_for["id"])


def test_a_deletion_answered_with_a_web_page_is_not_taken_for_one(client, api):
    api.delete(SECRET, body=UNREADABLE["html"], status=200)
    with pytest.raises(UpstreamFailed) as caught:
        client.delete_secret("10", "20")
    assert caught.value.write_may_have_happened


def test_a_byte_order_mark_and_unknown_keys_are_fine(client, api):
    body = b"\xef\xbb\xbf" + json.dumps({**SECRET_DOCUMENT, "new": {"key": [1]}}).encode()
    api.get(SECRET, body=body, content_type="text/plain")
    assert client.get_secret("10", "20").as_dict() == SECRET_DOCUMENT


def test_a_lone_surrogate_becomes_a_replacement_character(client, api):
    api.get(
        SECRET, body=rb'{"id": "20", "name": "a\ud800b\uD83D\uDE00", "properties": {"\udfff": 1}}'
    )
    secret = client.get_secret("10", "20")
    assert secret.name == "a\ufffdb😀"
    assert secret.properties == {"\ufffd": 1}
    json.dumps(secret.as_dict(), ensure_ascii=False).encode()


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("field", sorted(set(SECRET_DOCUMENT) - {"id"}))
def test_a_wrong_type_in_a_secret_breaks_nothing(field, wrong):
    secret = read_secret({**SECRET_DOCUMENT, field: wrong}, organization_id="10")
    assert secret.id == "20"
    secret.as_dict()


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("field", sorted(set(VERSION_DOCUMENT) - {"id", "secret_id"}))
def test_a_wrong_type_in_a_version_breaks_nothing(field, wrong):
    version = read_version(
        {**VERSION_DOCUMENT, field: wrong}, organization_id="10", secret_id="20", with_value=True
    )
    assert version.id == "30"
    version.as_dict()


@pytest.mark.parametrize("unusable", [None, True, -1, 1.5, 10**400, "", "\x00", [], {}])
def test_a_version_that_names_no_secret_is_of_the_one_asked_for(unusable):
    document = {**VERSION_DOCUMENT, "secret_id": unusable}
    assert read_version(document, organization_id="10", secret_id="20").secret_id == "20"


def test_with_nothing_but_an_id_the_rest_is_what_was_asked_for():
    secret = read_secret({"id": 20}, organization_id="10")
    assert (secret.id, secret.organization_id, secret.name) == ("20", "10", "")
    assert (secret.versions, secret.expired_at, secret.integration_service_ids) == (None, None, ())
    version = read_version({"id": 30}, organization_id="10", secret_id="20")
    assert (version.id, version.secret_id, version.version, version.is_on) == (
        *("30", "20", None, False),
    )


@pytest.mark.parametrize(
    "bad", [{}, {"id": None}, {"id": True}, {"id": "../1"}, {"id": ""}, 7, None]
)
def test_an_entry_without_a_usable_id_is_dropped_and_counted(client, api, bad):
    api.get(SECRETS, json={"secrets": [SECRET_DOCUMENT, bad]})
    page = client.get_secrets("10")
    assert (len(page.secrets), page.dropped) == (1, 1)
    api.get(VERSIONS, json={"versions": [bad, VERSION_DOCUMENT]})
    versions = client.get_secret_versions("10", "20")
    assert (len(versions.versions), versions.dropped) == (1, 1)


@pytest.mark.parametrize(
    ("paging", "received", "expected"),
    [
        ({"has_next": True}, 0, True),
        ({"pagination": {"has_next": True}}, 0, True),
        ({"has_next": False}, 3, False),
        ({"pagination": {"has_next": False}}, 3, False),
        ({}, 3, True),
        ({}, 2, False),
        ({"has_next": "true"}, 2, False),
        ({"has_next": None, "pagination": None}, 3, True),
        ({"limit": 2}, 2, True),
        ({"pagination": []}, 3, True),
    ],
)
def test_whether_there_is_more_is_found_or_inferred(paging, received, expected):
    entries = [{"id": str(n)} for n in range(received)]
    secrets = read_secret_page(
        {"secrets": entries, **paging}, organization_id="10", offset=0, limit=3
    )
    versions = read_version_page(
        {"versions": entries, **paging}, organization_id="10", secret_id="20", offset=0, limit=3
    )
    assert (secrets.has_next, versions.has_next) == (expected, expected)


def test_a_null_list_is_an_empty_one(client, api):
    api.get(SECRETS, json={"secrets": None})
    assert client.get_secrets("10").secrets == ()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2025-05-01T07:12:23.319068Z", "2025-05-01T07:12:23.319068Z"),
        ("2025-05-01T16:12:23+09:00", "2025-05-01T07:12:23Z"),
        ("2025-05-01T07:12:23", "2025-05-01T07:12:23Z"),
        ("2025-05-01", "2025-05-01T00:00:00Z"),
        ("0001-01-01T00:00:00+14:00", None),
        ("2025-13-45T99:99:99Z", None),
        ("soon", None),
        (1746083543, None),
    ],
)
def test_moments_are_read_leniently_and_given_in_utc(moment, expected):
    secret = read_secret({"id": "1", "created_at": moment}, organization_id="10")
    assert secret.as_dict()["created_at"] == expected


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["51", 52], ("51", "52")),
        ("51, 52", ("51", "52")),
        ([None, "../1", "51"], ("51",)),
        ("", ()),
    ],
)
def test_labs_app_ids_are_read_in_every_form(ids, expected):
    secret = read_secret({"id": "1", "integration_service_ids": ids}, organization_id="10")
    assert secret.integration_service_ids == expected


@given(ANYTHING)
def test_no_document_breaks_the_reading(document):
    for read in (
        lambda: read_secret(document, organization_id="1").as_dict(),
        lambda: read_secret(
            {**SECRET_DOCUMENT, "versions": document}, organization_id="1"
        ).as_dict(),
        lambda: read_secret_page(document, organization_id="1", offset=0, limit=1).as_dict(),
        lambda: read_version_page(
            {"versions": [document], "pagination": document},
            organization_id="1",
            secret_id="1",
            offset=0,
            limit=1,
        ).as_dict(),
    ):
        with contextlib.suppress(Unreadable):
            read()


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(body):
    with contextlib.suppress(Unreadable):
        read_document(body)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(status=st.integers(200, 599), body=st.binary(max_size=100))
def test_whatever_comes_back_ends_in_a_result_or_an_error_of_ours(client, api, status, body):
    api.reset()
    api.get(VERSION, status=status, body=body)
    with contextlib.suppress(SecretManagerError):
        call(client, "reveal")

"""What our emulator can do beyond the API document is asked for only where it is announced."""

import pytest
import requests

from secret_manager import (
    Conflict,
    InvalidArgument,
    NotAllowed,
    OutcomeUnknown,
    Secret,
    SecretManagerClient,
    Transport,
    UpstreamFailed,
)
from secret_manager.extensions import announced

from .helpers import (
    ROOT,
    SECRET,
    SECRET_DOCUMENT,
    SECRETS,
    VERSION_DOCUMENT,
    VERSIONS,
    failure_of,
)

BOTH = {"Secret-Manager-Extensions": "idempotency-key, if-match"}
WRITES = {
    "create_secret": (
        *("POST", SECRETS, SECRET_DOCUMENT, "Idempotency-Key", "k-1"),
        lambda c: c.create_secret("10", "NAME", "value", idempotency_key="k-1"),
    ),
    "create_secret_version": (
        *("POST", VERSIONS, VERSION_DOCUMENT, "Idempotency-Key", "k-1"),
        lambda c: c.create_secret_version("10", "20", "value", idempotency_key="k-1"),
    ),
    "update_secret": (
        *("PATCH", SECRET, SECRET_DOCUMENT, "If-Match", '"abc"'),
        lambda c: c.update_secret("10", "20", "new", if_match='"abc"'),
    ),
}


def announce(client, api, headers=BOTH, status=200):
    """Let the client read one secret from a server that says this of itself."""
    api.get(SECRET, json=SECRET_DOCUMENT, headers=headers, status=status)
    if status < 400:
        return client.get_secret("10", "20")
    return failure_of(lambda: client.get_secret("10", "20"))


def sends_key(client, api):
    """Whether the key goes along with a write, whose own answer tells nothing new."""
    api.upsert("POST", VERSIONS, json={"error": "bad_request"}, status=400)
    failure_of(lambda: WRITES["create_secret_version"][-1](client))
    return "Idempotency-Key" in api.calls[-1].request.headers


@pytest.mark.parametrize("name", sorted(WRITES))
def test_the_header_is_sent_once_the_server_has_announced_it(client, api, name):
    method, url, document, header, value, write = WRITES[name]
    api.add(method, url, json=document)
    announce(client, api)
    write(client)
    assert api.calls[-1].request.headers[header] == value


@pytest.mark.parametrize("name", sorted(WRITES))
@pytest.mark.parametrize("said", ["", "if-matches, idempotency", "\x00"])
def test_the_header_is_not_sent_to_a_server_that_never_announced_it(client, api, name, said):
    method, url, document, header, _, write = WRITES[name]
    api.add(method, url, json=document)
    announce(client, api, {"Secret-Manager-Extensions": said})
    write(client)
    assert header not in api.calls[-1].request.headers


@pytest.mark.parametrize("name", sorted(WRITES))
def test_the_header_is_not_sent_where_nothing_is_given(client, api, name):
    announce(client, api)
    api.post(SECRETS, json=SECRET_DOCUMENT)
    api.post(VERSIONS, json=VERSION_DOCUMENT)
    api.patch(SECRET, json=SECRET_DOCUMENT)
    client.create_secret("10", "NAME", "value")
    client.create_secret_version("10", "20", "value")
    client.update_secret("10", "20", "new")
    for sent in api.calls:
        assert not {"idempotency-key", "if-match"} & {name.lower() for name in sent.request.headers}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("idempotency-key, if-match", {"idempotency-key", "if-match"}),
        (" IDEMPOTENCY-KEY ,,", {"idempotency-key"}),
        ("if-match;v=1, x-evil", set()),
        ("authorization, host", set()),
        ("", set()),
    ],
)
def test_only_known_names_are_taken_from_an_announcement(said, expected):
    assert announced({"secret-manager-extensions": said}) == expected


def test_the_announcement_holds_for_everybody_on_this_transport_and_for_no_other(api):
    transport = Transport(ROOT)
    announce(SecretManagerClient(transport=transport), api)
    assert sends_key(SecretManagerClient(transport=transport), api)
    assert not sends_key(SecretManagerClient(transport=Transport(ROOT)), api)


def test_a_success_without_an_announcement_withdraws_it(client, api):
    announce(client, api)
    api.reset()
    announce(client, api, {})
    assert not sends_key(client, api)


def test_an_error_can_announce_but_not_withdraw(client, api):
    assert isinstance(announce(client, api, status=403), NotAllowed)
    assert sends_key(client, api)
    api.reset()
    assert isinstance(announce(client, api, {}, status=502), UpstreamFailed)
    assert sends_key(client, api)


@pytest.mark.parametrize("known", [True, False])
def test_a_lost_write_tells_whether_its_key_was_with_it(client, api, known):
    announce(client, api, BOTH if known else {})
    api.post(VERSIONS, body=requests.ReadTimeout("slow"))
    write = WRITES["create_secret_version"][-1]
    failure = failure_of(lambda: write(client), OutcomeUnknown)
    assert failure.idempotency_key_sent is known
    assert len(api.calls) == 2, "a key is no reason for the client itself to send twice"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 65, "a\r\nX-Evil: 1", "é", "a,b", 7])
def test_a_key_that_no_server_would_take_is_never_sent(client, api, bad):
    for write in (
        lambda: client.create_secret("10", "NAME", "value", idempotency_key=bad),
        lambda: client.create_secret_version("10", "20", "value", idempotency_key=bad),
    ):
        assert failure_of(write, InvalidArgument).field == "idempotency_key"
    assert len(api.calls) == 0


# ETags


@pytest.mark.parametrize("tag", ['"abc"', 'W/"1"', "!" * 200])
def test_a_secret_brings_its_etag_along(client, api, tag):
    read = announce(client, api, {"ETag": tag})
    api.patch(SECRET, json=SECRET_DOCUMENT, headers={"ETag": '"next"'})
    assert read.etag == tag
    assert client.update_secret("10", "20", "new").etag == '"next"'


@pytest.mark.parametrize("tag", ["", "a b", "\x7f", "é", "\x00", "x" * 201])
def test_an_etag_that_could_not_be_sent_back_is_left_out(client, api, tag):
    assert announce(client, api, {"ETag": tag}).etag is None


def test_an_etag_is_no_part_of_what_a_secret_is():
    one, two = (Secret(id="1", organization_id="1", etag=tag) for tag in ('"a"', None))
    assert (one, hash(one)) == (two, hash(two))
    assert "etag" not in one.as_dict()


def test_a_list_gives_no_etags(client, api):
    api.get(SECRETS, json={"secrets": [SECRET_DOCUMENT]}, headers={"ETag": '"list"'})
    assert client.get_secrets("10").secrets[0].etag is None


@pytest.mark.parametrize("bad", ["", "a b", "a\r\nX-Evil: 1", "a\n", "é", "x" * 201, 7])
def test_an_etag_that_no_header_can_hold_is_never_sent(client, api, bad):
    failure = failure_of(lambda: client.update_secret("10", "20", if_match=bad), InvalidArgument)
    assert failure.field == "if_match"
    assert len(api.calls) == 0


@pytest.mark.parametrize("body", [{}, {"error": "stale", "error_description": "Not yours."}])
def test_a_secret_that_is_another_by_now_is_a_conflict(client, api, body):
    api.patch(SECRET, json=body, status=412)
    failure = failure_of(lambda: client.update_secret("10", "20", "new", if_match="*"), Conflict)
    assert (failure.status, failure.code) == (412, "precondition_failed")
    assert failure.message == body.get("error_description", failure.message)
    assert not failure.write_may_have_happened

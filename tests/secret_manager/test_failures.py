"""Statuses, messages, waiting, and what an error may carry."""

import base64
import json
import logging

import pytest
import requests

from secret_manager import (
    Conflict,
    Credential,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SecretManagerClient,
    SecretManagerError,
    Transport,
    UpstreamFailed,
)

from .helpers import (
    OPERATIONS,
    READS,
    ROOT,
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

KINDS = {
    302: UpstreamFailed,
    400: InvalidInput,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    405: Rejected,
    409: Conflict,
    418: Rejected,
    422: InvalidInput,
    429: RateLimited,
    500: UpstreamFailed,
    502: UpstreamFailed,
    503: UpstreamFailed,
    504: UpstreamFailed,
}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@pytest.mark.parametrize("status", sorted(KINDS))
def test_each_status_has_its_error_in_each_operation(client, api, name, status):
    method, url, _ = OPERATIONS[name]
    api.add(method, url, json={"error": "some_code", "error_description": "Why."}, status=status)
    failure = failure_of(lambda: call(client, name), SecretManagerError)
    assert type(failure) is KINDS[status]
    assert failure.status == status
    assert failure.request_id == api.calls[0].request.headers["X-Request-Id"]
    could_have = name in WRITES and (status < 400 or status >= 500)
    assert failure.write_may_have_happened is could_have


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("status", [302, 429, 500, 502, 503, 504])
def test_a_write_is_never_sent_twice_after_an_answer(client, api, pauses, name, status):
    method, url, _ = OPERATIONS[name]
    api.add(method, url, status=status, headers={"Retry-After": "0"})
    failure_of(lambda: call(client, name), SecretManagerError)
    assert (len(api.calls), pauses.taken) == (1, [])


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("lost", [requests.ConnectionError("reset"), requests.ReadTimeout("slow")])
def test_a_write_is_never_sent_twice_after_silence(client, api, name, lost):
    method, url, _ = OPERATIONS[name]
    api.add(method, url, body=lost)
    failure = failure_of(lambda: call(client, name), OutcomeUnknown)
    assert failure.write_may_have_happened
    assert len(api.calls) == 1


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("answer", [{"body": b"<html>"}, {"json": []}, {"body": b" " * 6_000_000}])
def test_a_write_whose_answer_cannot_be_read_may_have_happened(client, api, name, answer):
    method, url, _ = OPERATIONS[name]
    api.add(method, url, **answer)
    if method == "DELETE" and "json" in answer:
        assert call(client, name) == "", "a deletion needs no words"
        return
    failure = failure_of(lambda: call(client, name), UpstreamFailed)
    assert failure.write_may_have_happened
    assert len(api.calls) == 1


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_is_sent_late_and_lost_may_have_happened(client, api, pauses, name):
    method, url, _ = OPERATIONS[name]
    api.add(method, url, body=requests.ConnectTimeout("slow"))
    api.add(method, url, body=requests.ReadTimeout("slow"))
    failure = failure_of(lambda: call(client, name), OutcomeUnknown)
    assert failure.write_may_have_happened
    assert (len(api.calls), len(pauses.taken)) == (2, 1)


@pytest.mark.parametrize("name", READS)
def test_a_read_is_tried_three_times_at_most(client, api, pauses, name):
    method, url, _ = OPERATIONS[name]
    api.add(method, url, body=requests.ReadTimeout("slow"))
    failure = failure_of(lambda: call(client, name), OutcomeUnknown)
    assert not failure.write_may_have_happened
    assert len(api.calls) == 3
    assert all(0 <= pause <= 0.1 * 2**n for n, pause in enumerate(pauses.taken))
    ids = {one.request.headers["X-Request-Id"] for one in api.calls}
    assert len(ids) == 1


def test_a_read_succeeds_after_a_passing_failure(client, api):
    api.get(SECRET, status=503)
    api.get(SECRET, status=502)
    api.get(SECRET, json=SECRET_DOCUMENT)
    assert client.get_secret("10", "20").name == "AWS_ACCESS_KEY"


def test_500_is_tried_once_more_only(client, api):
    api.get(SECRET, status=500)
    failure_of(lambda: client.get_secret("10", "20"), UpstreamFailed)
    assert len(api.calls) == 2


def test_retries_can_be_turned_off(api):
    api.get(SECRET, status=503)
    client = SecretManagerClient(None, None, 0, transport=Transport(ROOT))
    failure_of(lambda: client.get_secret("10", "20"), UpstreamFailed)
    assert len(api.calls) == 1


def test_no_retry_begins_after_the_deadline(api, pauses):
    def slow(request):
        pauses.taken.append(6.0)
        return 503, {}, ""

    api.add_callback("GET", SECRET, slow)
    transport = Transport(ROOT, clock=pauses.clock, sleep=pauses.sleep)
    client = SecretManagerClient(None, timeout=10, transport=transport)
    failure_of(lambda: client.get_secret("10", "20"), SecretManagerError)
    assert len(api.calls) == 2


# Not found


APIS_404 = [{"error": "not_found"}, {"error_description": "No such secret.", "value": None}]
FOREIGN_404 = [
    b"<html><h1>404 Not Found</h1></html>",
    *(b"", b"null", b"{}", b"[]", b'"error"', b'{"error": "not_f'),
    *(b'["error"]', b'{"error": ""}', b'{"error": {"code": 5}, "error_description": null}'),
    *(b'{"message": "no Route matched with those values"}', b'{"error": 404}'),
]


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@pytest.mark.parametrize("body", APIS_404)
def test_a_404_in_the_apis_words_is_believed(client, api, name, body):
    method, url, _ = OPERATIONS[name]
    api.add(method, url, json=body, status=404)
    failure = failure_of(lambda: call(client, name), NotFound)
    assert (failure.write_may_have_happened, len(api.calls)) == (False, 1)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@pytest.mark.parametrize("body", FOREIGN_404)
def test_any_other_404_says_nothing_about_the_secret(client, api, name, body):
    method, url, _ = OPERATIONS[name]
    api.add(method, url, body=body, status=404, headers={"X-Request-Id": "theirs"})
    failure = failure_of(lambda: call(client, name), UpstreamFailed)
    assert (failure.status, failure.code) == (404, "unreadable_answer")
    assert failure.request_id == "theirs"
    assert failure.write_may_have_happened is (name in WRITES)
    assert len(api.calls) == (1 if name in WRITES else 2)


def test_a_read_succeeds_after_a_proxys_404(client, api):
    api.get(SECRET, status=404, body=FOREIGN_404[0])
    api.get(SECRET, json=SECRET_DOCUMENT)
    assert client.get_secret("10", "20").name == "AWS_ACCESS_KEY"


# Waiting


def test_a_read_waits_as_long_as_it_is_told_where_that_is_short(client, api, pauses):
    api.get(SECRET, status=429, headers={"Retry-After": "1"})
    api.get(SECRET, json=SECRET_DOCUMENT)
    client.get_secret("10", "20")
    assert pauses.taken == [1.0]


def test_a_busy_servers_wish_for_a_longer_pause_is_obeyed_and_told(client, api):
    api.get(SECRET, status=503, headers={"Retry-After": "120"})
    failure = failure_of(lambda: client.get_secret("10", "20"), UpstreamFailed)
    assert (failure.retry_after, len(api.calls)) == (120.0, 1)


@pytest.mark.parametrize("status", [400, 404, 409, 500, 502])
def test_no_other_answer_can_name_a_pause(client, api, status):
    api.get(SECRET, status=status, headers={"Retry-After": "120"})
    assert failure_of(lambda: client.get_secret("10", "20")).retry_after is None


DATE = "Wed, 01 Jan 2025 00:00:00 GMT"


@pytest.mark.parametrize(
    ("given", "date", "expected"),
    [
        ("30", None, 30.0),
        ("Wed, 01 Jan 2025 00:01:00 GMT", DATE, 60.0),
        ("Tue, 31 Dec 2024 00:00:00 GMT", DATE, 0.0),
        ("Wed, 01 Jan 2025 00:01:00 GMT", "nonsense", None),
        ("Wed, 01 Jan 2025 00:01:00 -0000", DATE, None),
        ("Fri, 01 Jan 2100 00:00:00 GMT", DATE, None),
        ("-5", None, None),
        ("nan", None, None),
        ("inf", None, None),
        ("99999999", None, None),
        ("soon", DATE, None),
        ("", None, None),
    ],
)
def test_a_longer_wait_is_told_to_the_caller_if_it_is_sane(api, given, date, expected):
    api.get(SECRET, status=429, headers={"Retry-After": given, **({"Date": date} if date else {})})
    client = SecretManagerClient(None, None, 0, transport=Transport(ROOT))
    failure = failure_of(lambda: client.get_secret("10", "20"), RateLimited)
    assert failure.retry_after == expected


# Messages


def failing(client, api, body, status=400, **options):
    api.post(SECRETS, body=body if isinstance(body, bytes) else json.dumps(body), status=status)
    return failure_of(lambda: client.create_secret("10", "NAME", "hunter2-hunter2"))


def test_the_apis_own_words_are_handed_on(client, api):
    words = {"error": "duplicate_name", "error_description": "The name is already in use."}
    failure = failing(client, api, words)
    assert (failure.message, failure.code) == ("The name is already in use.", "duplicate_name")


def test_the_apis_words_are_made_harmless(client, api):
    words = {"error": "<b>", "error_description": "a\u202eb\x1b[0m\r\nc" + "x" * 5000}
    failure = failing(client, api, words)
    assert failure.message.startswith("a b [0m c")
    assert len(failure.message) <= 300
    assert failure.code == "invalid_input"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>502</html>",
        b"",
        b"[" * 100_000,
        b"\xff",
        [],
        {"error": None, "error_description": None, "error_detail": None},
        {"error": {}, "error_description": ["x"], "error_detail": 7},
    ],
)
def test_an_error_without_words_gets_ours(client, api, body):
    failure = failing(client, api, body)
    assert (failure.message, failure.code) == (InvalidInput.default_message, "invalid_input")


def test_the_detail_stands_in_for_a_missing_description(client, api):
    assert failing(client, api, {"error_detail": "Too long."}).message == "Too long."


def test_a_broken_servers_words_are_not_shown(client, api):
    words = {"error": "boom", "error_description": "Traceback: /srv/app.py"}
    assert failing(client, api, words, status=500).message == UpstreamFailed.default_message


@pytest.mark.parametrize(
    ("offered", "kept"), [("abc-1.2_3", True), ("", False), ("a b", False), ("x" * 200, False)]
)
def test_the_servers_request_id_is_kept_if_it_is_one(client, api, offered, kept):
    api.get(SECRET, status=404, json={"error": "not_found"}, headers={"X-Request-Id": offered})
    failure = failure_of(lambda: client.get_secret("10", "20"), NotFound)
    assert (failure.request_id == offered) is kept
    assert failure.request_id


# What must not come out


def echoes(value: str):
    encoded = base64.b64encode(value.encode()).decode()
    for form in (value, value[:12], encoded, encoded[:12], value.encode().hex(), value.upper()):
        yield {"error": "invalid", "error_description": f"Bad value {form}."}
        yield {"error": form, "error_detail": f"Bad value {form}."}


@pytest.mark.parametrize("status", [400, 401, 409, 429, 500, 503])
def test_an_echoed_value_is_in_no_error_and_no_log(api, caplog, status):
    caplog.set_level(logging.DEBUG)
    value = "hunter2-correct-horse"
    secret = "token-of-person-1"
    credential = Credential.personal("1", secret)
    client = SecretManagerClient(credential, None, 0, transport=Transport(ROOT))
    private = [
        *(value, value[:12], base64.b64encode(value.encode()).decode()),
        *(secret, credential.authorization, credential.authorization.partition(" ")[2]),
    ]
    bodies = [*echoes(value), *echoes(secret), *echoes(credential.authorization[6:])]
    for body in bodies:
        api.reset()
        api.post(SECRETS, json=body, status=status)
        api.post(VERSIONS, json=body, status=status)
        for action in (
            lambda: client.create_secret("10", "NAME", value),
            lambda: client.create_secret_version("10", "20", value),
        ):
            failure = failure_of(action, SecretManagerError)
            shown = everything_on(failure).casefold() + caplog.text.casefold()
            assert [one for one in private if one.casefold() in shown] == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"value": "hunter2-correct-horse',
        b"hunter2-correct-horse \xff",
        b'{"id": null, "value": "hunter2-correct-horse"}',
        b'["hunter2-correct-horse", NaN]',
    ],
)
def test_an_unreadable_answer_leaves_no_trace_on_the_error(client, api, caplog, body):
    caplog.set_level(logging.DEBUG)
    api.get(VERSION, body=body)
    failure = failure_of(lambda: call(client, "reveal"), UpstreamFailed)
    assert (failure.__cause__, failure.__context__) == (None, None)
    assert "hunter2" not in everything_on(failure) + caplog.text


def test_an_error_of_the_revealing_call_says_only_our_own_words(client, api):
    words = {"error": "hunter2", "error_description": "Cannot decode hunter2"}
    api.get(VERSION, json=words, status=400)
    assert "hunter2" not in everything_on(failure_of(lambda: call(client, "reveal")))


@pytest.mark.parametrize(
    "failure", [requests.ConnectionError("reset"), requests.ReadTimeout("slow")]
)
def test_a_lost_answer_leaves_no_request_on_the_error(client, api, failure):
    api.post(SECRETS, body=failure)
    caught = failure_of(lambda: client.create_secret("10", "NAME", "hunter2-hunter2"))
    assert (caught.__cause__, caught.__context__) == (None, None)
    assert "hunter2" not in everything_on(caught)


def test_one_line_is_logged_for_each_attempt(client, api, caplog):
    caplog.set_level(logging.DEBUG, logger="secret_manager")
    api.get(VERSION, json=VERSION_DOCUMENT)
    client.get_secret_version("10", "20", "30", with_value=True)
    (record,) = [one for one in caplog.records if one.name == "secret_manager"]
    request_id = api.calls[0].request.headers["X-Request-Id"]
    assert record.getMessage() == f"GET get_secret_version: 200 after 0 ms, request {request_id}"

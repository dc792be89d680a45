"""One deadline over several operations: what a page may take altogether."""

import json

import pytest

from secret_manager import (
    ConnectFailed,
    Credential,
    Deadline,
    OutcomeUnknown,
    SecretManagerClient,
    Transport,
)

from .helpers import OPERATIONS, ROOT, SECRET, SECRET_DOCUMENT, SECRETS, VERSIONS, call, failure_of


@pytest.fixture
def client_with(pauses):
    """Make a client whose operations share so many seconds."""

    def make(seconds, timeout=None):
        transport = Transport(ROOT, clock=pauses.clock, sleep=pauses.sleep)
        return SecretManagerClient(
            Credential.bearer("mine"),
            timeout,
            transport=transport,
            deadline=Deadline.after(seconds, pauses.clock),
        )

    return make


def taking(api, pauses, seconds, document, url=SECRET):
    def answer(request):
        pauses.taken.append(seconds)
        return 200, {}, json.dumps(document)

    api.add_callback("GET", url, answer)


def test_several_operations_share_the_time(client_with, api, pauses):
    taking(api, pauses, 4, SECRET_DOCUMENT)
    client = client_with(9)
    client.get_secret("10", "20")
    client.get_secret("10", "20")
    # One second is left for the third, though its own timeout is 10.
    failure = failure_of(lambda: client.get_secret("10", "20"), OutcomeUnknown)
    assert failure.code == "timeout"


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@pytest.mark.parametrize("left", [0, -1])
def test_without_time_left_nothing_is_sent(client_with, api, pauses, name, left):
    failure = failure_of(lambda: call(client_with(left), name), ConnectFailed)
    assert (failure.code, failure.write_may_have_happened) == ("deadline", False)
    assert failure.request_id
    assert (len(api.calls), pauses.taken) == (0, [])


def test_a_longer_deadline_does_not_lengthen_an_operation(client_with, api, pauses):
    taking(api, pauses, 4, SECRET_DOCUMENT)
    failure_of(lambda: client_with(60, timeout=3).get_secret("10", "20"), OutcomeUnknown)


def test_no_retry_begins_after_the_deadline_of_the_client_with(client_with, api, pauses):
    def slow(request):
        pauses.taken.append(3.0)
        return 503, {}, ""

    api.add_callback("GET", SECRET, slow)
    failure_of(lambda: client_with(4).get_secret("10", "20"))
    assert len(api.calls) == 2


@pytest.mark.parametrize(
    ("url", "key", "read"),
    [
        (SECRETS, "secrets", lambda c: c.list_secrets("10")),
        (SECRETS, "secrets", lambda c: list(c.iter_secrets("10"))),
        (VERSIONS, "versions", lambda c: c.list_secret_versions("10", "20")),
        (VERSIONS, "versions", lambda c: list(c.iter_secret_versions("10", "20"))),
    ],
)
def test_a_list_without_end_ends_with_the_client_with(client_with, api, pauses, url, key, read):
    def slow(request):
        pauses.taken.append(1.5)
        items = [{"id": request.params["offset"]}]
        return 200, {}, json.dumps({key: items, "has_next": True})

    api.add_callback("GET", url, slow)
    failure = failure_of(lambda: read(client_with(6.25)), OutcomeUnknown)
    assert (failure.code, len(api.calls)) == ("timeout", 5)


def test_a_list_is_not_begun_anew_after_its_time(client_with, api, pauses):
    client = client_with(6)
    taking(api, pauses, 1, {"secrets": [{"id": "1"}, {"id": "2"}], "has_next": True}, SECRETS)
    secrets = client.iter_secrets("10")
    next(secrets)
    pauses.taken.append(9)
    assert next(secrets).id == "2"
    assert failure_of(lambda: next(secrets), ConnectFailed).code == "deadline"
    assert len(api.calls) == 1


def test_what_is_left_is_told():
    now = [5.0]
    deadline = Deadline.after(2, lambda: now[0])
    assert deadline.left() == 2
    now[0] = 8.0
    assert deadline.left() == -1


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 3601])
def test_a_deadline_is_a_moment_that_comes(seconds):
    with pytest.raises(ValueError, match="deadline"):
        Deadline.after(seconds)

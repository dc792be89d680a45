"""The WSGI application is called in the middle of another request, and must not disturb it."""

import pytest
from django.core.signals import request_finished, request_started
from django.db import connections, transaction

from tests.emulator.api import Api

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"])]


def test_no_request_signal_is_sent(api: Api) -> None:
    sent = []

    def remember(**kwargs: object) -> None:
        sent.append(kwargs["signal"])

    for signal in (request_started, request_finished):
        signal.connect(remember)
    try:
        secret = api.create("bank_token")
        api.get(f"/{secret['id']}")
        api.get("/1")
        api.call("PUT")
    finally:
        for signal in (request_started, request_finished):
            signal.disconnect(remember)

    assert sent == []


@pytest.mark.storage
@pytest.mark.django_db(databases=["default", "emulator"], transaction=True)
def test_the_callers_database_connection_and_transaction_are_left_alone(api: Api) -> None:
    default = connections["default"]
    default.close_at = 0  # what makes Django close a connection when a request ends
    with transaction.atomic(using="default"):
        before = default.connection
        api.create("bank_token")
        api.get("/1")
        assert default.connection is before
        assert default.in_atomic_block
    assert default.connection is before
    default.close_at = None


def test_the_answer_says_how_long_it_is(api: Api) -> None:
    assert int(api.get().headers["Content-Length"]) > 0
